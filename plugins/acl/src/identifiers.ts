/**
 * Identifiers as they are typed and shown. In the ACL a user is his whole id; to somebody of his domain he is shown and understood
 * without it, and somebody of the default domain is then `joe@`, as in mailbox names.
 */
import { type Accounts, type Identity, isMailError, MailError, splitUserId } from '@angarium/sdk';
import { ANONYMOUS, ANYONE, OWNER } from './rules.js';

/** Octets, as in Cyrus. */
const MAX_IDENTIFIER_BYTES = 80;
/** What separates or matches elsewhere (as in Cyrus), and controls. */
const forbidden = /[&:/*%?\p{C}\p{Zl}\p{Zp}]/u;
const special: ReadonlySet<string> = new Set([ANYONE, ANONYMOUS, OWNER]);
const GROUP = 'group:';

/**
 * As it stands in an ACL. Nobody of that name need exist: ACLs may be there before the accounts.
 * @throws MailError CANNOT
 */
export function identifierOf(typed: string, by: Identity, accounts: Accounts): string {
  const text = typed.normalize('NFC');
  if (Buffer.byteLength(text) > MAX_IDENTIFIER_BYTES) throw invalid();
  return text.startsWith('-') ? `-${positive(text.slice(1), by, accounts)}` : positive(text, by, accounts);
}

export function identifierFor(viewer: Identity, identifier: string): string {
  const { domain } = splitUserId(viewer.user);
  const sign = identifier.startsWith('-') ? '-' : '';
  const name = identifier.slice(sign.length);
  return sign + (domain === undefined ? name : inDomain(name, domain));
}

function inDomain(name: string, domain: string): string {
  if (special.has(name) || name.startsWith(GROUP)) return name;
  if (name.endsWith(`@${domain}`)) return name.slice(0, -domain.length - 1);
  return name.includes('@') ? name : `${name}@`;
}

function positive(text: string, by: Identity, accounts: Accounts): string {
  const lower = text.toLowerCase();
  if (special.has(lower)) return lower;
  if (lower.startsWith(GROUP)) return GROUP + groupName(text.slice(GROUP.length));
  if (text === '' || forbidden.test(text)) throw invalid();
  const { domain } = splitUserId(by.user);
  const isBare = !text.includes('@');
  const whole = isBare && domain !== undefined ? `${text}@${domain}` : text;
  try {
    return accounts.normalise(whole.endsWith('@') ? whole.slice(0, -1) : whole);
  } catch (error) {
    throw isMailError(error) && error.code === 'CANNOT' ? invalid() : error;
  }
}

function groupName(name: string): string {
  if (name === '' || forbidden.test(name)) throw invalid();
  return name;
}

function invalid(): MailError {
  return new MailError('CANNOT', 'Invalid identifier');
}
