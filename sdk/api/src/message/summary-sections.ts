import { charsetOf } from './sections.js';
import { ENCODINGS, KINDS, NODE_LENGTH, OTHER_ENCODING } from './summary-format.js';
import type { EntityRange, MessagePart, NumberedSection, Section } from './types.js';

/** The section table of a summary (see summary-format.ts), as latin1 text. */
export function sectionArea(root: MessagePart, nodes: number): { text: string; nodes: number } {
  const writer = new Writer(nodes);
  writer.node(root);
  return { text: writer.table.toString('latin1') + writer.pool, nodes };
}

class Writer {
  readonly table: Buffer;
  pool = '';
  private readonly places = new Map<string, number>();
  private next = 0;

  constructor(nodes: number) {
    this.table = Buffer.alloc(nodes * NODE_LENGTH);
  }

  /** As deep as the tree, which `parse` bounds. */
  node(part: MessagePart): void {
    const at = this.next++ * NODE_LENGTH;
    for (const child of part.children) this.node(child);
    const { table } = this;
    const encoding = (ENCODINGS as readonly string[]).indexOf(part.encoding);
    table.writeUInt32LE(clamp(part.headerOffset), at);
    table.writeUInt32LE(clamp(part.headerLength), at + 4);
    table.writeUInt32LE(clamp(part.bodyLength), at + 8);
    table.writeUInt32LE(clamp(part.bodyLines), at + 12);
    table.writeUInt16LE(this.next, at + 16);
    table[at + 18] = KINDS.indexOf(part.kind);
    table[at + 19] = encoding < 0 ? OTHER_ENCODING : encoding;
    table.writeUInt32LE(this.place(part, encoding < 0 ? part.encoding : ''), at + 20);
  }

  /** Equal strings share their place in the pool. */
  private place(part: MessagePart, encoding: string): number {
    const strings = [part.type, part.subtype, charsetOf(part) ?? '', encoding];
    let entry = '';
    for (const string of strings) {
      const text = string.slice(0, 255);
      entry += String.fromCharCode(text.length) + text;
    }
    let place = this.places.get(entry);
    if (place === undefined) {
      place = this.pool.length;
      this.pool += entry;
      this.places.set(entry, place);
    }
    return place;
  }
}

/** Offsets are 32 bits: messages of 4 GB are not stored. */
function clamp(value: number): number {
  return Math.min(value, 0xffffffff);
}

/** The section table read in place. `from` is where the area starts in `bytes`. */
export class SectionTable {
  constructor(
    private readonly bytes: Buffer,
    private readonly from: number,
    private readonly nodes: number,
  ) {}

  /** RFC 3501 §6.4.5 part numbers, as in sections.ts. */
  find(path: readonly number[]): Section | undefined {
    if (this.nodes === 0) return undefined;
    let node = 0;
    let isMessage = true;
    for (const number of path) {
      node = this.child(node, isMessage, number);
      if (node < 0) return undefined;
      isMessage = false;
    }
    return this.section(node);
  }

  *all(): Generator<NumberedSection> {
    if (this.nodes === 0) return;
    yield { path: [], ...this.section(0) };
    yield* this.partsOf(0, []);
  }

  private *partsOf(message: number, path: readonly number[]): Generator<NumberedSection> {
    if (this.kind(message) !== 1) {
      yield* this.numbered(message, [...path, 1]);
      return;
    }
    let number = 1;
    for (let node = message + 1; node < this.after(message); node = this.after(node)) {
      yield* this.numbered(node, [...path, number++]);
    }
  }

  private *numbered(node: number, path: readonly number[]): Generator<NumberedSection> {
    yield { path, ...this.section(node) };
    if (this.kind(node) === 1) yield* this.partsOf(node, path);
    if (this.kind(node) === 2 && this.after(node) > node + 1) yield* this.partsOf(node + 1, path);
  }

  private child(node: number, isMessage: boolean, number: number): number {
    if (this.kind(node) === 1) {
      let child = node + 1;
      for (let i = 1; i < number && child < this.after(node); i++) child = this.after(child);
      return number >= 1 && child < this.after(node) ? child : -1;
    }
    if (isMessage) return number === 1 ? node : -1;
    const hasMessage = this.kind(node) === 2 && this.after(node) > node + 1;
    return hasMessage ? this.child(node + 1, true, number) : -1;
  }

  private at(node: number): number {
    return this.from + node * NODE_LENGTH;
  }

  private kind(node: number): number {
    return this.bytes[this.at(node) + 18] ?? 0;
  }

  private after(node: number): number {
    return this.bytes.readUInt16LE(this.at(node) + 16);
  }

  private range(node: number): EntityRange {
    const at = this.at(node);
    const headerOffset = this.bytes.readUInt32LE(at);
    const headerLength = this.bytes.readUInt32LE(at + 4);
    const bodyLength = this.bytes.readUInt32LE(at + 8);
    return { headerOffset, headerLength, bodyOffset: headerOffset + headerLength, bodyLength };
  }

  private section(node: number): Section {
    const at = this.at(node);
    const { bytes } = this;
    const strings: string[] = [];
    let place = this.at(this.nodes) + bytes.readUInt32LE(at + 20);
    for (let i = 0; i < 4; i++) {
      const length = bytes[place] ?? 0;
      strings.push(bytes.toString('latin1', place + 1, place + 1 + length));
      place += 1 + length;
    }
    const [type = '', subtype = '', charset = '', encoding = ''] = strings;
    const kind = this.kind(node);
    return {
      ...this.range(node),
      kind: KINDS[kind] ?? 'leaf',
      type,
      subtype,
      encoding: ENCODINGS[bytes[at + 19] ?? 0] ?? encoding,
      charset: charset === '' ? undefined : charset,
      bodyLines: bytes.readUInt32LE(at + 12),
      message: kind === 2 && this.after(node) > node + 1 ? this.range(node + 1) : undefined,
    };
  }
}
