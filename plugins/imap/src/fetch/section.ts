/** Sections of BODY[…] (RFC 3501 §6.4.5 and §9 section): grammar, wire label, and where they lie in a message. */
import {
  type CommandLine,
  type EntityRange,
  type MessageStructure,
  type Section,
  type SummaryView,
  sectionOf,
  wireString,
} from '@angarium/sdk';

export type SectionText = '' | 'HEADER' | 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT' | 'TEXT' | 'MIME';

export interface SectionSpec {
  /** Part numbers; [] is the message itself. */
  readonly path: readonly number[];
  readonly text: SectionText;
  /** HEADER.FIELDS only, as sent. */
  readonly names: readonly string[];
}

export interface Partial {
  readonly start: number;
  readonly count: number;
}

export const wholeMessage: SectionSpec = { path: [], text: '', names: [] };

/** `[1.2.HEADER.FIELDS (DATE)]`, the brackets included. */
export function parseSection(line: CommandLine): SectionSpec {
  line.expect('[');
  const path: number[] = [];
  while (isDigit(line.peek())) {
    path.push(line.nzNumber());
    if (line.tryExpect(']')) return { path, text: '', names: [] };
    line.expect('.');
  }
  if (path.length === 0 && line.tryExpect(']')) return wholeMessage;
  const text = sectionText(line, path.length > 0);
  const names = text.startsWith('HEADER.FIELDS') ? headerList(line) : [];
  line.expect(']');
  return { path, text, names };
}

/** section-binary, `[1.2]` or `[]`, the brackets included (RFC 3516 §7). */
export function parseSectionPart(line: CommandLine): readonly number[] {
  line.expect('[');
  const path: number[] = [];
  if (line.tryExpect(']')) return path;
  do path.push(line.nzNumber());
  while (line.tryExpect('.'));
  line.expect(']');
  return path;
}

/** `<0.2048>`, if there. */
export function parsePartial(line: CommandLine): Partial | undefined {
  if (!line.tryExpect('<')) return undefined;
  const start = line.number();
  line.expect('.');
  const count = line.nzNumber();
  line.expect('>');
  return { start, count };
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

/** Longest first: each is the beginning of another. */
const texts: readonly SectionText[] = ['HEADER.FIELDS.NOT', 'HEADER.FIELDS', 'HEADER', 'TEXT', 'MIME'];

function sectionText(line: CommandLine, hasPart: boolean): SectionText {
  for (const text of texts) {
    if ((text === 'MIME' && !hasPart) || !line.tryExpect(text)) continue;
    return text;
  }
  return line.fail(hasPart ? 'a part number, HEADER, TEXT or MIME' : 'a part number, HEADER, TEXT or ]');
}

function headerList(line: CommandLine): readonly string[] {
  line.sp();
  return line.list(() => {
    const name = line.astring();
    return name === '' ? line.fail('the name of a header field') : name;
  });
}

/** As in the response: `[HEADER.FIELDS (DATE)]<0>`, names as the client wrote them. */
export function sectionLabel(spec: SectionSpec, partial: Partial | undefined): string {
  const parts = [...spec.path.map(String), ...(spec.text === '' ? [] : [spec.text])].join('.');
  const names = spec.names.length === 0 ? '' : ` (${spec.names.map(astringOf).join(' ')})`;
  return `[${parts}${names}]${partial === undefined ? '' : `<${partial.start}>`}`;
}

function astringOf(text: string): string {
  return /^[!#$&'+,\-./0-9:;<=>?@A-Z[\]^_`a-z|}~]+$/.test(text) ? text : wireString(text);
}

/** Octets of a message, and what is to be made of them. */
export interface SectionRange {
  readonly from: number;
  readonly to: number;
  /** The subset of the header that lies there. */
  readonly subset: { readonly names: readonly string[]; readonly not: boolean } | undefined;
}

export type SectionFinder = (path: readonly number[]) => Section | undefined;

/** By the section table of a summary. */
export function finderOf(summary: SummaryView): SectionFinder {
  return (path) => summary.section(path);
}

export function structureFinder(structure: MessageStructure): SectionFinder {
  return (path) => sectionOf(structure, path);
}

/** Undefined: the message has no such section. */
export function locate(spec: SectionSpec, size: number, find: SectionFinder): SectionRange | undefined {
  if (spec.path.length === 0 && spec.text === '') return { from: 0, to: size, subset: undefined };
  const section = find(spec.path);
  if (section === undefined) return undefined;
  if (spec.text === '') return bodyOf(section);
  if (spec.text === 'MIME') return headerOf(section);
  const message = spec.path.length === 0 ? section : section.message;
  if (message === undefined) return undefined;
  if (spec.text === 'TEXT') return bodyOf(message);
  const range = headerOf(message);
  if (spec.text === 'HEADER') return range;
  return { ...range, subset: { names: spec.names, not: spec.text === 'HEADER.FIELDS.NOT' } };
}

function bodyOf({ bodyOffset, bodyLength }: EntityRange): SectionRange {
  return { from: bodyOffset, to: bodyOffset + bodyLength, subset: undefined };
}

function headerOf({ headerOffset, headerLength }: EntityRange): SectionRange {
  return { from: headerOffset, to: headerOffset + headerLength, subset: undefined };
}
