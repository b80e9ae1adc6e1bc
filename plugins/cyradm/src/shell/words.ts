/**
 * A line of cyradm as words: quotes, backslash and `$VAR` as in Cyrus's own (which is nearly sh), `;` between commands,
 * `>`, `>>`, `<`, `2>`, `>&2` for files. No pipes, no globs, no backgrounding.
 */

export interface Redirection {
  readonly fd: number;
  readonly mode: 'read' | 'write' | 'append';
  /** A file, or with `&` another descriptor (`-` closes). */
  readonly target: string;
  readonly isDescriptor: boolean;
}

export interface CommandWords {
  readonly words: readonly string[];
  readonly redirections: readonly Redirection[];
}

/** Wrong syntax, told as one line. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

interface Token {
  readonly text: string;
  readonly isMeta: boolean;
}

/** @throws LineError */
export function parseLine(line: string, env: Readonly<Record<string, string | undefined>>): CommandWords[] {
  const commands: CommandWords[] = [];
  let words: string[] = [];
  let redirections: Redirection[] = [];
  let operator = '';
  const end = (): void => {
    if (operator !== '') throw new LineError(`syntax error: nothing after \`${operator}'`);
    if (words.length > 0) commands.push({ words, redirections });
    words = [];
    redirections = [];
  };
  for (const { text, isMeta } of tokens(line, env)) {
    if (!isMeta && operator === '') words.push(text);
    else if (!isMeta) {
      redirections.push(redirection(operator, text, words));
      operator = '';
    } else if (text === ';') end();
    else operator = longer(operator, text);
  }
  end();
  return commands;
}

function longer(operator: string, more: string): string {
  const both = operator + more;
  if (!['<', '>', '>>', '<&', '>&', '>>&'].includes(both))
    throw new LineError(`syntax error: cannot deal with \`${more}' here`);
  return both;
}

/** A number right before the operator says which descriptor. */
function redirection(operator: string, target: string, words: string[]): Redirection {
  const isDescriptor = operator.endsWith('&');
  if (isDescriptor && !/^(\d|-)$/.test(target)) throw new LineError(`invalid file descriptor \`${target}'`);
  const isNumbered = /^\d$/.test(words.at(-1) ?? '');
  const fd = isNumbered ? Number(words.pop()) : operator.startsWith('<') ? 0 : 1;
  const mode = operator.startsWith('<') ? 'read' : operator.startsWith('>>') ? 'append' : 'write';
  return { fd, mode, target, isDescriptor };
}

function* tokens(line: string, env: Readonly<Record<string, string | undefined>>): Generator<Token> {
  let at = 0;
  while (at < line.length) {
    const char = line[at]!;
    if (/\s/.test(char)) at++;
    else if ('&<>;'.includes(char)) {
      at++;
      yield { text: char, isMeta: true };
    } else {
      const word = readWord(line, at, env);
      at = word.end;
      yield { text: word.text, isMeta: false };
    }
  }
}

function readWord(
  line: string,
  from: number,
  env: Readonly<Record<string, string | undefined>>,
): { text: string; end: number } {
  let text = '';
  let quote = '';
  let at = from;
  for (; at < line.length; at++) {
    const char = line[at]!;
    if (quote === '' && (/\s/.test(char) || '&<>;'.includes(char))) break;
    if (char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === '\\' && quote !== "'" && at + 1 < line.length) text += line[++at];
    else if (char === '$' && quote !== "'") {
      const variable = /^\$(?:\{(\w+)\}|(\w+))/.exec(line.slice(at));
      text += variable === null ? char : (env[variable[1] ?? variable[2]!] ?? '');
      at += (variable?.[0].length ?? 1) - 1;
    } else text += char;
  }
  if (quote !== '') throw new LineError(`syntax error: no closing ${quote}`);
  return { text, end: at };
}
