/** HEADER.FIELDS as a part: a header is bounded by what may be a message's header, and is held in memory. */
import { type DecodedPart, headerSubset, type ImapPart, type Mailbox } from '@angarium/sdk';
import { ContentReader } from './contents.js';

/** Undefined: the message is gone. */
export async function headerPart(
  mailbox: Mailbox,
  uid: number,
  { from, to }: { readonly from: number; readonly to: number },
  { names, not }: { readonly names: readonly string[]; readonly not: boolean },
): Promise<ImapPart | undefined> {
  await using reader = new ContentReader(mailbox, [{ uid, from, to }]);
  const header = await reader.collect(0);
  if (header === undefined) return undefined;
  const whole = { headerOffset: 0, headerLength: to - from, bodyOffset: to - from, bodyLength: 0 };
  return heldPart(headerSubset(header, whole, names, not));
}

function heldPart(octets: Buffer): ImapPart {
  async function* bytes(from: number, to: number): AsyncGenerator<Buffer> {
    if (from < Math.min(to, octets.length)) yield octets.subarray(from, to);
  }
  const decoded: DecodedPart = {
    size: octets.length,
    hasNul: octets.includes(0),
    bytes: () => bytes(0, octets.length),
  };
  return { size: octets.length, bytes, decoded: async () => decoded, structure: async () => undefined };
}
