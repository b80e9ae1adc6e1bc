/**
 * Labels are keywords, so that all clients have them and searching costs what flags cost. What is no atom in a label is written `=XX` in
 * its keyword, an octet of UTF-8 each. Keywords that begin with `$` are clients' own and no labels; three of Gmail's labels
 * are flags.
 */
import {
  type CommandLine,
  Flag,
  type FlagChange,
  type FlagSet,
  ImapSyntaxError,
  type SnapshotChunk,
} from '@angarium/sdk';

const IMPORTANT = '$Important';

/** ATOM-CHAR of RFC 3501 §9, without `=`, and without what a label may not begin with. */
const plain = /[A-Za-z0-9!#&'+,\-./:;<>?@^_`|}~]/;

/** @param label UTF-8 as octets (latin1) */
export function keywordOf(label: string): string {
  let keyword = '';
  for (const c of label) {
    keyword += plain.test(c) ? c : `=${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return keyword;
}

/** Octets of UTF-8; undefined: the keyword is no label. */
export function labelOf(keyword: string): string | undefined {
  if (keyword === '' || keyword.startsWith('$')) return undefined;
  return keyword.replace(/=([0-9A-F]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

const systemLabels: ReadonlyMap<string, FlagSet> = new Map([
  ['\\starred', { system: Flag.flagged, keywords: [] }],
  ['\\draft', { system: Flag.draft, keywords: [] }],
  ['\\important', { system: 0, keywords: [IMPORTANT] }],
]);

/** What stands in parentheses, or one label alone. */
export function parseLabels(line: CommandLine): FlagSet {
  let system = 0;
  const keywords: string[] = [];
  const label = (): void => {
    const text = line.peek() === '\\' ? line.flag() : line.astring();
    const known = systemLabels.get(text.toLowerCase());
    if (known === undefined && (text === '' || text.startsWith('\\')))
      throw new ImapSyntaxError(`there is no label ${text.slice(0, 40)} that can be stored`);
    system |= known?.system ?? 0;
    for (const keyword of known?.keywords ?? [keywordOf(text)]) keywords.push(keyword);
  };
  if (line.tryList(label, 0) === undefined) label();
  return { system, keywords };
}

/** @param names keywords of the mailbox. A replacement leaves what is no label as it is. */
export function labelChanges(
  names: readonly string[],
  mode: FlagChange['mode'],
  labels: FlagSet,
): readonly FlagChange[] {
  if (mode !== 'replace') return [{ mode, ...labels }];
  const wanted = new Set(labels.keywords.map((name) => name.toLowerCase()));
  const others = names.filter((name) => isLabel(name) && !wanted.has(name.toLowerCase()));
  const system = (Flag.flagged | Flag.draft) & ~labels.system;
  return [
    { mode: 'remove', system, keywords: others },
    { mode: 'add', ...labels },
  ];
}

function isLabel(keyword: string): boolean {
  return keyword === IMPORTANT || labelOf(keyword) !== undefined;
}

/** Labels of a message, each as octets; those of Gmail's own begin with a backslash. */
export function labelsOf(names: readonly string[], { flags, keywords }: SnapshotChunk, at: number): string[] {
  const labels: string[] = [];
  if (flags[at]! & Flag.flagged) labels.push('\\Starred');
  if (flags[at]! & Flag.draft) labels.push('\\Draft');
  for (let bit = 0; bit < names.length; bit++) {
    if (((keywords[at * 4 + (bit >> 5)]! >>> (bit & 31)) & 1) === 0) continue;
    const name = names[bit]!;
    const label = name === IMPORTANT ? '\\Important' : labelOf(name);
    if (label !== undefined) labels.push(label);
  }
  return labels;
}
