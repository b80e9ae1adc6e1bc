/** Entries and values on the wire (RFC 5464 §5). */
import type { ImapReply } from '@angarium/sdk';

/** An atom where that is legal: astring of the name. */
export function entryText(reply: ImapReply, name: string): string {
  return /^[\w/.:+-]+$/.test(name) ? name : reply.quote(name);
}

/** nstring, or literal8 for what has NUL in it. */
export function valueText(reply: ImapReply, value: Uint8Array | undefined): string {
  if (value === undefined) return 'NIL';
  const octets = Buffer.from(value.buffer, value.byteOffset, value.byteLength).latin1Slice();
  return octets.includes('\0') ? `~{${octets.length}}\r\n${octets}` : reply.quote(octets);
}

/** `METADATA INBOX (/shared/comment "x")`; `mailbox` is as written. */
export function metadataLine(
  reply: ImapReply,
  mailbox: string,
  values: ReadonlyMap<string, Uint8Array | undefined>,
): string {
  // Quoted as by Cyrus: cyradm takes what stands between the quotes.
  const pairs = [...values].map(([name, value]) => `${reply.quote(name)} ${valueText(reply, value)}`);
  return `METADATA ${mailbox} (${pairs.join(' ')})`;
}
