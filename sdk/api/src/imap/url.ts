/**
 * IMAP URLs that name a message or a part of one (RFC 5092 §5, §11), with what RFC 4467 §3 adds, absolute and relative
 * (RFC 4469 §3). Whatever names a server, a mailbox or a search as a whole is none here.
 */

/** `imap://user;AUTH=*@host:port`. */
export interface ImapUrlServer {
  /** Decoded; undefined where the URL names none. */
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
}

/** `;URLAUTH=<access>[:<mechanism>:<token>]` (RFC 4467 §3). */
export interface ImapUrlAuthorization {
  readonly access: 'submit' | 'user' | 'authuser' | 'anonymous';
  /** Whom `submit+` and `user+` name. */
  readonly user: string | undefined;
  /** Upper case; undefined in a URL that is still to be authorised. */
  readonly mechanism: string | undefined;
  /** Lower case hexadecimal digits, at least 32. */
  readonly token: string | undefined;
}

/** A URL of a message or of a part of one. */
export interface ImapUrl {
  /** Undefined: the URL is relative. */
  readonly server: ImapUrlServer | undefined;
  /** As the owner of the URL would write it, Unicode; undefined: the mailbox that is selected. */
  readonly mailbox: string | undefined;
  readonly uidValidity: number | undefined;
  readonly uid: number;
  /** As between the brackets of BODY[…]; '' for the whole message. */
  readonly section: string;
  /** Octets; without `count` up to the end (RFC 5092 §5, URL-PARTIAL of RFC 5550 §5.7.1). */
  readonly partial: { readonly start: number; readonly count: number | undefined } | undefined;
  readonly expiresMs: number | undefined;
  readonly authorization: ImapUrlAuthorization | undefined;
}

/** Longer ones nobody makes, and matching costs. */
const MAX_URL_LENGTH = 8192;

const serverPart = /^imap:\/\/(?:([^@/?#]*)@)?(\[[0-9a-f:.]+\]|[a-z0-9._~%-]+)(?::(\d{1,5}))?(?=\/)/i;
const messagePart =
  /^(?:\/?([^;]*?)(?:;UIDVALIDITY=([1-9]\d{0,9}))?\/)?;UID=([1-9]\d{0,9})(?:\/;SECTION=([^;]+?))?(?:\/;PARTIAL=(\d{1,10})(?:\.([1-9]\d{0,9}))?)?(?:;EXPIRE=([^;]+))?(?:;URLAUTH=([^;]+))?$/i;
const authorizationPart =
  /^(?:(submit|user)\+([^:;@/]+)|(authuser|anonymous))(?::([a-z0-9.-]+):([0-9a-f]{32,}))?$/i;
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/** Undefined: it is no URL of a message. @param text as in the command: ASCII, percent escapes not undone. */
export function parseImapUrl(text: string): ImapUrl | undefined {
  if (text.length > MAX_URL_LENGTH || !/^[\x21-\x7e]+$/.test(text)) return undefined;
  const server = serverPart.exec(text);
  if (server === null && /^[a-z][a-z0-9+.-]*:/i.test(text)) return undefined;
  const match = messagePart.exec(server === null ? text : text.slice(server[0].length));
  if (match === null) return undefined;
  const [, path, validity, uid, section, from, count, expires, access] = match;
  try {
    const mailbox = path === undefined || path === '' ? undefined : decodeURIComponent(path);
    if (server !== null && mailbox === undefined) return undefined;
    const authorization = access === undefined ? undefined : authorizationOf(access);
    const expiresMs = expires === undefined ? undefined : expiryOf(expires);
    if (authorization === null || expiresMs === null) return undefined;
    if (tooLarge(uid) || tooLarge(validity)) return undefined;
    return {
      server: server === null ? undefined : serverOf(server),
      mailbox,
      uidValidity: validity === undefined ? undefined : Number(validity),
      uid: Number(uid),
      section: section === undefined ? '' : decodeURIComponent(section),
      partial:
        from === undefined
          ? undefined
          : { start: Number(from), count: count === undefined ? undefined : Number(count) },
      expiresMs,
      authorization,
    };
  } catch {
    // Percent escapes that are none, or are no UTF-8.
    return undefined;
  }
}

/** The URL that a token is computed of: without `:<mechanism>:<token>`, otherwise unchanged (RFC 4467 §6). */
export function rumpOf(url: string): string {
  return url.replace(/:[a-z0-9.-]+:[0-9a-f]+$/i, '');
}

function serverOf([, userinfo, host = '', port]: RegExpExecArray): ImapUrlServer {
  // `user;AUTH=mechanism`: the mechanism is the client's business.
  const user = userinfo?.replace(/;AUTH=.*$/i, '');
  return {
    user: user === undefined || user === '' ? undefined : decodeURIComponent(user),
    host: decodeURIComponent(host).toLowerCase(),
    port: port === undefined ? undefined : Number(port),
  };
}

function authorizationOf(text: string): ImapUrlAuthorization | null {
  const match = authorizationPart.exec(text);
  if (match === null) return null;
  const [, forWhom, user, anybody, mechanism, token] = match;
  return {
    access: (forWhom ?? anybody)!.toLowerCase() as ImapUrlAuthorization['access'],
    user: user === undefined ? undefined : decodeURIComponent(user),
    mechanism: mechanism?.toUpperCase(),
    token: token?.toLowerCase(),
  };
}

function expiryOf(text: string): number | null {
  const plain = decodeURIComponent(text);
  const ms = dateTime.test(plain) ? Date.parse(plain) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

function tooLarge(digits: string | undefined): boolean {
  return digits !== undefined && Number(digits) > 0xffffffff;
}
