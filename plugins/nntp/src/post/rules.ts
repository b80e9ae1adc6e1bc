/** What an article must have, and what this server adds to it (RFC 5537 §3.4, §3.5, §3.6). */
import { randomUUID } from 'node:crypto';
import { formatMailDate, parseDate } from '@angarium/sdk';
import { fromWire, toWire } from '../text.js';
import { type ArticleHeader, bad } from './header.js';

/** Where an article comes from. */
export interface Source {
  /** A poster's article is completed; a peer's must be complete (RFC 5537 §3.6) and keeps its fields. */
  readonly kind: 'poster' | 'peer';
  /** What the peer has called it; it must be that. */
  readonly expectedId: string | undefined;
  /** Numeric address of the client, or 'unix'. */
  readonly address: string;
  /** User id, '' for somebody unknown. */
  readonly user: string;
}

export interface Rules {
  readonly pathIdentity: string;
  readonly serverName: string;
  readonly nowMs: number;
  /** 0: none. */
  readonly cutoffDays: number;
  /** `post` and `example.org` of post+group@example.org; '' for none. */
  readonly postUser: string;
  readonly postDomain: string;
  readonly addHeaders: readonly ('to' | 'replyto')[];
}

export interface Checked {
  readonly messageId: string;
  /** The whole header as it is stored, with the blank line, latin1. */
  readonly header: string;
}

const DAY_MS = 86_400_000;

/** @throws MailError BADMESSAGE */
export function checkArticle(header: ArticleHeader, source: Source, rules: Rules): Checked {
  header.need('from', 'From');
  header.need('subject', 'Subject');
  header.need('newsgroups', 'Newsgroups');
  if (header.groups().length === 0) throw bad('The Newsgroups field names no newsgroup');
  checkDates(header, source, rules);
  return source.kind === 'poster' ? inject(header, source, rules) : relay(header, source, rules);
}

function checkDates(header: ArticleHeader, { kind }: Source, { nowMs, cutoffDays }: Rules): void {
  const injected = header.get('injection-date');
  const date = header.get('date');
  for (const [name, value] of [
    ['Date', date],
    ['Injection-Date', injected],
  ] as const) {
    if (value === undefined) continue;
    const ms = parseDate(value);
    if (ms === undefined) throw bad(`The ${name} field is malformed`);
    // RFC 5537 §3.5: more than a day ahead is wrong, wherever it was written.
    if (ms > nowMs + DAY_MS) throw bad(`The ${name} field is in the future`);
  }
  const counts = parseDate(injected ?? date ?? '');
  if (kind === 'peer' && cutoffDays > 0 && counts !== undefined && counts < nowMs - cutoffDays * DAY_MS) {
    throw bad('The article is too old');
  }
}

/** RFC 5537 §3.5. */
function inject(header: ArticleHeader, source: Source, rules: Rules): Checked {
  if (header.has('injection-info') || /!\.posted\b/i.test(header.get('path') ?? '')) {
    throw bad('The article has been injected already');
  }
  const { pathIdentity, serverName, nowMs } = rules;
  const messageId = header.messageId() ?? `<${randomUUID()}@${serverName}>`;
  const now = formatMailDate(nowMs);
  const added = [
    `Path: ${pathIdentity}!.POSTED${diagnostic(source.address)}!${header.get('path') ?? 'not-for-mail'}`,
    `Injection-Info: ${injectionInfo(source, pathIdentity)}`,
    ...(header.has('message-id') ? [] : [`Message-ID: ${messageId}`]),
    ...(header.has('date') ? [] : [`Date: ${now}`]),
    ...(needsInjectionDate(header) ? [`Injection-Date: ${now}`] : []),
    ...mailFields(header, rules),
  ];
  return { messageId, header: written(added, header, ['path', 'xref']) };
}

/** RFC 5537 §3.5: not where both Message-ID and Date came with the article, as it may then be injected at several places. */
function needsInjectionDate(header: ArticleHeader): boolean {
  return !header.has('injection-date') && !(header.has('message-id') && header.has('date'));
}

/** RFC 5537 §3.6. */
function relay(header: ArticleHeader, source: Source, { pathIdentity }: Rules): Checked {
  const messageId = header.messageId();
  if (messageId === undefined) throw bad('The Message-ID field is missing');
  if (source.expectedId !== undefined && source.expectedId !== messageId) {
    throw bad('The Message-ID is another than was offered');
  }
  header.need('date', 'Date');
  const path = header.need('path', 'Path');
  const added = [`Path: ${pathIdentity}!${seen(source.address)}${path}`];
  return { messageId, header: written(added, header, ['path', 'xref']) };
}

/** `.POSTED.192.0.2.1` (RFC 5536 §3.1.5). */
function diagnostic(address: string): string {
  return /^[0-9a-fA-F.:]+$/.test(address) ? `.${address}` : '';
}

function seen(address: string): string {
  const text = diagnostic(address);
  return text === '' ? '' : `.SEEN${text}!`;
}

/** RFC 5536 §3.2.8. */
function injectionInfo({ address, user }: Source, pathIdentity: string): string {
  const host = /^[0-9a-fA-F.:]+$/.test(address) ? `; posting-host="${address}"` : '';
  const account =
    user === '' ? '' : `; posting-account="${toWire(user).replace(/[^\x21\x23-\x5b\x5d-\x7e]/g, '?')}"`;
  return `${pathIdentity}${host}${account}`;
}

/** So that answers by mail come into the group (Cyrus: newspostuser). Followup-To: poster wants them for himself. */
function mailFields(header: ArticleHeader, { postUser, postDomain, addHeaders }: Rules): string[] {
  if (postUser === '' || addHeaders.length === 0) return [];
  const followup = header.groups('followup-to');
  if (followup[0]?.toLowerCase() === 'poster') return [];
  const addresses = (groups: readonly string[]) =>
    groups
      .filter((name) => /^[A-Za-z0-9._+-]+$/.test(name))
      .map((name) => `${postUser}+${name}@${postDomain}`)
      .join(',\r\n\t');
  const to = addresses(header.groups());
  const replyTo = addresses(followup.length > 0 ? followup : header.groups());
  const fields: string[] = [];
  if (addHeaders.includes('to') && !header.has('to') && to !== '') fields.push(`To: ${to}`);
  if (addHeaders.includes('replyto') && !header.has('reply-to') && replyTo !== '') {
    fields.push(`Reply-To: ${header.get('from')},\r\n\t${replyTo}`);
  }
  return fields;
}

function written(added: readonly string[], header: ArticleHeader, without: readonly string[]): string {
  const kept = header.fields.filter(({ name }) => !without.includes(name)).map(({ raw }) => raw);
  return `${added.join('\r\n')}\r\n${kept.join('')}\r\n`;
}

/** Names of groups, as Unicode; what is no UTF-8 is no group of ours. */
export function groupNames(wire: readonly string[]): string[] {
  return wire.map(fromWire).filter((name) => name !== undefined);
}
