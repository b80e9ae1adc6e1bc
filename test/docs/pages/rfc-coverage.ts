/** `rfc-coverage.md`: which rule of which RFC is cited in which source. */
import type { SourceFile } from '../../rules/sources.js';
import { byText, code, page, table } from '../markdown.js';
import { citationsIn } from '../rfc.js';

export function rfcPage(sources: readonly SourceFile[]): string {
  const byRfc = new Map<number, Map<string, Set<string>>>();
  for (const { rfc, section, path } of sources.flatMap(citationsIn)) {
    const sections = byRfc.get(rfc) ?? new Map<string, Set<string>>();
    byRfc.set(rfc, sections);
    const name = section === undefined ? 'as a whole' : `§${section}`;
    sections.set(name, (sections.get(name) ?? new Set()).add(path));
  }
  const rfcs = [...byRfc].sort(([a], [b]) => a - b);
  return page([
    '# RFCs cited',
    'Where a source names the rule that it follows. A rule that is not in this list may still be followed; a rule that is ' +
      'in it has a reader’s way to the text.',
    table(
      ['RFC', 'sections', 'files'],
      rfcs.map(([rfc, sections]) => [
        `[RFC ${rfc}](#rfc-${rfc})`,
        String([...sections.keys()].filter((name) => name.startsWith('§')).length),
        String(new Set([...sections.values()].flatMap((files) => [...files])).size),
      ]),
    ),
    ...rfcs.flatMap(([rfc, sections]) => [
      `## RFC ${rfc}`,
      `[Text](https://www.rfc-editor.org/rfc/rfc${rfc})`,
      [...sections]
        .sort(([a], [b]) => bySection(a, b))
        .map(([name, files]) => `- ${name}: ${[...files].sort(byText).map(code).join(', ')}`)
        .join('\n'),
    ]),
  ]);
}

/** Numbers as numbers: §6.4.10 after §6.4.9; the whole first, appendices last. */
export function bySection(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [x, y] = [left[at], right[at]];
    if (x === y) continue;
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    if (typeof x === typeof y) return typeof x === 'number' ? x - Number(y) : byText(String(x), String(y));
    return typeof x === 'number' ? -1 : 1;
  }
  return byText(a, b);
}

function partsOf(name: string): (number | string)[] {
  if (!name.startsWith('§')) return [];
  return name
    .slice(1)
    .split('.')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
