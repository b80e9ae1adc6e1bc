/** The octets of an article or a part of it, as they are stored, with an Xref field of the moment in front. */
import { isMailError, MailError, messageRange } from '@angarium/sdk';
import { MAX_HEADER_BYTES } from '../limits.js';
import type { NntpSession, Octets } from '../session.js';
import type { Article } from './find-article.js';
import { XrefWriter } from './xref.js';

export type Part = 'article' | 'head' | 'body';

/**
 * Reads the first octets before it resolves, so that an article that cannot be read is refused in the status line.
 * @throws MailError EXPUNGEISSUED
 */
export async function octetsOf(
  session: NntpSession,
  article: Article,
  part: Part,
): Promise<AsyncIterable<Octets>> {
  const { group, uid, summary } = article;
  const { size } = summary;
  const root = summary.section([]);
  const bodyAt = root?.bodyOffset ?? (await bodyOffset(session, article));
  if (part === 'body') return started(pieces(session, article, bodyAt, size));
  const { history } = session.environment;
  const others = (await history.othersOf(group.entry.id, uid, uid)).get(uid) ?? [];
  const xref = Buffer.from(`Xref: ${await new XrefWriter(session).value(group, uid, others)}\r\n`, 'latin1');
  const to = part === 'head' ? bodyAt : size;
  // An Xref field of another server is not true here (RFC 5537 §3.7).
  const hasXref = summary.cachedHeader('xref') !== undefined && bodyAt <= MAX_HEADER_BYTES;
  const source = hasXref ? withoutXref(session, article, bodyAt, to) : pieces(session, article, 0, to);
  return started(part === 'head' ? headOnly(xref, source) : inFront(xref, source));
}

async function* pieces(
  session: NntpSession,
  { group, uid }: Article,
  from: number,
  to: number,
): AsyncGenerator<Octets> {
  if (from >= to) return;
  const mailbox = session.environment.store.mailbox(group.entry.id);
  for await (const piece of mailbox.contents([{ uid, from, to }])) {
    if (piece.isMissing) throw new MailError('EXPUNGEISSUED', 'The article is gone');
    yield piece;
  }
}

async function* inFront(first: Buffer, source: AsyncIterable<Octets>): AsyncGenerator<Octets> {
  let isFirst = true;
  for await (const octets of source) {
    if (isFirst) yield { bytes: first };
    isFirst = false;
    yield octets;
  }
}

/** Without the blank line that ends a header (RFC 3977 §6.2.2.2). */
async function* headOnly(xref: Buffer, source: AsyncIterable<Octets>): AsyncGenerator<Octets> {
  let held: Buffer = Buffer.alloc(0);
  for await (const { bytes, lease } of inFront(xref, source)) {
    const all = Buffer.concat([held, bytes]);
    lease?.release();
    const keep = Math.max(0, all.length - 4);
    if (keep > 0) yield { bytes: all.subarray(0, keep) };
    held = all.subarray(keep);
  }
  const isBlank = held.latin1Slice() === '\r\n\r\n';
  yield { bytes: isBlank ? held.subarray(0, 2) : held };
}

async function* withoutXref(
  session: NntpSession,
  article: Article,
  bodyAt: number,
  to: number,
): AsyncGenerator<Octets> {
  const header = await collected(pieces(session, article, 0, bodyAt));
  const text = header.latin1Slice();
  yield { bytes: Buffer.from(text.replace(/^xref[ \t]*:.*\r\n(?:[ \t].*\r\n)*/gim, ''), 'latin1') };
  yield* pieces(session, article, bodyAt, to);
}

/** Only for messages of so many parts that the summary has no table. */
async function bodyOffset(session: NntpSession, article: Article): Promise<number> {
  const to = Math.min(article.summary.size, MAX_HEADER_BYTES);
  return messageRange(await collected(pieces(session, article, 0, to))).bodyOffset;
}

/** All of them, in memory of their own: a header. */
export async function collected(source: AsyncIterable<Octets>): Promise<Buffer> {
  const found: Buffer[] = [];
  for await (const { bytes, lease } of source) {
    found.push(Buffer.from(bytes));
    lease?.release();
  }
  return Buffer.concat(found);
}

/** With its first piece read: what fails does so now. */
async function started(source: AsyncGenerator<Octets>): Promise<AsyncIterable<Octets>> {
  const first = await source.next();
  return (async function* () {
    if (first.done === true) return;
    yield first.value;
    yield* source;
  })();
}

/** Is it an error of an article that is gone? */
export function isGone(error: unknown): boolean {
  return isMailError(error) && error.code === 'EXPUNGEISSUED';
}
