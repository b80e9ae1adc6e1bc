/** Messages of APPEND that have UTF-8 in their headers (RFC 6855 §4). */
import { MailError } from '@angarium/sdk';

const LF = 10;
const CR = 13;

/** Passes octets on until the header is over. @throws MailError CANNOT at the first 8-bit octet in it. */
export async function* refusing8bitHeader(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isHeader = true;
  /** Behind a line feed, or at the beginning; a CR of an empty line may follow. */
  let isAtLineStart = true;
  for await (const chunk of source) {
    for (let at = 0; isHeader && at < chunk.length; at++) {
      const octet = chunk[at]!;
      if (octet > 127) throw new MailError('CANNOT', 'A header in UTF-8 needs ENABLE UTF8=ACCEPT');
      if (octet === LF && isAtLineStart) isHeader = false;
      else if (octet !== CR || !isAtLineStart) isAtLineStart = octet === LF;
    }
    yield chunk;
  }
}
