/** Pieces of Markdown. */

/** Text that is no markup: `<user>` stays readable. Code between backticks is left alone. */
export function prose(text: string): string {
  return text
    .split(/(```[\s\S]*?```|`[^`]*`)/)
    .map((piece, index) => (index % 2 === 1 ? piece : piece.replace(/</g, '&lt;')))
    .join('');
}

const tags = /(?:^|\s)@(throws|param|returns|example|deprecated|see)\s+/;
const tagWords: Readonly<Record<string, string>> = {
  throws: 'Throws',
  returns: 'Answers',
  example: 'Example:',
  deprecated: 'Deprecated:',
  see: 'See',
};

/** A doc comment: its text, then a list of its tags. */
export function docComment(text: string): string {
  const [before = '', ...rest] = text.split(new RegExp(tags, 'g'));
  const items: string[] = [];
  for (let at = 0; at + 1 < rest.length; at += 2) {
    const [tag, words] = [rest[at]!, rest[at + 1]!.trim()];
    const [name, ...more] = words.split(/\s+/);
    const line = tag === 'param' ? `\`${name}\`: ${more.join(' ')}` : `${tagWords[tag]} ${words}`;
    items.push(`- ${line.replace(/\n/g, '\n  ')}`);
  }
  return prose([before.trim(), items.join('\n')].filter((part) => part !== '').join('\n\n'));
}

export function code(text: string): string {
  return `\`${text}\``;
}

export function codeBlock(text: string, language = 'ts'): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

export function codeList(names: readonly string[]): string {
  return names.length === 0 ? '–' : names.map(code).join(', ');
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replace(/\|/g, '\\|').replace(/\s*\n\s*/g, ' ')).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** A page from blocks; one empty line between them. */
export function page(blocks: readonly (string | undefined)[]): string {
  return `${blocks.filter((block) => block !== undefined && block !== '').join('\n\n')}\n`;
}

/** Anchors of one page, as GitHub makes them from headings, in the order in which the headings come. */
export class Anchors {
  private readonly seen = new Map<string, number>();

  next(heading: string): string {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const count = this.seen.get(slug) ?? 0;
    this.seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  }
}

/** Stable order that does not depend on the machine's language. */
export function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
