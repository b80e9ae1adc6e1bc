import type { Transform } from 'node:stream';
import type {
  Address,
  AddressEntry,
  EntityRange,
  MessagePart,
  MessageStructure,
  NumberedSection,
  Parameter,
  Section,
  SummaryExtra,
  WireOptions,
} from './types.js';

// Structure
/** Never throws; one pass. */
export declare function parse(bytes: Buffer): MessageStructure;
export declare function sectionOf(structure: MessageStructure, path: readonly number[]): Section | undefined;
export declare function sectionsOf(structure: MessageStructure): Generator<NumberedSection>;

// Header access
export interface HeaderField {
  /** As written; '' for a line that is no field. */
  readonly name: string;
  readonly offset: number; // of the field
  readonly valueOffset: number; // after the colon
  readonly end: number; // after the last line end of the field
}
export declare function headerFields(bytes: Buffer, from: number, to: number): Generator<HeaderField>;
/** Unfolded, trimmed value of the first such field; latin1. `range` defaults to the message's header. */
export declare function header(bytes: Buffer, name: string, range?: EntityRange): string | undefined;
export declare function headerAll(bytes: Buffer, name: string, range?: EntityRange): string[];
/** HEADER.FIELDS / HEADER.FIELDS.NOT: exact octets with the blank line. Names in any case. */
export declare function headerSubset(
  bytes: Buffer,
  range: EntityRange,
  names: readonly string[],
  not?: boolean,
): Buffer;

// Addresses and IMAP wire text
export declare function parseAddressList(value: string): AddressEntry[];
export declare function flattenAddresses(entries: readonly AddressEntry[]): Address[];
/** "..." or {n}CRLF...; NIL for undefined. */
export declare function wireString(value: string | undefined, options?: WireOptions): string;
export declare function envelope(bytes: Buffer, range: EntityRange, options?: WireOptions): string;
export declare function bodyStructure(bytes: Buffer, structure: MessageStructure, options?: WireOptions): string;
export declare function body(bytes: Buffer, structure: MessageStructure, options?: WireOptions): string;
/** BODY from BODYSTRUCTURE. */
export declare function stripExtensionData(bodyStructure: string): string;

// Summary
export declare function summarise(bytes: Buffer, extra: SummaryExtra): Buffer;
export declare function encodeSummary(bytes: Buffer, structure: MessageStructure, extra: SummaryExtra): Buffer;
/** Flyweight: reads on demand. Throws RangeError in the constructor for an unknown version only. */
export declare class SummaryView {
  constructor(bytes: Buffer);
  readonly guid: Buffer;
  readonly size: number;
  readonly internalDateMs: number;
  readonly saveDateMs: number;
  /** RFC 5256 §2.2: Date in UTC, internal date when there is none. */
  readonly sentDateMs: number;
  /** Zone of the Date field in minutes, for SENTON and friends, which disregard the zone. */
  readonly sentZoneMinutes: number;
  readonly hasSentDate: boolean;
  readonly threadId: Buffer;
  /** Lines of the whole body (NNTP :lines). */
  readonly lines: number;
  readonly hasAttachment: boolean;
  /** Wire text, latin1; undefined when too large to be stored: compute from the message. */
  envelope(): string | undefined;
  bodyStructure(): string | undefined;
  body(): string | undefined;
  /** False: the section table was too large: parse the message and use `sectionOf`. */
  readonly sectionsStored: boolean;
  section(path: readonly number[]): Section | undefined;
  sections(): Generator<NumberedSection>;
  /** RFC 5256 §2.1, decoded and folded (i;unicode-casemap). */
  baseSubject(): string;
  readonly isReplyOrForward: boolean;
  /** Folded mailbox (local part) of the first address, '' when none: SORT keys. */
  firstFrom(): string;
  firstTo(): string;
  firstCc(): string;
  /** RFC 5957, folded. */
  displayFrom(): string;
  displayTo(): string;
  /** Normalised, without angle brackets; '' when none. */
  messageId(): string;
  inReplyTo(): string[];
  references(): string[];
  /** Exact octets (latin1) as HEADER.FIELDS answers, blank line included; undefined: read the message. */
  cachedHeaders(names: readonly string[]): string | undefined;
  /** Unfolded value of the first such cached field. `undefined` absent, `null` not known. */
  cachedHeader(name: string): string | undefined | null;
}
export declare function isCacheableHeader(name: string): boolean;

// Decoding
/** RFC 2047 in a latin1 header value; raw 8-bit is taken as UTF-8, else windows-1252. */
export declare function decodeWords(value: string): string;
/** RFC 2231 decoded parameter, RFC 2047 tolerated. */
export declare function parameterValue(parameters: readonly Parameter[], name: string): string | undefined;
export declare function fileName(part: Pick<MessagePart, 'parameters' | 'disposition'>): string | undefined;
export declare function decodeCharset(bytes: Buffer, charset: string | undefined): string;
export declare function isKnownCharset(charset: string): boolean;
export interface Decoder {
  push(chunk: Buffer): Buffer;
  end(): Buffer;
}
/** base64, quoted-printable; anything else is the identity. */
export declare function transferDecoder(encoding: string): Decoder;
export declare function decodeTransfer(bytes: Buffer, encoding: string): Buffer;
export declare function transferDecodeStream(encoding: string): Transform;

// Collation and search
export type CollationName = 'i;octet' | 'i;ascii-casemap' | 'i;ascii-numeric' | 'i;unicode-casemap';
/** Equal keys are equal strings; keys compare by code unit. */
export declare const collations: Readonly<Record<CollationName, (text: string) => string>>;
/** The one folding of search, of query and text alike. */
export declare function fold(text: string): string;
export declare function baseSubject(decoded: string): { base: string; isReplyOrForward: boolean };
/** Message ids in a References, In-Reply-To or Message-ID value, without angle brackets. */
export declare function messageIds(value: string, limit?: number): string[];

// Dates
export interface MailDate {
  readonly ms: number;
  readonly zoneMinutes: number;
}
export declare function parseDate(value: string): number | undefined;
export declare function parseMailDate(value: string): MailDate | undefined;
/** "dd-Mon-yyyy hh:mm:ss +zzzz" */
export declare function formatInternalDate(ms: number, zoneMinutes?: number): string;
/** IMAP date-time or undefined. */
export declare function parseInternalDate(text: string): number | undefined;
export declare function formatMailDate(ms: number, zoneMinutes?: number): string;

// Line ends
export interface LineEndOptions {
  /** A CR without LF: kept (default), or made CRLF. */
  readonly bareCr?: 'keep' | 'crlf';
}
export declare class LineEndNormaliser implements Decoder {
  constructor(options?: LineEndOptions);
  push(chunk: Buffer): Buffer;
  end(): Buffer;
}
export declare function normaliseLineEnds(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  options?: LineEndOptions,
): AsyncGenerator<Buffer>;
