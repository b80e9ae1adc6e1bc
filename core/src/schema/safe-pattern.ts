/**
 * Regular expressions of third parties' schemas, made harmless: a repeated group whose inside can itself
 * repeat or branch (`(a+)+`, `(a|aa)*`) takes exponential time, so it is refused when the schema is compiled,
 * and what is tested is bounded in length.
 */

/** Longer strings do not match any pattern. */
export const maxTestedLength = 4096;

interface Group {
  canVary: boolean;
}

/** Why the pattern could take exponential time, or undefined. Lookaround and back references are not told apart. */
export function patternHazard(pattern: string): string | undefined {
  const stack: Group[] = [{ canVary: false }];
  let closed: Group | undefined;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    const top = stack.at(-1)!;
    const before = closed;
    closed = undefined;
    if (char === '\\') at++;
    else if (char === '[') at = endOfClass(pattern, at);
    else if (char === '(') stack.push({ canVary: false });
    else if (char === '|') top.canVary = true;
    else if (char === ')' && stack.length > 1) {
      closed = stack.pop()!;
      stack.at(-1)!.canVary ||= closed.canVary;
    } else if (isUnbounded(pattern, at)) {
      if (before?.canVary)
        return `a repeated group that repeats or branches inside, before position ${at + 1}`;
      top.canVary = true;
    }
  }
  return undefined;
}

function endOfClass(pattern: string, start: number): number {
  for (let at = start + 1; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === ']') return at;
  }
  return pattern.length;
}

/** `*`, `+`, `{n,}` and counts that amount to the same. */
function isUnbounded(pattern: string, at: number): boolean {
  const char = pattern[at];
  if (char === '*' || char === '+') return true;
  if (char !== '{') return false;
  const counts = /^\{(\d+)(,(\d*))?\}/.exec(pattern.slice(at, at + 24));
  if (counts === null) return false;
  const [, from, comma, to] = counts;
  const most = comma === undefined ? from : to;
  return most === '' || Number(most) > 16;
}

export interface SafePattern {
  test(text: string): boolean;
  toString(): string;
}

/** ajv's RegExpEngine. @throws Error on a pattern with a hazard. */
export function safePattern(pattern: string, flags: string): SafePattern {
  const hazard = patternHazard(pattern);
  if (hazard !== undefined) throw new Error(`pattern ${JSON.stringify(pattern)} has ${hazard}`);
  const compiled = new RegExp(pattern, flags);
  return {
    test: (text) => text.length <= maxTestedLength && compiled.test(text),
    // ajv tells patterns apart by their text: without this every pattern of a schema would be the first one.
    toString: () => String(compiled),
  };
}
// ajv asks for the source text only when it writes standalone code, which is not done here.
safePattern.code = 'safePattern';
