/** The message as scripts see it; shared by all recipients of one message. */
import {
  decodeCharset,
  decodeTransfer,
  htmlText,
  messageRange,
  type NumberedSection,
  type StagedMessage,
} from '@angarium/sdk';
import { Header } from './header.js';

/** Headers longer than this are looked at up to here. */
const MAX_HEADER = 1024 * 1024;
const PIECE = 1024 * 1024;
const MAX_MULTIPART_READS = 4;

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

export class SieveMessage {
  private parts: Promise<readonly BodyPart[]> | undefined;
  private raw: Promise<string> | undefined;

  private constructor(
    readonly staged: StagedMessage,
    /** As it came. */
    readonly header: Header,
    readonly bodyOffset: number,
    /** Octets of bodies that tests look at. */
    private readonly maxBody: number,
  ) {}

  static async open(staged: StagedMessage, maxBody: number): Promise<SieveMessage> {
    const section = staged.summary.section([]);
    const bytes = await staged.read(
      0,
      Math.min(section?.headerLength ?? MAX_HEADER, MAX_HEADER, staged.size),
    );
    // A message of very many parts has no table of them.
    const { bodyOffset } = section ?? messageRange(bytes);
    const header = await Header.parse(bytes.subarray(0, bodyOffset));
    return new SieveMessage(staged, header, bodyOffset, maxBody);
  }

  get size(): number {
    return this.staged.size;
  }

  /** All of it is known. */
  get hasWholeHeader(): boolean {
    return this.bodyOffset < MAX_HEADER;
  }

  /** All of this name, in order, latin1. */
  rawValues(name: string): readonly string[] {
    return this.header.rawValues(name);
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
    const bytes = await this.read(this.bodyOffset, Math.min(this.size - this.bodyOffset, this.maxBody));
    return bytes.toString('utf8');
  }

  private async readParts(): Promise<readonly BodyPart[]> {
    if (this.staged.summary.section([]) === undefined)
      return [new BodyPart('text/plain', await this.rawBody())];
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
