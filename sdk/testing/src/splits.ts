/** Every way in which a network can cut a piece of input. */

/** The input whole, byte by byte, and cut once at each place (at most `limit` places, spread evenly). */
export function* everySplit(input: Uint8Array, limit = 200): Generator<Buffer[]> {
  const bytes = Buffer.from(input);
  yield [bytes];
  yield Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
  const step = Math.max(1, Math.floor(bytes.length / limit));
  for (let at = 1; at < bytes.length; at += step) yield [bytes.subarray(0, at), bytes.subarray(at)];
}

/** The input cut short at every place: what a connection that breaks has sent. */
export function* everyTruncation(input: Uint8Array, limit = 200): Generator<Buffer> {
  const bytes = Buffer.from(input);
  const step = Math.max(1, Math.floor(bytes.length / limit));
  for (let length = 0; length < bytes.length; length += step) yield bytes.subarray(0, length);
}
