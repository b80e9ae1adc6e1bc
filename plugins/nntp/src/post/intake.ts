/**
 * An article from the client to the store: line ends made CRLF, the header held until its end, checked and rewritten,
 * the body passed through as it comes. The store's `stage` pulls; nothing is read ahead of it.
 */
import {
  DotBody,
  LineEndNormaliser,
  MailError,
  type MailStore,
  ReadError,
  type StagedMessage,
} from '@angarium/sdk';
import { MAX_ADDED_BYTES, MAX_HEADER_BYTES } from '../limits.js';
import type { NntpSession } from '../session.js';
import { ArticleHeader, bad } from './header.js';
import { type Checked, checkArticle, type Rules, type Source } from './rules.js';

export interface Incoming {
  readonly message: StagedMessage;
  readonly header: ArticleHeader;
  readonly messageId: string;
}

/**
 * Reads up to the terminator, whatever happens. @throws MailError BADMESSAGE, TOOBIG, UNAVAILABLE; ReadError when the
 * client goes away inside.
 */
export async function takeIn(session: NntpSession, source: Source): Promise<Incoming> {
  const { store, config } = session.environment;
  const body = new DotBody(session.connection);
  const article = new Rewriting(source, rulesOf(session));
  try {
    const message = await stage(store, article, body, config.maxArticleBytes);
    const { header, checked } = article.result!;
    return { message, header, messageId: checked.messageId };
  } catch (error) {
    const reason = article.failure ?? error;
    if (!(reason instanceof ReadError)) await body.skipRest();
    throw reason;
  }
}

/** Reads an article that is not wanted. */
export async function skipArticle(session: NntpSession): Promise<void> {
  await new DotBody(session.connection).skipRest();
}

function stage(store: MailStore, article: Rewriting, body: DotBody, maxBytes: number) {
  return store.stage(article.over(body, maxBytes), { maxBytes: maxBytes + MAX_ADDED_BYTES });
}

function rulesOf(session: NntpSession): Rules {
  const { config, host, clock, pathIdentity } = session.environment;
  return {
    pathIdentity,
    serverName: host.serverName,
    nowMs: clock.now(),
    cutoffDays: config.cutoffDays,
    postUser: config.newspostuser,
    postDomain: config.newspostdomain === '' ? host.serverName : config.newspostdomain,
    addHeaders: config.newsaddheaders,
  };
}

class Rewriting {
  result: { readonly header: ArticleHeader; readonly checked: Checked } | undefined;
  /** Our own reason, not what the store made of it. */
  failure: unknown;

  constructor(
    private readonly source: Source,
    private readonly rules: Rules,
  ) {}

  async *over(body: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
    try {
      yield* this.rewritten(body, maxBytes);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  private async *rewritten(body: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
    const lineEnds = new LineEndNormaliser();
    let held: Buffer | undefined = Buffer.alloc(0);
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new MailError('TOOBIG', `The article is larger than ${maxBytes} octets`);
      if (chunk.includes(0)) throw bad('The article contains NUL octets');
      const out = lineEnds.push(chunk);
      if (held === undefined) {
        yield out;
        continue;
      }
      const searchFrom: number = Math.max(0, held.length - 3);
      held = Buffer.concat([held, out]);
      const end = held.indexOf('\r\n\r\n', searchFrom, 'latin1');
      if (end < 0) {
        if (held.length > MAX_HEADER_BYTES) throw bad('The header is too large');
        continue;
      }
      yield this.check(held.latin1Slice(0, end + 2));
      const rest = held.subarray(end + 4);
      held = undefined;
      if (rest.length > 0) yield rest;
    }
    // RFC 5536 §2.2: a body there must be, if only of no lines.
    if (held !== undefined) throw bad('The article has no body');
  }

  private check(text: string): Buffer {
    const header = ArticleHeader.parse(text);
    const checked = checkArticle(header, this.source, this.rules);
    this.result = { header, checked };
    return Buffer.from(checked.header, 'latin1');
  }
}
