/** mailto URIs (RFC 6068 §2), as notifications use them (RFC 5436 §2.7). */
import { isSendable } from './addresses.js';

const MAX_RECIPIENTS = 10;
const MAX_HEADERS = 20;

/** Fields of a URI that must not get into a notification (RFC 5436 §2.7), and those that the message has of its own. */
const IGNORED =
  /^(from|sender|return-path|received|auto-submitted|date|message-id|bcc|mime-version|content-.*|resent-.*|list-.*|dkim-.*|authentication-results|references|in-reply-to)$/;

export interface Mailto {
  readonly to: readonly string[];
  /** Those that get a copy, shown in the header too. */
  readonly cc: readonly string[];
  readonly subject: string | undefined;
  readonly body: string | undefined;
  /** More header fields, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** Undefined: no mailto URI, or one without somebody to write to. */
export function parseMailto(uri: string): Mailto | undefined {
  const match = /^mailto:([^?#]*)(?:\?([^#]*))?$/i.exec(uri);
  if (match === null) return undefined;
  try {
    return mailtoOf(match[1] ?? '', match[2] ?? '');
  } catch (error) {
    // A percent sign that is none of an encoding.
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function mailtoOf(path: string, query: string): Mailto | undefined {
  const to = addresses(path.split(',').map(decodeURIComponent));
  const cc: string[] = [];
  const fields: [string, string][] = [];
  let subject: string | undefined;
  let body: string | undefined;
  for (const pair of query === '' ? [] : query.split('&')) {
    const equals = pair.indexOf('=');
    if (equals < 1) return undefined;
    const name = decodeURIComponent(pair.slice(0, equals)).toLowerCase();
    const value = decodeURIComponent(pair.slice(equals + 1));
    if (name === 'to') to.push(...addresses(value.split(',')));
    else if (name === 'cc') cc.push(...addresses(value.split(',')));
    else if (name === 'subject') subject ??= value;
    else if (name === 'body') body ??= value;
    else if (!/^[a-z0-9-]+$/.test(name)) return undefined;
    else if (!IGNORED.test(name) && fields.length < MAX_HEADERS) fields.push([capital(name), value]);
  }
  const all = [...to, ...cc];
  const isGood = all.length > 0 && all.length <= MAX_RECIPIENTS && all.every(isSendable);
  return isGood ? { to, cc, subject, body, fields } : undefined;
}

function addresses(texts: readonly string[]): string[] {
  return texts.map((text) => text.trim()).filter((text) => text !== '');
}

function capital(name: string): string {
  return name[0]!.toUpperCase() + name.slice(1);
}
