/**
 * Gmail's search language, as SEARCH keys (RFC 3501 §6.4.4). Words beside each other are all wanted; `OR` joins two neighbours, `{a b}`
 * any of several; `-` negates; `subject:(a b)` wants each. What is no operator is a word.
 */
import { keywordOf } from './labels.js';

/** Longer ones nobody types. */
export const MAX_QUERY = 2000;
const MAX_DEPTH = 50;

/** What cannot be understood; the text says why. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

type Token =
  | { readonly is: '(' | ')' | '{' | '}' | '-' | 'OR' }
  | { readonly is: 'operator'; readonly name: string }
  | { readonly is: 'text'; readonly text: string };

const token = /\s+|([(){}])|(-)(?=[^\s)}-])|"([^"]*)"?|([a-z][a-z_0-9]*):(?=\S)|([^\s(){}"]+)/giy;

function tokensOf(query: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  for (let match = token.exec(query); match !== null; match = token.exec(query)) {
    const [, bracket, minus, quoted, name, word] = match;
    if (bracket !== undefined) tokens.push({ is: bracket as '(' });
    else if (minus !== undefined) tokens.push({ is: '-' });
    else if (quoted !== undefined) tokens.push({ is: 'text', text: quoted });
    else if (name !== undefined && isOperator(name))
      tokens.push({ is: 'operator', name: name.toLowerCase() });
    else if (name !== undefined) tokens.push({ is: 'text', text: `${name}:` });
    else if (word === 'OR') tokens.push({ is: 'OR' });
    else if (word !== undefined) tokens.push({ is: 'text', text: word });
  }
  return tokens;
}

/** A value as SEARCH keys. */
type Operator = (value: string, nowMs: number) => string;

/** @param text octets (UTF-8 as latin1) */
function searchString(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `{${text.length}}\r\n${text}`;
}

const header =
  (name: string): Operator =>
  (value) =>
    `HEADER ${name} ${searchString(value)}`;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function imapDate(ms: number): string {
  const date = new Date(ms);
  return `${date.getUTCDate()}-${MONTHS[date.getUTCMonth()]}-${String(date.getUTCFullYear()).padStart(4, '0')}`;
}

/** `2004/04/16`, `2004-4-16`, `04/16/2004`, or seconds since 1970. */
function dateOf(value: string): string {
  if (/^\d{9,12}$/.test(value)) return imapDate(Number(value) * 1000);
  const yearFirst = /^(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})$/.exec(value);
  const monthFirst = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/.exec(value);
  const [year, month, day] = yearFirst
    ? yearFirst.slice(1).map(Number)
    : monthFirst
      ? [Number(monthFirst[3]), Number(monthFirst[1]), Number(monthFirst[2])]
      : [];
  const ms = Date.UTC(year ?? Number.NaN, (month ?? 0) - 1, day);
  const isDate = new Date(ms).getUTCDate() === day && new Date(ms).getUTCMonth() === (month ?? 0) - 1;
  if (!isDate) throw new QueryError(`${value.slice(0, 40)} is no date`);
  return imapDate(ms);
}

const MS_A_DAY = 86_400_000;

function ago(value: string, nowMs: number): string {
  const match = /^(\d{1,4})([hdwmy])$/i.exec(value);
  if (match === null) throw new QueryError(`${value.slice(0, 40)} is no time: 3d, 2w, 6m, 1y`);
  const count = Number(match[1]);
  const date = new Date(nowMs);
  const unit = match[2]!.toLowerCase();
  if (unit === 'm') date.setUTCMonth(date.getUTCMonth() - count);
  else if (unit === 'y') date.setUTCFullYear(date.getUTCFullYear() - count);
  else return imapDate(nowMs - count * (unit === 'w' ? 7 : unit === 'd' ? 1 : 1 / 24) * MS_A_DAY);
  return imapDate(date.getTime());
}

function octets(value: string): number {
  const match = /^(\d{1,10})([kmg]?)b?$/i.exec(value);
  if (match === null) throw new QueryError(`${value.slice(0, 40)} is no size: 10M, 500K`);
  const unit = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[match[2]!.toLowerCase()]!;
  return Math.min(Number(match[1]) * unit, 0xffffffff);
}

const states: Readonly<Record<string, string>> = {
  read: 'SEEN',
  unread: 'UNSEEN',
  starred: 'FLAGGED',
  important: 'KEYWORD $Important',
  answered: 'ANSWERED',
  draft: 'DRAFT',
  muted: 'KEYWORD $Muted',
};

function stateOf(value: string): string {
  return states[value.toLowerCase()] ?? labelKey(value);
}

/** A label, or the mailbox of that name. */
function labelKey(value: string): string {
  return `OR KEYWORD ${keywordOf(value)} X-GM-IN ${searchString(value)}`;
}

function placeOf(value: string): string {
  const name = value.toLowerCase();
  if (name === 'anywhere' || name === 'all') return 'ALL';
  if (name === 'starred' || name === 'important' || name === 'unread') return states[name]!;
  return labelKey(value);
}

