/**
 * What a user id may be, and its one spelling: width-mapped, folded, NFC (RFC 8265 §3.3 UsernameCaseMapped), the
 * default domain left out. Refused is what would mean something else somewhere: separators and wildcards of mailbox
 * names, the `^` that stands for a `.` in them, the `-` and `:` of ACL identifiers, and the names that are
 * identifiers themselves.
 */
import { domainToASCII, domainToUnicode } from 'node:url';
import { MailError, type UserId, userId } from '@angarium/sdk';

/** Octets of UTF-8; Cyrus bounds mailbox names at 490, this leaves room for folders. */
const MAX_USER_ID_BYTES = 255;

/** `user` is the root of the other users' mailboxes; the others are ACL identifiers. */
const reserved = new Set(['user', 'anyone', 'anonymous', 'owner', 'authenticated', 'administrators']);

/** Controls, format characters, unassigned, private use, surrogates; every kind of space. */
const neverAllowed = /[\p{C}\p{Z}]/u;
const forbidden = /[!"#%&*()/:;,<>?@[\\\]^`{|}]/;

export interface UserNameRules {
  readonly usernameToLower: boolean;
  /** Normalised; '' for none. */
  readonly defaultDomain: string;
  /** The domain that an alias of it stands for. */
  readonly canonicalDomain?: (domain: string) => string;
}

/** @throws MailError CANNOT for what can be no user id. */
export function normaliseUserId(text: string, rules: UserNameRules): UserId {
  if (text.length > MAX_USER_ID_BYTES) throw cannot();
  const at = text.lastIndexOf('@');
  const local = normaliseLocal(at < 0 ? text : text.slice(0, at), rules);
  const given = at < 0 ? '' : normaliseDomain(text.slice(at + 1));
  if (given === undefined) throw cannot();
  const domain = given === '' ? '' : (rules.canonicalDomain?.(given) ?? given);
  const user = userId(local, domain === rules.defaultDomain ? undefined : domain);
  if (Buffer.byteLength(user) > MAX_USER_ID_BYTES) throw cannot();
  return user;
}

function normaliseLocal(text: string, rules: UserNameRules): string {
  const narrow = text.replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
  const folded = rules.usernameToLower ? narrow.normalize('NFC').toLowerCase() : narrow;
  const local = folded.normalize('NFC');
  const isRefused =
    local === '' ||
    neverAllowed.test(local) ||
    forbidden.test(local) ||
    /^[.~\-$]|\.$|\.\./.test(local) ||
    reserved.has(local.toLowerCase());
  if (isRefused) throw cannot();
  return local;
}

/** Lower case, NFC, U-labels; undefined for what is no domain name (address literals among them). */
export function normaliseDomain(text: string): string | undefined {
  const ascii = /^[\x21-\x7e]*$/.test(text) ? text.toLowerCase() : domainToASCII(text.normalize('NFC'));
  if (ascii.length > 253 || !/^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(ascii)) return undefined;
  if (!ascii.includes('xn--')) return ascii;
  const unicode = domainToUnicode(ascii).normalize('NFC');
  return unicode === '' || neverAllowed.test(unicode) ? undefined : unicode;
}

/** A login name that has no domain, with the one it belongs to; the last `%` stands for `@`, as in Cyrus. */
export function qualified(name: string, domain: string | undefined): string {
  if (name.includes('@')) return name;
  const percent = name.lastIndexOf('%');
  if (percent >= 0) return `${name.slice(0, percent)}@${name.slice(percent + 1)}`;
  return domain === undefined ? name : `${name}@${domain}`;
}

function cannot(): MailError {
  return new MailError('CANNOT', 'This is no valid user name');
}
