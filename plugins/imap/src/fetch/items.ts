/** What FETCH asks for: fetch-att and its macros (RFC 3501 §6.4.5, §9), modifiers (RFC 4466 §2.4, RFC 7162 §3.1.4.1). */
import type { CommandLine, CommandParameter, FetchItem, SequenceSet } from '@angarium/sdk';
import type { MessageEnvironment } from '../messages/environment.js';
import {
  type Partial,
  parsePartial,
  parseSection,
  parseSectionPart,
  type SectionSpec,
  sectionLabel,
  wholeMessage,
} from './section.js';

export type IndexName = 'FLAGS' | 'UID' | 'RFC822.SIZE' | 'INTERNALDATE' | 'MODSEQ';
export type SummaryName = 'ENVELOPE' | 'BODY' | 'BODYSTRUCTURE';

export interface SectionItem {
  readonly kind: 'section';
  /** `BODY[TEXT]<0>`, `RFC822.HEADER`: as in the response. */
  readonly label: string;
  readonly spec: SectionSpec;
  readonly partial: Partial | undefined;
  readonly setsSeen: boolean;
}

/** RFC 3516 §4.2. */
export interface BinaryItem {
  readonly kind: 'binary';
  /** `BINARY[1]<0>`, `BINARY.SIZE[1]`: as in the response. */
  readonly label: string;
  readonly path: readonly number[];
  readonly partial: Partial | undefined;
  readonly isSize: boolean;
  readonly setsSeen: boolean;
}

export type Item =
  | { readonly kind: 'index'; readonly label: IndexName }
  | { readonly kind: 'summary'; readonly label: SummaryName }
  | SectionItem
  | BinaryItem
  | { readonly kind: 'extension'; readonly label: string; readonly item: FetchItem; readonly args: unknown };

export interface FetchArguments {
  readonly set: SequenceSet;
  readonly items: readonly Item[];
  /** By name; a UID command has it anyway. */
  readonly asksUid: boolean;
  readonly changedSince: number | undefined;
  readonly parameters: readonly { readonly parameter: CommandParameter; readonly args: unknown }[];
}

const simple: ReadonlyMap<string, Item> = new Map(
  [
    ...(['FLAGS', 'UID', 'RFC822.SIZE', 'INTERNALDATE', 'MODSEQ'] as const).map(
      (label): Item => ({ kind: 'index', label }),
    ),
    ...(['ENVELOPE', 'BODY', 'BODYSTRUCTURE'] as const).map((label): Item => ({ kind: 'summary', label })),
    section('RFC822', wholeMessage, undefined, true),
    section('RFC822.HEADER', { path: [], text: 'HEADER', names: [] }, undefined, false),
    section('RFC822.TEXT', { path: [], text: 'TEXT', names: [] }, undefined, true),
  ].map((item) => [item.label, item]),
);

const macros: ReadonlyMap<string, readonly string[]> = new Map([
  ['ALL', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE']],
  ['FAST', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE']],
  ['FULL', ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY']],
]);

function section(
  label: string,
  spec: SectionSpec,
  partial: Partial | undefined,
  setsSeen: boolean,
): SectionItem {
  return { kind: 'section', label, spec, partial, setsSeen };
}

/** Each costs memory for each message of a batch. Nobody asks for a tenth of this. */
const MAX_ITEMS = 256;

/** What follows `FETCH` or `UID FETCH`. */
export function parseFetch(
  line: CommandLine,
  isUid: boolean,
  environment: MessageEnvironment,
): FetchArguments {
  line.sp();
  const set = line.sequenceSet();
  line.sp();
  const asked = fetchItems(line, environment);
  const modifiers = line.trySp()
    ? fetchModifiers(line, isUid, environment)
    : { changedSince: undefined, parameters: [] };
  line.end();
  if (asked.length > MAX_ITEMS) line.fail(`at most ${MAX_ITEMS} items`);
  const named = new Map<string, Item>();
  // RFC 3501 §6.4.8: UID is in every FETCH response to a UID command.
  if (isUid) named.set('UID', simple.get('UID')!);
  for (const item of asked) if (!named.has(item.label)) named.set(item.label, item);
  if (modifiers.changedSince !== undefined) named.set('MODSEQ', simple.get('MODSEQ')!);
  const asksUid = asked.some(({ label }) => label === 'UID');
  return { set, items: [...named.values()], asksUid, ...modifiers };
}

/** `fetch-att *(SP fetch-att)` in parentheses, each item once. */
export function parseItemList(line: CommandLine, environment: MessageEnvironment): readonly Item[] {
  const named = new Map<string, Item>();
  for (const item of line.list(() => fetchItem(line, line.itemName(), environment))) {
    if (!named.has(item.label)) named.set(item.label, item);
  }
  if (named.size > MAX_ITEMS) line.fail(`at most ${MAX_ITEMS} items`);
  return [...named.values()];
}

function fetchItems(line: CommandLine, environment: MessageEnvironment): readonly Item[] {
  if (line.peek() === '(') return line.list(() => fetchItem(line, line.itemName(), environment));
  const name = line.itemName();
  const macro = macros.get(name);
  if (macro !== undefined) return macro.map((item) => simple.get(item)!);
  return [fetchItem(line, name, environment)];
}

function fetchItem(line: CommandLine, name: string, environment: MessageEnvironment): Item {
  if (name === 'BODY.PEEK' || (name === 'BODY' && line.peek() === '[')) {
    const spec = parseSection(line);
    const partial = parsePartial(line);
    return section(`BODY${sectionLabel(spec, partial)}`, spec, partial, name === 'BODY');
  }
  if (name.startsWith('BINARY') && line.peek() === '[') return binary(line, name);
  const known = simple.get(name);
  if (known !== undefined) return known;
  const item = environment.fetchItem(name);
  if (item === undefined) return line.fail(`a FETCH item instead of ${name}`);
  const from = line.position;
  const args = item.parse?.(line);
  // Two sections of one extension item are two items.
  return { kind: 'extension', label: `${name}\0${item.parse === undefined ? '' : from}`, item, args };
}

function binary(line: CommandLine, name: string): Item {
  const isSize = name === 'BINARY.SIZE';
  if (!isSize && name !== 'BINARY' && name !== 'BINARY.PEEK') line.fail(`a FETCH item instead of ${name}`);
  const path = parseSectionPart(line);
  const partial = isSize ? undefined : parsePartial(line);
  const label = `${isSize ? name : 'BINARY'}${sectionLabel({ path, text: '', names: [] }, partial)}`;
  return { kind: 'binary', label, path, partial, isSize, setsSeen: name === 'BINARY' };
}

function fetchModifiers(
  line: CommandLine,
  isUid: boolean,
  environment: MessageEnvironment,
): Pick<FetchArguments, 'changedSince' | 'parameters'> {
  let changedSince: number | undefined;
  const parameters: { parameter: CommandParameter; args: unknown }[] = [];
  line.list(() => {
    const name = line.itemName();
    if (name === 'CHANGEDSINCE') {
      line.sp();
      changedSince = line.number64();
      return;
    }
    const parameter = environment.parameter('FETCH', name);
    if (parameter === undefined || (parameter.uidOnly && !isUid))
      return line.fail(`a FETCH modifier instead of ${name}`);
    parameters.push({ parameter, args: parameter.parse?.(line) });
  });
  return { changedSince, parameters };
}
