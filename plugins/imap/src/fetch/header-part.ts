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
  const fields = from === to ? Buffer.alloc(0) : await read();
  if (fields === undefined) return undefined;
  async function read(): Promise<Buffer | undefined> {
    await using reader = new ContentReader(mailbox, [{ uid, from, to }]);
    const bytes = await reader.collect(0);
    if (bytes === undefined) return undefined;
    const whole = { headerOffset: 0, headerLength: to - from, bodyOffset: to - from, bodyLength: 0 };
    return headerSubset(bytes, whole, names, not);
  }
  const all = fields;
  async function* slice(start: number, end: number): AsyncGenerator<Buffer> {
    if (start < Math.min(end, all.length)) yield all.subarray(start, Math.min(end, all.length));
  }
  const decoded: DecodedPart = {
    size: all.length,
    hasNul: all.includes(0),
    bytes: () => slice(0, all.length),
  };
  return {
    size: all.length,
    bytes: slice,
    decoded: async () => decoded,
    structure: async () => undefined,
  };
}
