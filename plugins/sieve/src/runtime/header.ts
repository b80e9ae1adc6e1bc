/** A message's header as a script sees it: as it came, or as `addheader` and `deleteheader` have left it. Never changes. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeWords, headerFields } from '@angarium/sdk';

/** Fields in a row, before others have their turn. */
const FIELDS_A_TURN = 4096;

export interface Field {
  /** Lower case; '' for a line that is no field. */
  readonly name: string;
  /** The value unfolded, latin1. */
  readonly raw: string;
  /** As it stands, with its line ends, latin1. */
  readonly text: string;
}

const none: readonly string[] = [];

export class Header {
  private byName: Map<string, string[]> | undefined;
  /** Decoded; only of names that are there. */
  private readonly decoded = new Map<string, readonly string[]>();
  private bytes: Buffer | undefined;

  constructor(readonly fields: readonly Field[]) {}

  static async parse(bytes: Buffer): Promise<Header> {
    const fields: Field[] = [];
    for (const { name, offset, valueOffset, end } of headerFields(bytes, 0, bytes.length)) {
      if (fields.length % FIELDS_A_TURN === FIELDS_A_TURN - 1) await nextTurn();
      const value = bytes.toString('latin1', valueOffset, end);
      const raw = value.replace(/\r?\n/g, '').replace(/^[ \t]+|[ \t]+$/g, '');
      fields.push({ name: name.toLowerCase(), raw, text: bytes.toString('latin1', offset, end) });
    }
    return new Header(fields);
  }

  /** All of this name, in order, latin1. */
  rawValues(name: string): readonly string[] {
    return this.index().get(name) ?? none;
  }

  /** Decoded text (RFC 5228 §2.4.2.2, §2.7.2). */
  values(name: string): readonly string[] {
    const raw = this.index().get(name);
    if (raw === undefined) return none;
    let values = this.decoded.get(name);
    if (values === undefined) {
      values = raw.map(decodeWords);
      this.decoded.set(name, values);
    }
    return values;
  }

  /** With the blank line. */
  get octets(): Buffer {
    this.bytes ??= Buffer.from(`${this.fields.map(({ text }) => text).join('')}\r\n`, 'latin1');
    return this.bytes;
  }

  /** Of the Return-Path in front, which is of this delivery alone (RFC 5321 §4.4). */
  get returnPathOctets(): number {
    const [first] = this.fields;
    return first?.name === 'return-path' ? first.text.length : 0;
  }

  private index(): ReadonlyMap<string, readonly string[]> {
    if (this.byName === undefined) {
      this.byName = new Map();
      for (const { name, raw } of this.fields) {
        const same = this.byName.get(name);
        if (same !== undefined) same.push(raw);
        else if (name !== '') this.byName.set(name, [raw]);
      }
    }
    return this.byName;
  }
}
