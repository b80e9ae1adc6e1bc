/** GENURLAUTH and RESETKEY (RFC 4467 §7). */
import {
  type Accounts,
  defineImapCommand,
  type ImapCommand,
  type ImapSession,
  ImapSyntaxError,
  isMailError,
  type MailboxEntry,
  MailError,
  parseImapUrl,
  Right,
} from '@angarium/sdk';
import { type AccessKeys, tokenOf } from './keys.js';

export const MAX_URLS = 100;

const states = ['authenticated', 'selected'] as const;

interface Rump {
  readonly url: string;
  readonly mechanism: string;
}

export function genUrlAuth(keys: AccessKeys, accounts: Accounts): ImapCommand<readonly Rump[]> {
  return defineImapCommand({
    name: 'GENURLAUTH',
    rfc: 'RFC 4467 §7',
    states,
    parse(line) {
      const rumps: Rump[] = [];
      do {
        if (rumps.length === MAX_URLS) line.fail(`at most ${MAX_URLS} URLs`);
        line.sp();
        const url = line.astring();
        line.sp();
        rumps.push({ url, mechanism: line.keyword() });
      } while (!line.isAtEnd);
      return rumps;
    },
    async run({ session, reply }, rumps) {
      const urls: string[] = [];
      for (const rump of rumps) {
        const { id } = await mailboxOf(session, rump, accounts);
        const key = await keys.obtain(session.identity.user, id);
        urls.push(reply.quote(`${rump.url}:internal:${tokenOf(rump.url, key)}`));
      }
      reply.untagged(`GENURLAUTH ${urls.join(' ')}`);
    },
  });
}

/** What is wrong with the URL is BAD (RFC 4467 §7). */
async function mailboxOf(
  session: ImapSession,
  { url, mechanism }: Rump,
  accounts: Accounts,
): Promise<MailboxEntry> {
  if (mechanism !== 'INTERNAL') throw new ImapSyntaxError('the only mechanism is INTERNAL');
  if (session.identity.isAnonymous)
    throw new MailError('NOPERM', 'Anonymous users have no URLs to give away');
  const parsed = parseImapUrl(url);
  if (parsed?.server === undefined || parsed.mailbox === undefined)
    throw new ImapSyntaxError('the URL names no message of a server');
  const { server, mailbox, uidValidity, authorization } = parsed;
  if (server.user === undefined) throw new ImapSyntaxError('the URL has no user name');
  if (authorization === undefined || authorization.mechanism !== undefined)
    throw new ImapSyntaxError('the URL has no access identifier, or has a token already');
  if (normalised(accounts, server.user) !== session.identity.user)
    throw new ImapSyntaxError('the URL is of another user');
  const entry = await visible(session, mailbox);
  if (uidValidity !== undefined && uidValidity !== entry.uidValidity)
    throw new ImapSyntaxError('the mailbox has another UIDVALIDITY');
  return entry;
}

async function visible(session: ImapSession, mailbox: string): Promise<MailboxEntry> {
  try {
    return await session.findByText(mailbox, { rights: Right.read });
  } catch (error) {
    if (isMailError(error) && ['NONEXISTENT', 'NOPERM', 'CANNOT'].includes(error.code))
      throw new ImapSyntaxError('the URL names no mailbox that can be read');
    throw error;
  }
}

/** Undefined for what can be no user. */
export function normalised(accounts: Accounts, name: string): string | undefined {
  try {
    return accounts.normalise(name);
  } catch {
    return undefined;
  }
}

/** With a mailbox: a new key. Without: none any more. */
export function resetKey(keys: AccessKeys): ImapCommand<string | undefined> {
  return defineImapCommand({
    name: 'RESETKEY',
    rfc: 'RFC 4467 §7',
    states,
    parse(line) {
      if (line.isAtEnd) return undefined;
      line.sp();
      const mailbox = line.mailbox();
      // Mechanisms other than INTERNAL have no keys here.
      while (line.trySp()) line.keyword();
      return mailbox;
    },
    async run({ session, reply }, mailbox) {
      const { user, isAnonymous } = session.identity;
      if (isAnonymous) throw new MailError('NOPERM', 'Anonymous users have no keys');
      if (mailbox === undefined) {
        await keys.removeAll(user);
        reply.completed('All keys removed');
        return;
      }
      const entry = await session.findByText(mailbox, { rights: Right.read });
      await keys.replace(user, entry.id);
      reply.completed('New key', 'URLMECH INTERNAL');
    },
  });
}