const things: Readonly<Record<string, string>> = {
  attachment: 'X-GM-HAS-ATTACHMENT',
  userlabels: 'X-GM-HAS-LABELS',
  nouserlabels: 'NOT X-GM-HAS-LABELS',
};

function hasThing(value: string): string {
  return things[value.toLowerCase()] ?? 'NOT ALL';
}

const operators: Readonly<Record<string, Operator>> = {
  from: (value) => `FROM ${searchString(value)}`,
  to: (value) => `OR OR TO ${searchString(value)} CC ${searchString(value)} BCC ${searchString(value)}`,
  cc: (value) => `CC ${searchString(value)}`,
  bcc: (value) => `BCC ${searchString(value)}`,
  subject: (value) => `SUBJECT ${searchString(value)}`,
  list: header('List-Id'),
  deliveredto: header('Delivered-To'),
  rfc822msgid: header('Message-ID'),
  label: labelKey,
  in: placeOf,
  is: stateOf,
  has: hasThing,
  filename: (value) => `X-GM-FILENAME ${searchString(value)}`,
  before: (value) => `BEFORE ${dateOf(value)}`,
  older: (value) => `BEFORE ${dateOf(value)}`,
  after: (value) => `SINCE ${dateOf(value)}`,
  newer: (value) => `SINCE ${dateOf(value)}`,
  older_than: (value, nowMs) => `BEFORE ${ago(value, nowMs)}`,
  newer_than: (value, nowMs) => `SINCE ${ago(value, nowMs)}`,
  larger: (value) => `LARGER ${octets(value)}`,
  size: (value) => `LARGER ${octets(value)}`,
  smaller: (value) => `SMALLER ${octets(value)}`,
};

function isOperator(name: string): boolean {
  return Object.hasOwn(operators, name.toLowerCase());
}

const word: Operator = (value) => `TEXT ${searchString(value)}`;

class QueryParser {
  private at = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly nowMs: number,
  ) {}

  whole(): string {
    const keys = this.sequence(word, 0);
    if (this.at < this.tokens.length) throw new QueryError('there is a bracket too many');
    return joined(keys, 'and');
  }

  /** Up to a closing bracket or the end. */
  private sequence(operator: Operator, depth: number): string[] {
    if (depth > MAX_DEPTH) throw new QueryError('the query is nested too deeply');
    const keys: string[] = [];
    for (let next = this.tokens[this.at]; next !== undefined; next = this.tokens[this.at]) {
      if (next.is === ')' || next.is === '}') break;
      if (next.is === 'OR') {
        this.at++;
        // At either end it joins nothing.
        const after = this.tokens[this.at];
        if (keys.length === 0 || after === undefined || after.is === ')' || after.is === '}') continue;
        keys.push(`OR ${keys.pop()} ${this.term(operator, depth)}`);
      } else keys.push(this.term(operator, depth));
    }
    return keys;
  }

  private term(operator: Operator, depth: number): string {
    const next = this.tokens[this.at++]!;
    switch (next.is) {
      case '-':
        return `NOT ${this.negated(operator, depth)}`;
      case '(':
      case '{':
        return this.group(next.is, operator, depth);
      case 'operator':
        return this.valueOf(next.name, depth);
      case 'text':
        return bracketed(operator(next.text, this.nowMs));
      default:
        return 'ALL';
    }
  }

  private negated(operator: Operator, depth: number): string {
    return this.at < this.tokens.length ? this.term(operator, depth + 1) : 'NOT ALL';
  }

  private valueOf(name: string, depth: number): string {
    const value = this.tokens[this.at];
    if (value === undefined || value.is === ')' || value.is === '}')
      throw new QueryError(`${name}: wants a value`);
    if (depth > MAX_DEPTH) throw new QueryError('the query is nested too deeply');
    return this.term(operators[name]!, depth + 1);
  }

  private group(open: '(' | '{', operator: Operator, depth: number): string {
    const keys = this.sequence(operator, depth + 1);
    const close = this.tokens[this.at++];
    if (close?.is !== (open === '(' ? ')' : '}')) throw new QueryError('a bracket is not closed');
    return joined(keys, open === '(' ? 'and' : 'or');
  }
}

function bracketed(keys: string): string {
  return `(${keys})`;
}

function joined(keys: readonly string[], how: 'and' | 'or'): string {
  if (keys.length === 0) return 'ALL';
  if (how === 'and') return bracketed(keys.join(' '));
  return bracketed(keys.reduce((all, key) => `OR ${all} ${key}`));
}

/** @param query octets (UTF-8 as latin1). Answers SEARCH keys as in a command. @throws QueryError */
export function searchKeysOf(query: string, nowMs: number): string {
  if (query.length > MAX_QUERY) throw new QueryError('the query is too long');
  return new QueryParser(tokensOf(query), nowMs).whole();
}
