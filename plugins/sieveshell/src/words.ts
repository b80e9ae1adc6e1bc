/** A line of the shell as commands of words: blanks between words, `;` between commands, quotes and backslash as in sh. */

/** A quote that does not end. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

/** @throws LineError */
export function parseLine(line: string): string[][] {
  const commands: string[][] = [[]];
  const pattern = /\s+|(;)|(#.*)|((?:[^\s;"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+)/suy;
  while (pattern.lastIndex < line.length) {
    const found = pattern.exec(line);
    if (found === null) throw new LineError('a quote does not end');
    const [, semicolon, remark, word] = found;
    if (semicolon !== undefined) commands.push([]);
    else if (word !== undefined && remark === undefined) commands.at(-1)!.push(unquoted(word));
  }
  return commands.filter(({ length }) => length > 0);
}

function unquoted(word: string): string {
  return word.replace(/\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gsu, (_, escaped, double, single) => {
    if (escaped !== undefined) return escaped as string;
    if (single !== undefined) return single as string;
    return (double as string).replace(/\\(["\\$`])/gu, '$1');
  });
}
