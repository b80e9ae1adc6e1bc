import {
  administers,
  defineImapCommand,
  type ImapCommand,
  type ImapExtension,
  isBelow,
  isMailError,
  type MailboxEntry,
  type MailboxName,
  MailError,
  NumberSet,
  ownerOf,
  type Renamed,
  Right,
  type Rights,
  sameMailbox,
} from '@angarium/sdk';
import { isNormalised, tellNormalised } from '../listing/normalised.js';
import { imapUrl, Referral } from '../referral.js';
import { ownSession, type Session } from '../session.js';
import { makeRoom, optionsBelow, permittedPartition, tryPartition } from './create.js';

const ALL_UIDS = NumberSet.range(1, 0xffff_ffff);

interface RenameArguments {
  readonly from: string;
  readonly to: string;
  /** Cyrus's form for administrators: `RENAME a b partition`, where b may be a. */
  readonly partition: string | undefined;
}

/** RFC 3501 §6.3.5. Cyrus up to 3.8 tells each mailbox that it renames with an untagged OK, which is what cyradm shows. */
export const rename = renameCommand('RENAME', (session) => session.identity.admin !== 'none');

/** As newer versions of Cyrus have it: tells each mailbox to whoever asks in this way. */
export const renameExtension: ImapExtension = {
  name: 'XRENAME',
  capabilities: [{ word: 'XRENAME', states: ['authenticated', 'selected'] }],
  commands: [renameCommand('XRENAME', () => true)],
};

function renameCommand(name: string, tellsEach: (session: Session) => boolean): ImapCommand<RenameArguments> {
  return defineImapCommand({
    name,
    rfc: 'RFC 3501 §6.3.5',
    states: ['authenticated', 'selected'],
    parse(line) {
      line.sp();
      const from = line.mailbox();
      line.sp();
      const to = line.mailbox();
      return { from, to, partition: tryPartition(line) };
    },
    async run({ session: of, reply }, texts) {
      const session = ownSession(of);
      const from = session.namespace.fromClient(texts.from);
      const to = session.namespace.fromClient(texts.to);
      await referBoth(session, from, to);
      const partition =
        texts.partition === undefined ? undefined : permittedPartition(session, to, texts.partition);
      const isInbox = from.owner !== undefined && from.path.length === 0;
      let renamed: readonly Renamed[] = [];
      if (partition !== undefined) renamed = await move(session, from, to, partition);
      else if (isInbox && ownerOf(from) === session.identity.user) await moveInbox(session, from, to);
      else if (isInbox || (to.owner !== undefined && to.path.length === 0)) {
        throw new MailError('CANNOT', 'Operation is not supported on mailbox');
      } else renamed = await renameTree(session, from, to);
      if (!isNormalised(session, texts.from, from) || !isNormalised(session, texts.to, to))
        tellNormalised(session, reply, to, texts.from);
      if (!tellsEach(session)) return;
      for (const { from: old, entry } of renamed)
        reply.status('OK', `rename ${reply.mailbox(old)} ${reply.mailbox(entry.name)}`);
    },
  });
}

/** To another partition, and with that to another name or not. */
async function move(
  session: Session,
  from: MailboxName,
  to: MailboxName,
  partition: string,
): Promise<readonly Renamed[]> {
  const origin = session.origin('RENAME');
  await session.find(from, Right.lookup);
  if (!sameMailbox(from, to)) {
    await session.find(from, neededToMove(session, from));
    await makeRoom(session, to, 'RENAME');
  }
  return session.store.catalogue.rename(from, to, { partition }, origin);
}

/** RFC 2193 §4.3: pairs of old and new, when one of the two is elsewhere. */
async function referBoth(session: Session, from: MailboxName, to: MailboxName): Promise<void> {
  const { services, identity, namespace, store } = session;
  if (services.referrals === undefined) return;
  const urlsIfElsewhere = async (name: MailboxName): Promise<readonly string[]> =>
    (await store.catalogue.find(name)) === undefined ? session.urlsOf(name) : [];
  const [old, target] = await Promise.all([urlsIfElsewhere(from), urlsIfElsewhere(to)]);
  if (old.length + target.length === 0) return;
  const here = (name: MailboxName): string =>
    imapUrl(identity.user, services.host.serverName, namespace.toClient(name));
  throw new Referral([old[0] ?? here(from), target[0] ?? here(to)]);
}

