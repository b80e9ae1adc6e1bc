/** Owners of mailboxes as they are typed: `fred`, `fred@example.org`. */
import { type Accounts, isMailError, type MailboxName, personalMailbox, userId } from '@angarium/sdk';
import { cannot } from './levels.js';

const reserved = new Set(['anyone', 'anonymous']);

export class Owners {
  /** @param accounts normalises user ids; without it they are taken as typed. */
  constructor(private readonly accounts: Accounts | undefined) {}

  /** @throws MailError CANNOT for what can be no user. */
  mailbox(local: string, domain: string | undefined, path: readonly string[]): MailboxName {
    const isRefused = local === '' || local.includes('@') || reserved.has(local.toLowerCase());
    if (isRefused) throw cannot('There can be no such user');
    const typed = userId(local, domain);
    return personalMailbox(this.accounts === undefined ? typed : normalise(this.accounts, typed), path);
  }
}

function normalise(accounts: Accounts, typed: string) {
  try {
    return accounts.normalise(typed);
  } catch (error) {
    throw isMailError(error) ? cannot('There can be no such user') : error;
  }
}

/** `name@domain` split at the last `@`; undefined when what follows is no domain name. */
export function splitDomain(text: string): { readonly name: string; readonly domain: string } | undefined {
  const at = text.lastIndexOf('@');
  const domain = text.slice(at + 1).toLowerCase();
  if (at < 1 || !/^[\p{L}\p{M}\p{N}_-]+(\.[\p{L}\p{M}\p{N}_-]+)*$/u.test(domain)) return undefined;
  return { name: text.slice(0, at), domain };
}
