/** Which articles a command is about (RFC 3977 §9.8): `range`, a message-id, or the current article. */
import { type ArgumentReader, CommandSyntaxError } from '@angarium/sdk';
import { isMessageId } from '../text.js';

export type Articles =
  | { readonly is: 'current' }
  | { readonly is: 'id'; readonly id: string }
  /** `last` is Infinity for `n-`; below `first`: none. */
  | { readonly is: 'range'; readonly first: number; readonly last: number };

/** RFC 3977 §9.8: article numbers have up to 16 digits on the wire; above this none exists. */
const MAX_NUMBER = 0xffffffff;

export function parseRange(text: string): { first: number; last: number } | undefined {
  const match = /^([0-9]{1,16})(-([0-9]{1,16})?)?$/.exec(text);
  if (match === null) return undefined;
  const first = Math.min(Number(match[1]), MAX_NUMBER);
  if (match[2] === undefined) return { first, last: first };
  return {
    first,
    last: match[3] === undefined ? Number.POSITIVE_INFINITY : Math.min(Number(match[3]), MAX_NUMBER),
  };
}

/** @throws CommandSyntaxError */
export function articlesOf(word: string | undefined): Articles {
  if (word === undefined) return { is: 'current' };
  if (word.startsWith('<')) {
    if (!isMessageId(word)) throw new CommandSyntaxError('Malformed message-id');
    return { is: 'id', id: word };
  }
  const range = parseRange(word);
  if (range === undefined) throw new CommandSyntaxError('Number, range or message-id expected');
  return { is: 'range', ...range };
}

/** ARTICLE and its kin: one number, no range. */
export function parseOneArticle(args: ArgumentReader): Articles {
  const word = args.tryWord();
  args.expectEnd();
  if (word !== undefined && !word.startsWith('<') && !/^[0-9]{1,16}$/.test(word)) {
    throw new CommandSyntaxError('Number or message-id expected');
  }
  return articlesOf(word);
}

export function parseArticles(args: ArgumentReader): Articles {
  const word = args.tryWord();
  args.expectEnd();
  return articlesOf(word);
}