/** Its messages go, the INBOX and what is below it stay (RFC 3501 §6.3.5). */
async function moveInbox(session: Session, inbox: MailboxName, to: MailboxName): Promise<void> {
  const source = await session.find(inbox, Right.read | Right.deleteMessages | Right.expunge);
  const parent = await makeRoom(session, to, 'RENAME');
  const origin = session.origin('RENAME');
  const target = await session.store.catalogue.create(to, optionsBelow(session, to, parent), origin);
  const viewer = session.identity.user;
  try {
    await session.store.mailbox(source.id, viewer).moveTo(ALL_UIDS, target.id, { viewer, origin });
  } catch (error) {
    // Nothing was moved: what was made for it goes again.
    await session.store.catalogue.delete(to, { immediate: true }, origin);
    throw error;
  }
  // The INBOX keeps its notes, the new mailbox gets them as well (RFC 5464 §4.1).
  const { catalogue } = session.store;
  for (const user of [undefined, viewer]) {
    const entries = await catalogue.metadata(source.id, user);
    if (entries.size > 0) await catalogue.setMetadata(target.id, user, entries, origin);
  }
}

async function renameTree(session: Session, from: MailboxName, to: MailboxName): Promise<readonly Renamed[]> {
  if (sameMailbox(from, to)) throw new MailError('ALREADYEXISTS', 'Mailbox already exists');
  if (isBelow(to, from)) throw new MailError('CANNOT', 'A mailbox cannot be moved below itself');
  const entry = await findOrContainer(session, from);
  if (entry === undefined) return renameContainer(session, from, to);
  await makeRoom(session, to, 'RENAME');
  return session.store.catalogue.rename(from, to, {}, session.origin('RENAME'));
}

/** Undefined: there is no such mailbox, but there are some below it. */
async function findOrContainer(session: Session, name: MailboxName): Promise<MailboxEntry | undefined> {
  try {
    return await session.find(name, neededToMove(session, name));
  } catch (error) {
    if (!isMailError(error) || error.code !== 'NONEXISTENT') throw error;
    const below = await topmostBelow(session, name);
    if (!below.some((entry) => session.canSee(entry))) throw error;
    return undefined;
  }
}

/** Administrators move what they see, as in Cyrus: nothing is lost by it. */
function neededToMove({ identity }: Session, name: MailboxName): Rights {
  return administers(identity, name.domain) ? Right.lookup : Right.delete;
}

/** A \Noselect name: what is below it is renamed (RFC 3501 §6.3.5, first example). */
async function renameContainer(
  session: Session,
  from: MailboxName,
  to: MailboxName,
): Promise<readonly Renamed[]> {
  const { catalogue } = session.store;
  const moves = (await topmostBelow(session, from)).map((entry) => ({
    from: entry.name,
    to: { ...to, path: [...to.path, ...entry.name.path.slice(from.path.length)] },
  }));
  for (const move of moves) {
    await session.find(move.from, neededToMove(session, move.from));
    if (await catalogue.find(move.to)) throw new MailError('ALREADYEXISTS', 'Mailbox already exists');
  }
  const renamed: Renamed[] = [];
  for (const move of moves) {
    await makeRoom(session, move.to, 'RENAME');
    renamed.push(...(await catalogue.rename(move.from, move.to, {}, session.origin('RENAME'))));
  }
  return renamed;
}

/** Those below a name that have no other above them. In the catalogue's order a parent comes right before its children. */
async function topmostBelow(session: Session, name: MailboxName): Promise<MailboxEntry[]> {
  const topmost: MailboxEntry[] = [];
  for (const entry of await session.store.catalogue.list({ below: name })) {
    const last = topmost.at(-1);
    if (!sameMailbox(entry.name, name) && (last === undefined || !isBelow(entry.name, last.name)))
      topmost.push(entry);
  }
  return topmost;
}
