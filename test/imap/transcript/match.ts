/**
 * Does a response say what a rule expects? A pattern is written as the response itself; in it `…` stands for any number of
 * further items, `<name>` for one item that is remembered and must be the same where the name comes again, and a list that begins
 * with `~` is compared without regard to order. `/…/` is a regular expression over the whole response, without case. Human text behind a status
 * (OK, NO, BAD, BYE) is never compared.
 */
import { type Token, tokensOf } from './tokens.js';

export type Variables = Map<string, string>;

const statusLine = /^(OK|NO|BAD|BYE|PREAUTH)\b/i;

export function matches(pattern: string, response: string, variables: Variables): boolean {
  const regularExpression = /^\/(.*)\/$/s.exec(pattern);
  if (regularExpression !== null) return new RegExp(regularExpression[1]!, 'is').test(response);
  const bound = new Map(variables);
  const isStatus = statusLine.test(pattern);
  const wanted = tokensOf(pattern);
  const given = isStatus ? statusTokens(response) : tryTokens(response);
  if (given === undefined || !sequence(wanted, isStatus ? given.slice(0, wanted.length) : given, bound))
    return false;
  for (const [name, value] of bound) variables.set(name, value);
  return true;
}

/** Lines that are no IMAP syntax match nothing but a regular expression. */
function tryTokens(response: string): readonly Token[] | undefined {
  try {
    return tokensOf(response);
  } catch {
    return undefined;
  }
}

/** The word and the response code. */
function statusTokens(response: string): readonly Token[] {
  const code = /^(\S+)(?: (\[(?:"(?:[^"\\]|\\.)*"|[^\]])*\]))?/s.exec(response);
  if (code === null) return [];
  return tryTokens(code[0]) ?? tokensOf(code[1]!);
}

function sequence(wanted: readonly Token[], given: readonly Token[], bound: Variables): boolean {
  const gap = wanted.findIndex(isGap);
  if (gap < 0)
    return wanted.length === given.length && wanted.every((token, at) => one(token, given[at]!, bound));
  const tail = wanted.slice(gap + 1);
  if (!wanted.slice(0, gap).every((token, at) => given[at] !== undefined && one(token, given[at], bound)))
    return false;
  for (let from = gap; from <= given.length; from++) {
    const attempt = new Map(bound);
    if (!sequence(tail, given.slice(from), attempt)) continue;
    for (const [name, value] of attempt) bound.set(name, value);
    return true;
  }
  return false;
}

const isGap = (token: Token): boolean => token.is === 'atom' && token.text === '…';

function one(wanted: Token, given: Token, bound: Variables): boolean {
  const name = wanted.is === 'atom' ? /^<(\w+)>$/.exec(wanted.text)?.[1] : undefined;
  if (name !== undefined) {
    if (given.is === 'list') return false;
    const before = bound.get(name);
    if (before === undefined) bound.set(name, given.text);
    return before === undefined || before === given.text;
  }
  if (wanted.is === 'list')
    return given.is === 'list' && given.open === wanted.open && list(wanted.items, given.items, bound);
  if (given.is === 'list') return false;
  // A string is not NIL, and an atom may stand where a string could.
  if (given.is !== wanted.is && [wanted, given].some(({ is, text }) => is === 'atom' && /^NIL$/i.test(text)))
    return false;
  const isExact = wanted.is === 'string';
  return isExact ? wanted.text === given.text : wanted.text.toUpperCase() === given.text.toUpperCase();
}

function list(wanted: readonly Token[], given: readonly Token[], bound: Variables): boolean {
  const [first, ...rest] = wanted;
  if (first?.is !== 'atom' || first.text !== '~') return sequence(wanted, given, bound);
  const isOpen = rest.some(isGap);
  const left = [...given];
  for (const token of rest.filter((item) => !isGap(item))) {
    const at = left.findIndex((candidate) => one(token, candidate, bound));
    if (at < 0) return false;
    left.splice(at, 1);
  }
  return isOpen || left.length === 0;
}
