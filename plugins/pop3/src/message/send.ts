/** A message on its way to the client: dot-stuffed, as a stream, at the client's pace. */
import { isAscii, isUtf8 } from 'node:buffer';
import { DotWriter, ReadError } from '@angarium/sdk';
import type { DropSession } from '../drop-session.js';
import { MAX_HEADER_BYTES, TOP_BYTES } from '../limits.js';
import { Pop3Refusal } from '../replies.js';
import type { Pop3Session } from '../session.js';
import { LineCounter } from './line-counter.js';
import { MessageSource, type Octets } from './message-source.js';
import { surrogateHeader } from './surrogate.js';

/**
 * Answers RETR, or TOP where `lines` says how many of the body. @throws Pop3Refusal, MailError: nothing is written then
 */
export async function sendMessage(
  session: Pop3Session,
  drop: DropSession,
  number: number,
  lines?: number,
): Promise<void> {
  const message = drop.maildrop.message(number);
  if (message === undefined) throw new Pop3Refusal(undefined, 'No such message');
  const cap = lines === undefined ? undefined : TOP_BYTES;
  await using source = await MessageSource.open(drop.reader, number, message.size, cap);
  const head = await presentable(session, source);
  session.ok('Message follows');
  try {
    await stream(session, source, head, lines);
  } catch (error) {
    if (error instanceof ReadError) throw error;
    // The reply has been begun, and nothing that could be said now would be taken for anything but the message.
    const { log } = session.environment;
    log.error('a message broke off while it was sent', { session: session.connection.id, err: error });
    session.end();
    session.connection.destroy();
  }
}

async function stream(
  session: Pop3Session,
  source: MessageSource,
  head: Octets,
  lines: number | undefined,
): Promise<void> {
  const block = new DotWriter(session);
  const counter = lines === undefined ? undefined : new LineCounter(lines);
  for (let piece: Octets | undefined = head; piece !== undefined; piece = await source.next()) {
    const { bytes, lease } = piece;
    block.write(counter === undefined ? bytes : bytes.subarray(0, counter.take(bytes)), lease);
    if (counter?.isDone === true) break;
    const draining = session.drained();
    if (draining !== undefined) await draining;
  }
  block.end();
}

/** What goes out first: the first piece, or as much as belongs to a header that must be rewritten for this client. */
async function presentable(session: Pop3Session, source: MessageSource): Promise<Octets> {
  const { utf8Headers } = session.environment.config;
  if (session.isUtf8 || utf8Headers === 'keep') return source.head;
  const { octets, end } = await withHeader(source);
  const { bytes, lease } = octets;
  const header = end < 0 ? bytes : bytes.subarray(0, end);
  if (isAscii(header) || !isInternational(header)) return octets;
  if (utf8Headers === 'refuse' || (end < 0 && bytes.length >= MAX_HEADER_BYTES)) {
    lease?.release();
    throw new Pop3Refusal('UTF8', 'The message needs UTF8');
  }
  const surrogate = Buffer.from(surrogateHeader(header.latin1Slice()), 'latin1');
  const shown = end < 0 ? surrogate : Buffer.concat([surrogate, bytes.subarray(end)]);
  lease?.release();
  return { bytes: shown };
}

/** The first octets up to the end of the header and beyond; `end` is -1 where it is too long, or ends with the message. */
async function withHeader(source: MessageSource): Promise<{ octets: Octets; end: number }> {
  let octets: Octets = source.head;
  let end = endOfHeader(octets.bytes);
  while (end < 0 && octets.bytes.length < MAX_HEADER_BYTES) {
    const more = await source.next();
    if (more === undefined) break;
    const bytes = Buffer.concat([octets.bytes, more.bytes]);
    octets.lease?.release();
    more.lease?.release();
    octets = { bytes };
    end = endOfHeader(bytes);
  }
  return { octets, end };
}

/** Is there a field in UTF-8? What is in another charset cannot be said in UTF-8 mode either. */
function isInternational(header: Buffer): boolean {
  return isUtf8(header) || surrogateHeader(header.latin1Slice()) !== header.latin1Slice();
}

/** Where the line end before the blank line is; -1 when the header goes on. */
function endOfHeader(bytes: Buffer): number {
  if (bytes[0] === 13 && bytes[1] === 10) return 0;
  return bytes.indexOf('\r\n\r\n', 0, 'latin1');
}
