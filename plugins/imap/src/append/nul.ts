import { MailError } from '@angarium/sdk';

/** CHAR8 of RFC 3501 §9 is %x01-FF; a literal8 may hold the rest. */
export async function* withoutNul(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    if (chunk.includes(0)) throw new MailError('BADMESSAGE', 'The message has NUL octets in it');
    yield chunk;
  }
}
