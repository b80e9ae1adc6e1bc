/** What clients send: RFC 7628 §3.1, and Google's XOAUTH2 before it. */
import { parseGs2Header } from '@angarium/sdk';

export interface BearerMessage {
  /** Whom the client wants to be; undefined: whoever the token is for. */
  readonly claim: string | undefined;
  readonly token: string;
}

/** `b64token` of RFC 6750 §2.1; the scheme's case does not matter. */
const bearer = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/** `gs2-header ^A *(key=value ^A) ^A`; undefined for what breaks the grammar, or has no bearer token. */
export function parseOauthBearer(message: string): BearerMessage | undefined {
  const header = parseGs2Header(message);
  // RFC 7628 §3.1: channel binding is not part of this mechanism.
  if (header === undefined || header.binding.is === 'p') return undefined;
  const pairs = pairsOf(message.slice(header.raw.length), /^\x01/);
  const token = bearer.exec(pairs?.get('auth') ?? '')?.[1];
  return token === undefined ? undefined : { claim: header.authzid, token };
}

/** `user=… ^A auth=Bearer … ^A ^A`. */
export function parseXoauth2(message: string): BearerMessage | undefined {
  const pairs = pairsOf(message, /^/);
  const user = pairs?.get('user');
  const token = bearer.exec(pairs?.get('auth') ?? '')?.[1];
  return !user || token === undefined ? undefined : { claim: user, token };
}

/** Each key once. */
function pairsOf(text: string, start: RegExp): ReadonlyMap<string, string> | undefined {
  if (!start.test(text) || !text.endsWith('\x01\x01')) return undefined;
  const found = new Map<string, string>();
  for (const pair of text.replace(start, '').slice(0, -2).split('\x01')) {
    const [, key, value] = /^([A-Za-z0-9]+)=([\t\r\n\x20-\x7e\u0080-\u{10ffff}]*)$/u.exec(pair) ?? [];
    if (key === undefined || value === undefined || found.has(key)) return undefined;
    found.set(key, value);
  }
  return found;
}
