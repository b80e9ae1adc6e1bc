/** The message as scripts see it; shared by all recipients of one message. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  decodeCharset,
  decodeTransfer,
  decodeWords,
  headerFields,
  htmlText,
  type NumberedSection,
  type StagedMessage,
} from '@angarium/sdk';

/** Headers longer than this are looked at up to here. */
const MAX_HEADER = 1024 * 1024;
const PIECE = 1024 * 1024;
const MAX_MULTIPART_READS = 4;
/** Fields in a row, before others have their turn. */
const FIELDS_A_TURN = 4096;

/** A header field: name in lower case, value unfolded, latin1. */
export interface Field {
  readonly name: string;
  readonly raw: string;
}

/** A part of the body that `body` looks at. */
export class BodyPart {
  private shown: string | undefined;

  constructor(
    /** `text/plain`, lower case. */
    readonly type: string,
    readonly text: string,
  ) {}

  /** `:text` (RFC 5173 §5.3): what a reader would see. */
  get visibleText(): string {
    this.shown ??= this.type === 'text/html' ? htmlText(this.text) : this.text;
    return this.shown;
  }
}

const none: readonly string[] = [];

export class SieveMessage {
  /** Decoded; only of names that the message has. */
  private readonly decoded = new Map<string, readonly string[]>();
  private parts: Promise<readonly BodyPart[]> | undefined;
  private raw: Promise<string> | undefined;

  private constructor(
    readonly staged: StagedMessage,
    readonly fields: readonly Field[],
    /** Their values by name, latin1. */
    private readonly byName: ReadonlyMap<string, readonly string[]>,
    /** Octets of bodies that tests look at. */
    private readonly maxBody: number,
    /** Where the message begins for whoever gets it next: behind the Return-Path (RFC 5321 §4.4). */
    readonly relayedFrom: number,
  ) {}

  static async open(staged: StagedMessage, maxBody: number): Promise<SieveMessage> {
    const length = staged.summary.section([])?.headerLength ?? 0;
    const bytes = await staged.read(0, Math.min(length, MAX_HEADER, staged.size));
    const fields: Field[] = [];
    const byName = new Map<string, string[]>();
    let relayedFrom = 0;
    for (const { name: written, offset, valueOffset, end } of headerFields(bytes, 0, bytes.length)) {
      if (written === '') continue;
      if (fields.length % FIELDS_A_TURN === FIELDS_A_TURN - 1) await nextTurn();
      const name = written.toLowerCase();
      if (offset === 0 && name === 'return-path') relayedFrom = end;
      const raw = bytes
        .toString('latin1', valueOffset, end)
        .replace(/\r?\n/g, '')
        .replace(/^[ \t]+|[ \t]+$/g, '');
      fields.push({ name, raw });
      const same = byName.get(name);
      if (same === undefined) byName.set(name, [raw]);
      else same.push(raw);
    }
    return new SieveMessage(staged, fields, byName, maxBody, relayedFrom);
  }

  get size(): number {
    return this.staged.size;
  }

  /** All of this name, in order, latin1. */
  rawValues(name: string): readonly string[] {
    return this.byName.get(name) ?? none;
  }

  /** Decoded text (RFC 5228 §2.4.2.2, §2.7.2). */
  values(name: string): readonly string[] {
    const raw = this.byName.get(name);
    if (raw === undefined) return none;
    let values = this.decoded.get(name);
    if (values === undefined) {
      values = raw.map(decodeWords);
      this.decoded.set(name, values);
    }
    return values;
  }

  /** The undecoded body (RFC 5173 §5.1). */
  rawBody(): Promise<string> {
    this.raw ??= this.readRawBody();
    return this.raw;
  }

  /** Leaves with their transfer encoding undone, texts in Unicode; multiparts and messages as RFC 5173 §5.2 has them. */
  bodyParts(): Promise<readonly BodyPart[]> {
    this.parts ??= this.readParts();
    return this.parts;
  }

  private async readRawBody(): Promise<string> {
    const section = this.staged.summary.section([]);
    if (section === undefined) return '';
    const bytes = await this.read(section.bodyOffset, Math.min(section.bodyLength, this.maxBody));
    return bytes.toString('utf8');
  }

  private async readParts(): Promise<readonly BodyPart[]> {
    const parts: BodyPart[] = [];
    let left = this.maxBody;
    // Multiparts in multiparts are the same octets again and again.
    let spare = MAX_MULTIPART_READS * this.maxBody;
    for (const section of this.staged.summary.sections()) {
      if (left <= 0) break;
      // The message itself stands as [] beside its only part.
      if (section.path.length === 0 && section.kind !== 'multipart') continue;
      const isMultipart = section.kind === 'multipart';
      const part = await this.readPart(section, isMultipart ? Math.min(left, spare) : left);
      if (isMultipart) spare -= Math.min(section.bodyLength, left, spare);
      left -= part.text.length;
      parts.push(part);
    }
    return parts;
  }

  private async readPart(section: NumberedSection, left: number): Promise<BodyPart> {
    const type = `${section.type}/${section.subtype}`;
    if (section.kind === 'multipart') return new BodyPart(type, await this.multipartText(section, left));
    if (section.kind === 'message') {
      const { message } = section;
      const bytes =
        message === undefined
          ? ''
          : await this.read(message.headerOffset, Math.min(message.headerLength, left));
      return new BodyPart(type, bytes.toString('utf8'));
    }
    const bytes = await this.read(section.bodyOffset, Math.min(section.bodyLength, left));
    const decoded = decodeTransfer(bytes, section.encoding);
    const isText = section.type === 'text';
    return new BodyPart(type, isText ? decodeCharset(decoded, section.charset) : decoded.toString('utf8'));
  }

  /** RFC 5173 §5.2: prologue and epilogue. */
  private async multipartText(section: NumberedSection, left: number): Promise<string> {
    const bytes = await this.read(section.bodyOffset, Math.min(section.bodyLength, left));
    const text = bytes.toString('latin1');
    const first = /^--[^\r\n]+\r?$/m.exec(text);
    if (first === null) return bytes.toString('utf8');
    const boundary = first[0].trimEnd();
    const end = text.lastIndexOf(`\n${boundary}--`);
    const epilogue = end < 0 ? '' : text.slice(end + boundary.length + 3);
    return Buffer.from(text.slice(0, first.index) + epilogue, 'latin1').toString('utf8');
  }

  private async read(from: number, length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    const end = Math.min(from + length, this.staged.size);
    for (let at = from; at < end; at += PIECE)
      pieces.push(await this.staged.read(at, Math.min(end, at + PIECE)));
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }
}
