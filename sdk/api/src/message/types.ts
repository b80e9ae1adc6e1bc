/**
 * The shape of a parsed message. All strings taken from a message are latin1: one character an octet, so that
 * they can be sent as they are; `decodeWords`, `parameterValue` and `decodeCharset` turn them into text.
 */

/** One parameter of Content-Type or Content-Disposition: lower-case name, raw value without quoting. */
export type Parameter = readonly [name: string, value: string];

/** Content-Disposition, RFC 2183. `type` is lower case. */
export interface Disposition {
  readonly type: string;
  readonly parameters: readonly Parameter[];
}

/** A range of octets that is an entity: header with its blank line, then body. The body follows the header. */
export interface EntityRange {
  readonly headerOffset: number;
  /** With the blank line; 0 when the part has no header at all. */
  readonly headerLength: number;
  readonly bodyOffset: number;
  readonly bodyLength: number;
}

/** 'message' is message/rfc822 and message/global: one child, the embedded message. */
export type PartKind = 'leaf' | 'multipart' | 'message';

/** A MIME entity. `children` of a multipart are its parts, never none; of a leaf, none. */
export interface MessagePart extends EntityRange {
  readonly kind: PartKind;
  /** Lower case; 'text' when absent or unreadable. */
  readonly type: string;
  readonly subtype: string;
  /** RFC 2231 continuations joined: `name` or, when anything of it was encoded, `name*`. */
  readonly parameters: readonly Parameter[];
  readonly id: string | undefined;
  readonly description: string | undefined;
  /** Lower case, '7bit' when absent or unreadable. */
  readonly encoding: string;
  readonly md5: string | undefined;
  readonly disposition: Disposition | undefined;
  readonly language: readonly string[];
  readonly location: string | undefined;
  /** Line ends in the body, as BODYSTRUCTURE counts them. */
  readonly bodyLines: number;
  readonly children: readonly MessagePart[];
}

/** What `parse` answers: the tree, and whether a bound (depth, parts) made a subtree opaque. */
export interface MessageStructure {
  readonly root: MessagePart;
  readonly size: number;
  /** Entities in the tree, root included. */
  readonly partCount: number;
  readonly truncated: boolean;
}

/** What FETCH of a section needs, RFC 3501 §6.4.5. */
export interface Section extends EntityRange {
  readonly kind: PartKind;
  readonly type: string;
  readonly subtype: string;
  readonly encoding: string;
  /** Lower-case charset parameter. */
  readonly charset: string | undefined;
  readonly bodyLines: number;
  /** Of message/rfc822: the embedded message, for `n.HEADER` and `n.TEXT`. */
  readonly message: EntityRange | undefined;
}

/** A section with its number; [] is the message itself. */
export interface NumberedSection extends Section {
  readonly path: readonly number[];
}

/** One mailbox of an address list. Strings are raw (encoded words not decoded), quoting removed. */
export interface Address {
  readonly name: string | undefined;
  /** Obsolete source route, '@a,@b'. */
  readonly route: string | undefined;
  /** Local part; '' when missing. */
  readonly mailbox: string;
  /** Domain; '' when missing. */
  readonly host: string;
}

/** A group, RFC 5322 §3.4. */
export interface AddressGroup {
  readonly group: string;
  readonly members: readonly Address[];
}

/** A mailbox or a group of an address list. */
export type AddressEntry = Address | AddressGroup;

/** How responses are worded. rev1 (default): 7-bit quoted strings, message/global as an opaque type. */
export interface WireOptions {
  /** RFC 9051 / RFC 6855: quoted strings may hold UTF-8, and message/global has an envelope. */
  readonly utf8?: boolean;
}

/** What a summary records beside the message itself. */
export interface SummaryExtra {
  /** SHA-256 of the message. */
  readonly guid: Buffer;
  readonly internalDateMs: number;
  readonly saveDateMs: number;
  /** 16 octets; zero when absent. */
  readonly threadId?: Buffer;
}
