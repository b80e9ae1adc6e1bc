/** From a login to an open maildrop: where it is, may it be opened, is it free? */
import {
  type Identity,
  isMailError,
  type Mailbox,
  type MailboxEntry,
  type MailboxName,
  ownerOf,
  personalMailbox,
  Right,
  type Rights,
  sameMailbox,
} from '@angarium/sdk';
import type { OpenedDrop } from '../drop-session.js';
import type { Pop3Environment } from '../environment.js';
import { Pop3Refusal } from '../replies.js';
import type { DropLock } from './lock.js';
import { Maildrop } from './maildrop.js';
import { showAfter } from './show-after.js';

/** What of the session matters here. */
export interface OpenRequest {
  readonly identity: Identity;
  /** Of `user+folder`. */
  readonly folder: string | undefined;
  readonly sessionId: string;
  onLockLost(): void;
}

/** @throws Pop3Refusal, MailError of the store; nothing is locked then */
export async function openDrop(environment: Pop3Environment, request: OpenRequest): Promise<OpenedDrop> {
  const { identity } = request;
  await refuseForeign(environment, identity);
  const entry = await findMailbox(environment, request);
  const rights = rightsOn(environment, identity, entry);
  const loginMs = environment.clock.now();
  const lock = await environment.locks.acquire(entry.id, () => request.onLockLost());
  try {
    const lastPoll = await checkPoll(environment, entry, loginMs);
    const mailbox = environment.store.mailbox(entry.id, identity.user);
    const maildrop = await readMaildrop(environment, entry, mailbox);
    return { identity, entry, mailbox, maildrop, rights, lock, loginMs, lastPoll };
  } catch (error) {
    await giveBack(lock, environment);
    throw error;
  }
}

async function refuseForeign({ referrals }: Pop3Environment, identity: Identity): Promise<void> {
  const home = await referrals?.home(identity);
  if (home === undefined || home.mayStay) return;
  throw new Pop3Refusal('SYS/PERM', `Your maildrop is on another server: ${home.server}`);
}

async function findMailbox(environment: Pop3Environment, request: OpenRequest): Promise<MailboxEntry> {
  const { identity, folder } = request;
  const name =
    folder === undefined ? personalMailbox(identity.user) : folderName(environment, identity, folder);
  const found = await environment.store.catalogue.find(name);
  if (found !== undefined) return found;
  const entry = folder === undefined ? await createInbox(environment, request, name) : undefined;
  if (entry === undefined) throw new Pop3Refusal('SYS/PERM', 'There is no such maildrop');
  return entry;
}

/** @throws Pop3Refusal for what is no folder of this user's INBOX */
function folderName({ namespace }: Pop3Environment, identity: Identity, folder: string): MailboxName {
  const view = namespace.view(identity);
  try {
    const name = view.fromClient((view.personal ?? '') + folder);
    if (ownerOf(name) === identity.user && !sameMailbox(name, personalMailbox(identity.user))) return name;
  } catch (error) {
    if (!isMailError(error)) throw error;
  }
  throw new Pop3Refusal('SYS/PERM', 'There is no such maildrop');
}

/**
 * A plugin that makes INBOXes has done so, or refused, when the login was authorised. Administrators have mail only if somebody
 * gives them a mailbox, as in Cyrus.
 */
async function createInbox(
  { config, provisions, access, store }: Pop3Environment,
  { identity, sessionId }: OpenRequest,
  name: MailboxName,
): Promise<MailboxEntry | undefined> {
  const isOrdinary = !identity.isAnonymous && identity.admin === 'none';
  if (!config.autocreateInbox || provisions.items.length > 0 || !isOrdinary) return undefined;
  const acl = access.initialAcl(identity, name, undefined);
  const origin = { identity, via: 'pop3', session: sessionId, operation: 'AUTOCREATE' };
  try {
    const entry = await store.catalogue.create(name, { acl }, origin);
    await store.catalogue.subscribe(identity.user, name);
    return entry;
  } catch (error) {
    if (isMailError(error) && error.code === 'ALREADYEXISTS') return store.catalogue.find(name);
    throw error;
  }
}

/** @throws Pop3Refusal without the right to read */
function rightsOn({ access, config }: Pop3Environment, identity: Identity, entry: MailboxEntry): Rights {
  const whole = Right.read | Right.seen | Right.deleteMessages | Right.expunge;
  const rights = config.useAcl ? access.rights(identity, entry) : whole;
  if ((rights & Right.read) !== 0) return rights;
  throw new Pop3Refusal('SYS/PERM', 'You may not read this maildrop');
}

/** @throws Pop3Refusal LOGIN-DELAY */
async function checkPoll(
  { polls, records }: Pop3Environment,
  { id }: MailboxEntry,
  nowMs: number,
): Promise<number | undefined> {
  if (!polls.isOn) return undefined;
  const value = await records.get({ mailbox: id }, 'poll');
  const last = value === undefined ? undefined : Number(Buffer.from(value).toString('latin1'));
  if (polls.allows(last, nowMs)) return last;
  const minutes = polls.minutes === 1 ? 'a minute' : `${polls.minutes} minutes`;
  throw new Pop3Refusal('LOGIN-DELAY', `Logins must be at least ${minutes} apart`);
}

async function readMaildrop(
  { config }: Pop3Environment,
  entry: MailboxEntry,
  mailbox: Mailbox,
): Promise<Maildrop> {
  if (config.useImapFlags) await mailbox.claimRecent();
  const selection = { hidesDeleted: config.useImapFlags, showAfter: showAfter(entry) };
  return new Maildrop(await mailbox.snapshot(), selection);
}

async function giveBack(lock: DropLock, { log }: Pop3Environment): Promise<void> {
  try {
    await lock.release();
  } catch (error) {
    // Nobody renews it, and this process does not know it any more: the next one takes it.
    log.warn('the lock of a maildrop could not be given back', { err: error });
  }
}
