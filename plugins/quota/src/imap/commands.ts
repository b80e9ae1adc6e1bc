/** GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208 §4.1; RFC 2087). */
import {
  administers,
  defineImapCommand,
  type ImapCommand,
  type ImapReply,
  type ImapSession,
  type MailboxName,
  MailError,
  mailboxFromKey,
  mailboxKey,
  ownerOf,
  type QuotaLimits,
  Right,
} from '@angarium/sdk';
import { isDomainRoot, type Ledger } from '../ledger.js';
import { resourceNamed, resources, usageOf } from '../resources.js';
import { noRoot, rootFromClient, rootToClient } from './root-names.js';

const states = ['authenticated', 'selected'] as const;

/** What is more cannot be counted exactly; nobody has it. */
const MAX_LIMIT = Number.MAX_SAFE_INTEGER;

export function quotaCommands(
  ledger: Ledger,
): [ImapCommand<string>, ImapCommand<string>, ImapCommand<SetQuota>] {
  return [getQuota(ledger), getQuotaRoot(ledger), setQuota(ledger)];
}

function getQuota(ledger: Ledger): ImapCommand<string> {
  return defineImapCommand({
    name: 'GETQUOTA',
    rfc: 'RFC 9208 §4.1.1',
    states,
    parse(line) {
      line.sp();
      return line.mailbox();
    },
    async run({ session, reply }, text) {
      const { name } = rootFromClient(session, text);
      await checkMaySee(session, name);
      const limits = await ledger.limits(mailboxKey(name));
      if (limits === undefined) throw noRoot();
      await tellQuota(ledger, reply, name, limits);
    },
  });
}

/** Administrators, and whoever could learn it by GETQUOTAROOT of the root's own mailbox. */
async function checkMaySee(session: ImapSession, name: MailboxName): Promise<void> {
  const { identity } = session;
  if (administers(identity, name.domain)) return;
  if (isDomainRoot(name) || identity.isAnonymous) throw denied();
  const entry = await session.store.catalogue.find(name);
  if (entry === undefined && ownerOf(name) === identity.user) return;
  if (entry === undefined || (session.access.rights(identity, entry) & Right.read) === 0) throw denied();
}

function getQuotaRoot(ledger: Ledger): ImapCommand<string> {
  return defineImapCommand({
    name: 'GETQUOTAROOT',
    rfc: 'RFC 9208 §4.1.2',
    states,
    parse(line) {
      line.sp();
      return line.mailbox();
    },
    async run({ session, reply }, text) {
      const name = session.namespace.fromClient(text);
      const root = await rootFor(ledger, session, name);
      const limits = root === undefined ? undefined : await ledger.limits(root);
      if (root === undefined || limits === undefined) {
        reply.untagged(`QUOTAROOT ${reply.mailbox(name)}`);
        return;
      }
      const rootName = mailboxFromKey(root);
      reply.untagged(`QUOTAROOT ${reply.mailbox(name)} ${rootToClient(reply, rootName)}`);
      await tellQuota(ledger, reply, rootName, limits);
    },
  });
}

/** Of a mailbox that is there, or that would be made (RFC 9208 §4.1.2): the root that would count it. */
async function rootFor(ledger: Ledger, session: ImapSession, name: MailboxName): Promise<string | undefined> {
  const { identity } = session;
  const isAdmin = administers(identity, name.domain);
  const entry = await session.store.catalogue.find(name);
  if (entry !== undefined) {
    if (!isAdmin) await session.find(name, Right.read);
    return entry.quotaRoot;
  }
  if (!isAdmin && (identity.isAnonymous || ownerOf(name) !== identity.user))
    throw new MailError('NONEXISTENT', 'Mailbox does not exist');
  return await ledger.nearestRoot(name);
}

interface SetQuota {
  readonly root: string;
  /** Names as sent, upper case. */
  readonly limits: readonly { readonly name: string; readonly limit: number }[];
}

function setQuota(ledger: Ledger): ImapCommand<SetQuota> {
  return defineImapCommand({
    name: 'SETQUOTA',
    rfc: 'RFC 9208 §4.1.3',
    states,
    parse(line): SetQuota {
      line.sp();
      const root = line.mailbox();
      line.sp();
      const limits = line.list(() => {
        const name = line.keyword();
        line.sp();
        return { name, limit: line.number64() };
      }, 0);
      return { root, limits };
    },
    async run({ session, reply }, { root, limits }) {
      const { identity, store } = session;
      if (identity.admin === 'none') throw denied();
      const { name, isForced } = rootFromClient(session, root);
      if (!administers(identity, name.domain)) throw denied();
      const wanted = toLimits(limits);
      if (!isForced && (await store.catalogue.find(name)) === undefined)
        throw new MailError('NONEXISTENT', 'Mailbox does not exist');
      await ledger.setLimits(mailboxKey(name), wanted);
      await tellQuota(ledger, reply, name, wanted);
    },
  });
}

/** @throws MailError CANNOT for a resource that is not counted here */
function toLimits(given: SetQuota['limits']): QuotaLimits {
  const limits: { -readonly [K in keyof QuotaLimits]: QuotaLimits[K] } = {};
  for (const { name, limit } of given) {
    const resource = resourceNamed(name);
    if (resource === undefined) throw new MailError('CANNOT', 'Unsupported quota resource');
    limits[resource.key] = Math.min(limit * resource.unit, MAX_LIMIT);
  }
  return limits;
}

/** `QUOTA root (STORAGE 10 512 …)`: what is limited, in the protocol's units (RFC 9208 §4.2.1). */
async function tellQuota(
  ledger: Ledger,
  reply: ImapReply,
  name: MailboxName,
  limits: QuotaLimits,
): Promise<void> {
  const used = await usageOf(ledger.store, mailboxKey(name));
  const texts = resources.flatMap(({ name: resource, key, unit }) => {
    const limit = limits[key];
    return limit === undefined
      ? []
      : [`${resource} ${Math.floor(used[key] / unit)} ${Math.floor(limit / unit)}`];
  });
  reply.untagged(`QUOTA ${rootToClient(reply, name)} (${texts.join(' ')})`);
}

function denied(): MailError {
  return new MailError('NOPERM', 'Permission denied');
}
