/** Strings on their way out: which form is legal (RFC 3501 §4.3, §9). Everything is latin1, one char an octet. */
import type { MailboxName, NamespaceView } from '@angarium/sdk';
import { CharClass, isRunOf } from './characters.js';
import { encodeModUtf7 } from './mod-utf7.js';

/** Clients have fixed buffers for lines; Cyrus draws the line here as well. */
const MAX_QUOTED = 1024;

/** UTF-8 text as octets in a latin1 string. */
export function octetsOf(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').latin1Slice();
}

/**
 * A quoted string, or a literal where that cannot be: CR, LF, 8-bit octets (unless `utf8` is agreed, RFC 6855 §3), or very long.
 * NUL has no place in either and becomes a blank.
 */
export function quoteString(octets: string, utf8 = false): string {
  const text = octets.includes('\0') ? octets.replaceAll('\0', ' ') : octets;
  const needsLiteral = utf8 ? /[\r\n]/ : /[\r\n\x80-\xff]/;
  if (text.length > MAX_QUOTED || needsLiteral.test(text)) return `{${text.length}}\r\n${text}`;
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** An atom where that is legal, otherwise as `quoteString`. `NIL` is quoted, since some readers take the atom for nil. */
export function astringOf(octets: string, utf8 = false): string {
  const isAtom = isRunOf(octets, CharClass.astring) && octets.length <= MAX_QUOTED && !/^nil$/i.test(octets);
  return isAtom ? octets : quoteString(octets, utf8);
}

/** A name of the namespace's making, as this client is sent it. */
export function mailboxText(text: string, utf8: boolean): string {
  return astringOf(utf8 ? octetsOf(text) : encodeModUtf7(text), utf8);
}

export function mailboxNameText(name: MailboxName, namespace: NamespaceView, utf8: boolean): string {
  return mailboxText(namespace.toClient(name), utf8);
}
