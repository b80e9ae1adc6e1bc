/** The message as scripts see it; shared by all recipients of one message. */
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

/** A header field: name in lower case, value unfolded, latin1. */
export interface Field {
  readonly name: string;
  readonly raw: string;
}

/** A part of the body that `body` looks at. */
export interface BodyPart {
  /** `text/plain`, lower case. */
  readonly type: string;
  readonly text: string;
}

export class SieveMessage {
  private readonly byName = new Map<string, readonly string[]>();
  private parts: Promise<readonly BodyPart[]> | undefined;
  private raw: Promise<string> | undefined;

  private constructor(
    readonly staged: StagedMessage,
    readonly fields: readonly Field[],
    /** Octets of bodies that tests look at. */
    private readonly maxBody: number,
    /** Where the message begins for whoever gets it next: behind the Return-Path (RFC 5321 §4.4). */
    readonly relayedFrom: number,
  ) {}

  static async open(staged: StagedMessage, maxBody: number): Promise<SieveMessage> {
    const length = staged.summary.section([])?.headerLength ?? 0;
    const bytes = await staged.read(0, Math.min(length, MAX_HEADER, staged.size));
    const fields: Field[] = [];
    let relayedFrom = 0;
    for (const { name, offset, valueOffset, end } of headerFields(bytes, 0, bytes.length)) {
      if (name === '') continue;
      if (offset === 0 && name.toLowerCase() === 'return-path') relayedFrom = end;
      const raw = bytes
        .toString('latin1', valueOffset, end)
        .replace(/\r?\n/g, '')
        .replace(/^[ \t]+|[ \t]+$/g, '');
      fields.push({ name: name.toLowerCase(), raw });
    }
    return new SieveMessage(staged, fields, maxBody, relayedFrom);
  }

  get size(): number {
    return this.staged.size;
  }

  /** All of this name, in order, latin1. */
  rawValues(name: string): readonly string[] {
    return this.fields.filter((field) => field.name === name).map(({ raw }) => raw);
  }

  /** Decoded text (RFC 5228 §2.4.2.2, §2.7.2). */
  values(name: string): readonly string[] {
    let values = this.byName.get(name);
    if (values === undefined) {
      values = this.rawValues(name).map(decodeWords);
      this.byName.set(name, values);
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
    for (const section of this.staged.summary.sections()) {
      if (left <= 0) break;
      // The message itself stands as [] beside its only part.
      if (section.path.length === 0 && section.kind !== 'multipart') continue;
      const part = await this.readPart(section, left);
      left -= part.text.length;
      parts.push(part);
    }
    return parts;
  }

  private async readPart(section: NumberedSection, left: number): Promise<BodyPart> {
    const type = `${section.type}/${section.subtype}`;
    if (section.kind === 'multipart') return { type, text: await this.multipartText(section, left) };
    if (section.kind === 'message') {
      const { message } = section;
      const bytes =
        message === undefined
          ? ''
          : await this.read(message.headerOffset, Math.min(message.headerLength, left));
      return { type, text: bytes.toString('utf8') };
    }
    const bytes = await this.read(section.bodyOffset, Math.min(section.bodyLength, left));
    const decoded = decodeTransfer(bytes, section.encoding);
    const isText = section.type === 'text';
    return { type, text: isText ? decodeCharset(decoded, section.charset) : decoded.toString('utf8') };
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

/** `:text` (RFC 5173 §5.3): what a reader would see. */
export function visibleText({ type, text }: BodyPart): string {
  return type === 'text/html' ? htmlText(text) : text;
}
