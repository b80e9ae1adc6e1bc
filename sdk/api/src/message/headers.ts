import type { EntityRange } from './types.js';

/**
 * Header access. A field starts at a line that does not begin with a blank and ends before the next such line;
 * lines end with LF, a CR before it belongs to the line end, a bare CR is data. A line that has no field name
 * (RFC 5322 §3.6.8, blanks before the colon tolerated as in §4.5.8) is junk: it is carried along where whole
 * headers are asked for and found under no name. Of duplicated fields the first counts, unless said otherwise.
 */

/** One field of a header, as offsets into the message. */
export interface HeaderField {
  /** As written; '' for a line that is no field. */
  readonly name: string;
  readonly offset: number;
  /** After the colon. */
  readonly valueOffset: number;
  /** After the field's last line end. */
  readonly end: number;
}

/** A header split into fields once: offsets are relative to `text`, which is latin1. */
export class HeaderBlock {
  readonly starts: number[] = [];
  /** Where the value starts, or -1 for junk. */
  readonly values: number[] = [];
  private readonly names: string[] = [];
  /** End of the last field: the blank line, or the end of the text. */
  readonly end: number;

  constructor(readonly text: string) {
    const length = text.length;
    let pos = 0;
    while (pos < length) {
      const c = text.charCodeAt(pos);
      if (c === 10 || (c === 13 && text.charCodeAt(pos + 1) === 10)) break;
      if ((c !== 32 && c !== 9) || pos === 0) {
        this.starts.push(pos);
        this.values.push(valueStart(text, pos));
      }
      const lf = text.indexOf('\n', pos);
      pos = lf < 0 ? length : lf + 1;
    }
    this.end = pos;
  }

  get count(): number {
    return this.starts.length;
  }

  start(index: number): number {
    return this.starts[index] ?? this.end;
  }

  /** Lower-case name, '' for junk. */
  name(index: number): string {
    return (this.names[index] ??= this.nameAt(index));
  }

  private nameAt(index: number): string {
    const value = this.values[index] ?? -1;
    if (value < 0) return '';
    let end = value - 1;
    const start = this.start(index);
    while (end > start && isBlank(this.text.charCodeAt(end - 1))) end--;
    return this.text.slice(start, end).toLowerCase();
  }

  /** Exact octets with the line end. */
  raw(index: number): string {
    return this.text.slice(this.start(index), this.start(index + 1));
  }

  /** Unfolded and trimmed. */
  value(index: number): string {
    const from = this.values[index] ?? -1;
    return from < 0 ? '' : unfold(this.text.slice(from, this.start(index + 1)));
  }
}

function isBlank(c: number): boolean {
  return c === 32 || c === 9;
}

/** Position after the colon of the field at `pos`, or -1. */
function valueStart(text: string, pos: number): number {
  let at = pos;
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 58) return at > pos ? at + 1 : -1;
    if (c <= 32 || c === 127) break;
  }
  if (at === pos) return -1;
  while (isBlank(text.charCodeAt(at))) at++;
  return text.charCodeAt(at) === 58 ? at + 1 : -1;
}

/** Removes line ends and the blanks around a raw value; not `trim`, which would take octet A0 for a blank. */
export function unfold(raw: string): string {
  const flat = raw.includes('\n') ? raw.replace(/\r?\n/g, '') : raw;
  let from = 0;
  let to = flat.length;
  while (from < to && isBlank(flat.charCodeAt(from))) from++;
  while (to > from && (isBlank(flat.charCodeAt(to - 1)) || flat.charCodeAt(to - 1) === 13)) to--;
  return flat.slice(from, to);
}

/** The range of the message's own header and body, without parsing anything else. */
export function messageRange(bytes: Buffer): EntityRange {
  let pos = 0;
  while (pos < bytes.length) {
    const lf = bytes.indexOf(10, pos);
    const blank = bytes[pos] === 10 || (bytes[pos] === 13 && bytes[pos + 1] === 10);
    pos = lf < 0 ? bytes.length : lf + 1;
    if (blank) break;
  }
  return { headerOffset: 0, headerLength: pos, bodyOffset: pos, bodyLength: bytes.length - pos };
}

function blockOf(bytes: Buffer, range: EntityRange): HeaderBlock {
  return new HeaderBlock(
    bytes.toString('latin1', range.headerOffset, range.headerOffset + range.headerLength),
  );
}

/** The fields between two offsets, up to a blank line. */
export function* headerFields(bytes: Buffer, from: number, to: number): Generator<HeaderField> {
  const block = new HeaderBlock(bytes.toString('latin1', from, to));
  for (let i = 0; i < block.count; i++) {
    const start = block.start(i);
    const value = block.values[i] ?? -1;
    const name = value < 0 ? '' : block.text.slice(start, value - 1).trimEnd();
    const end = block.start(i + 1);
    yield { name, offset: from + start, valueOffset: from + (value < 0 ? start : value), end: from + end };
  }
}

/** Value of the first field of that name, unfolded and trimmed, latin1. `range` defaults to the message's header. */
export function header(bytes: Buffer, name: string, range?: EntityRange): string | undefined {
  const block = blockOf(bytes, range ?? messageRange(bytes));
  const wanted = name.toLowerCase();
  for (let i = 0; i < block.count; i++) if (block.name(i) === wanted) return block.value(i);
  return undefined;
}

/** Values of all fields of that name, in order. */
export function headerAll(bytes: Buffer, name: string, range?: EntityRange): string[] {
  const block = blockOf(bytes, range ?? messageRange(bytes));
  const wanted = name.toLowerCase();
  const values: string[] = [];
  for (let i = 0; i < block.count; i++) if (block.name(i) === wanted) values.push(block.value(i));
  return values;
}

/**
 * HEADER.FIELDS, or with `not` HEADER.FIELDS.NOT: exact octets in the message's order, then the blank line.
 * The blank line is left out only where there is neither one nor a body, RFC 3501 §6.4.5. Junk lines go
 * with HEADER.FIELDS.NOT.
 */
export function headerSubset(
  bytes: Buffer,
  range: EntityRange,
  names: readonly string[],
  not = false,
): Buffer {
  const block = blockOf(bytes, range);
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  let out = '';
  for (let i = 0; i < block.count; i++) if (wanted.has(block.name(i)) !== not) out += block.raw(i);
  return Buffer.from(out + blankLineOf(block, range), 'latin1');
}

/** The octets of the blank line: the message's own, CRLF when only a body follows, '' when neither is there. */
export function blankLineOf(block: HeaderBlock, range: EntityRange): string {
  const own = block.text.slice(block.end);
  return own !== '' || range.bodyLength === 0 ? own : '\r\n';
}
