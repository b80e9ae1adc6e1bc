/**
 * The summary of a message, version 1: written once when a message is stored, read in place. Little endian.
 *
 *   0  u8   version           1  u8  flags (FLAG)        2  u16  number of nodes in the section table
 *   4  u32  message size      8  f64 internal date      16  f64  save date     24  f64 sent date  (epoch ms)
 *  32  [32] guid             64  [16] thread id         80  u32  lines of the body
 *  84  i16  zone of the Date field, minutes             86  u16  number of cached header fields
 *  88  u32 x 5  ends of the areas, from the start of the record: envelope, body structure, sections, keys, headers
 * 108  u64  bit n: header n of CACHED_HEADERS is too large to be cached
 * 116  the areas, one behind the other
 *
 * envelope, body structure: wire text as `envelope` and `bodyStructure` write it (RFC 3501 form); empty when FLAG says
 *   that it was too large.
 * sections: the part tree in preorder, 24 octets a node, then the string pool:
 *    0 u32 header offset   4 u32 header length   8 u32 body length  12 u32 body lines
 *   16 u16 node after the last descendant        18 u8 kind (KINDS) 19 u8 encoding (ENCODINGS, or 255: in the pool)
 *   20 u32 place in the pool of: type, subtype, charset, encoding ('' unless 255), each u8 length + latin1
 * keys: u16 end of each key from the start of the area, in the order of KEYS, then the keys. Folded keys are keys of
 *   i;unicode-casemap (latin1 of UTF-8); several identifiers are separated by blanks.
 * headers: fields in the order of the message, each u8 index in CACHED_HEADERS, u16 length, octets of the
 *   field with its line end; then the octets of the blank line.
 */
export const VERSION = 1;
export const FIXED_LENGTH = 116;
export const NODE_LENGTH = 24;

export const AT = {
  version: 0,
  flags: 1,
  nodes: 2,
  size: 4,
  internalDate: 8,
  saveDate: 16,
  sentDate: 24,
  guid: 32,
  threadId: 64,
  lines: 80,
  zone: 84,
  headerCount: 86,
  ends: 88,
  tooLarge: 108,
} as const;

export const FLAG = {
  noEnvelope: 1,
  noBodyStructure: 2,
  noSections: 4,
  sentDate: 8,
  attachment: 16,
  replyOrForward: 32,
} as const;

/** Bounds for hostile messages: what is larger is not stored and has to be computed from the message. */
export const MAX_ENVELOPE = 64 * 1024;
export const MAX_BODY_STRUCTURE = 256 * 1024;
export const MAX_NODES = 2000;
/** All cached occurrences of one header field together. */
export const MAX_HEADER = 8 * 1024;
/** Longest single key, octets; longer ones are cut. */
export const MAX_KEY = 255;
export const MAX_SUBJECT_KEY = 1000;
export const MAX_ID_KEY = 4000;

export const KINDS = ['leaf', 'multipart', 'message'] as const;
export const ENCODINGS = ['7bit', '8bit', 'binary', 'base64', 'quoted-printable'] as const;
export const OTHER_ENCODING = 255;

export const KEYS = {
  baseSubject: 0,
  firstFrom: 1,
  firstTo: 2,
  firstCc: 3,
  displayFrom: 4,
  displayTo: 5,
  messageId: 6,
  inReplyTo: 7,
  references: 8,
} as const;
export const KEY_COUNT = 9;

/**
 * The fields whose octets a summary keeps: what the list views of common clients ask for, and NNTP's overview. An
 * absent one costs nothing. The order is part of the format: append only, at most 64.
 */
export const CACHED_HEADERS = [
  'from',
  'to',
  'cc',
  'bcc',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
  'reply-to',
  'sender',
  'list-id',
  'list-unsubscribe',
  'content-type',
  'x-priority',
  'priority',
  'importance',
  'newsgroups',
  'list-post',
  'list-unsubscribe-post',
  'disposition-notification-to',
  'return-receipt-to',
  'x-uniform-type-identifier',
  'x-universally-unique-identifier',
  'x-draft-info',
  'x-mozilla-draft-info',
  'x-k9mail-identity',
  'chat-version',
  'followup-to',
  'xref',
  'organization',
  'auto-submitted',
  'precedence',
  'x-spam-flag',
  'resent-date',
  'resent-from',
  'content-class',
  'x-msmail-priority',
] as const;

export const CACHED_INDEX: ReadonlyMap<string, number> = new Map(
  CACHED_HEADERS.map((name, index) => [name, index]),
);

/** Can `SummaryView.cachedHeaders` know this field? In any case. */
export function isCacheableHeader(name: string): boolean {
  return CACHED_INDEX.has(name.toLowerCase());
}
