import { defineTextCommand } from '@angarium/sdk';
import { type Article, findArticle } from '../reading/find-article.js';
import { isGone, octetsOf, type Part } from '../reading/octets.js';
import { type Articles, parseOneArticle } from '../reading/ranges.js';
import type { NntpSession } from '../session.js';

function reader(name: string, rfc: string, code: number, part: Part) {
  return defineTextCommand({
    name,
    syntax: `${name} [number|message-id]`,
    rfc,
    states: 'any',
    parse: parseOneArticle,
    run: (session: NntpSession, which) => send(session, which, code, part),
  });
}

async function send(session: NntpSession, which: Articles, code: number, part: Part): Promise<void> {
  const article = await findArticle(session, which);
  if (article === undefined) return;
  const octets = await open(session, article, part);
  if (octets === undefined) return session.answer(which.is === 'id' ? 430 : 423, 'The article is gone');
  session.answer(code, `${article.number} ${article.id}`);
  try {
    await session.octets(octets);
  } catch (error) {
    // The block has begun: whatever is said now would be taken for the article. A cut connection is no article.
    session.environment.log.warn('an article could not be read to its end', { id: article.id, err: error });
    session.end();
    session.connection.destroy();
  }
}

async function open(session: NntpSession, article: Article, part: Part) {
  try {
    return await octetsOf(session, article, part);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** RFC 3977 §6.2.1. */
export const article = reader('ARTICLE', '3977#6.2.1', 220, 'article');
/** RFC 3977 §6.2.2. */
export const head = reader('HEAD', '3977#6.2.2', 221, 'head');
/** RFC 3977 §6.2.3. */
export const body = reader('BODY', '3977#6.2.3', 222, 'body');

/** RFC 3977 §6.2.4. */
export const stat = defineTextCommand({
  name: 'STAT',
  syntax: 'STAT [number|message-id]',
  rfc: '3977#6.2.4',
  states: 'any',
  parse: parseOneArticle,
  async run(session: NntpSession, which) {
    const found = await findArticle(session, which);
    if (found !== undefined) session.answer(223, `${found.number} ${found.id}`);
  },
});
