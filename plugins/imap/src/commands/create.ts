import {
  administers,
  type CommandLine,
  type CommandParameter,
  type CreateMailbox,
  defineImapCommand,
  type ImapCommand,
  isMailError,
  type MailboxEntry,
  type MailboxName,
  MailError,
  ownerOf,
  parentOf,
} from '@angarium/sdk';
import { tellNormalised } from '../listing/normalised.js';
import type { Features } from '../registry.js';
import { ownSession, type Session } from '../session.js';
import { type GivenParameter, parameterList } from './parameters.js';

interface CreateArguments {
  readonly mailbox: string;
  readonly parameters: readonly GivenParameter[];
  /** Cyrus's form for administrators: `CREATE mailbox partition`. */
  readonly partition: string | undefined;
}

/** RFC 3501 §6.3.3; parameters RFC 4466 §2.2. */
export function createCommand(features: Features): ImapCommand<CreateArguments> {
  return defineImapCommand({
    name: 'CREATE',
    rfc: 'RFC 3501 §6.3.3',
    states: ['authenticated', 'selected'],
    parse(line) {
      line.sp();
      const mailbox = line.mailbox();
      const partition = tryPartition(line);
      const parameters = line.peek() === '(' ? parameterList(line, features, 'CREATE') : [];
      return { mailbox, partition, parameters };
    },
    async run({ session, reply }, { mailbox, parameters, partition }) {
      const own = ownSession(session);
      const name = own.namespace.fromClient(mailbox);
      let asked: CreateMailbox = {};
      if (partition !== undefined) asked = { partition: permittedPartition(own, name, partition) };
      for (const { parameter, args } of parameters) {
        asked = (await parameter.onCreate?.(own, asked, args, name)) ?? asked;
      }
      const parent = await makeRoom(own, name, 'CREATE');
      const options = { ...optionsBelow(own, name, parent), ...asked };
      const { id } = await own.store.catalogue.create(name, options, own.origin('CREATE'));
      // RFC 8474 §4.1.
      reply.completed('Completed', `MAILBOXID (${id})`);
      tellNormalised(own, reply, name, mailbox);
    },
  });
}

/** `SP astring` at the end of CREATE and RENAME: where administrators of Cyrus name the partition. */
export function tryPartition(line: CommandLine): string | undefined {
  if (line.isAtEnd) return undefined;
  line.sp();
  return line.peek() === '(' ? undefined : line.astring();
}

/** @throws MailError NOPERM, CANNOT */
export function permittedPartition(session: Session, name: MailboxName, partition: string): string {
  if (!administers(session.identity, name.domain)) throw new MailError('NOPERM', 'Permission denied');
  if (!session.store.partitions.includes(partition)) throw new MailError('CANNOT', 'Unknown partition');
  return partition;
}

/** `CREATE mailbox (PARTITION name)`, as newer versions of Cyrus have it. */
export const partitionParameter: CommandParameter = {
  command: 'CREATE',
  name: 'PARTITION',
  parse(line) {
    line.sp();
    return line.astring();
  },
  onCreate: (session, options, args, name) => ({
    ...options,
    partition: permittedPartition(ownSession(session), name, args as string),
  }),
};

/**
 * Sees to it that `name` can be created: it is not there, the user may, and its ancestors exist (RFC 3501 §6.3.3: missing ones
 * are created). Answers the parent. @throws MailError ALREADYEXISTS, NOPERM, CANNOT
 */
export async function makeRoom(
  session: Session,
  name: MailboxName,
  operation: string,
): Promise<MailboxEntry | undefined> {
  const { store, access, identity } = session;
  const { catalogue } = store;
  const there = await catalogue.find(name);
  if (there !== undefined) {
    if (session.canSee(there)) throw new MailError('ALREADYEXISTS', 'Mailbox already exists');
    throw new MailError('NOPERM', 'Permission denied');
  }
  await session.refer(name);
  const missing: MailboxName[] = [];
  let parent: MailboxEntry | undefined;
  for (let up = parentOf(name); up !== undefined; up = parentOf(up)) {
    parent = await catalogue.find(up);
    if (parent !== undefined) break;
    missing.unshift(up);
  }
  checkTop(session, name, parent);
  if (!access.mayCreate(identity, name, parent)) throw new MailError('NOPERM', 'Permission denied');
  for (const ancestor of missing) parent = await createAncestor(session, ancestor, parent, operation);
  return parent;
}

/** An INBOX comes with its account: nobody makes his own, and nobody makes folders where there is none. */
function checkTop(session: Session, name: MailboxName, parent: MailboxEntry | undefined): void {
  const owner = ownerOf(name);
  if (owner === undefined || parent !== undefined) return;
  const isInbox = name.path.length === 0;
  if (!isInbox) throw new MailError('NOPERM', 'Permission denied');
  if (owner === session.identity.user) throw new MailError('CANNOT', 'INBOX cannot be created');
}

async function createAncestor(
  session: Session,
  name: MailboxName,
  parent: MailboxEntry | undefined,
  operation: string,
): Promise<MailboxEntry | undefined> {
  const { catalogue } = session.store;
  try {
    return await catalogue.create(name, optionsBelow(session, name, parent), session.origin(operation));
  } catch (error) {
    // Somebody else has made it meanwhile.
    if (isMailError(error) && error.code === 'ALREADYEXISTS') return catalogue.find(name);
    throw error;
  }
}

/** What a mailbox takes over from its parent. */
export function optionsBelow(
  session: Session,
  name: MailboxName,
  parent: MailboxEntry | undefined,
): CreateMailbox {
  const acl = session.access.initialAcl(session.identity, name, parent);
  if (parent === undefined) return { acl };
  const { partition, quotaRoot } = parent;
  return quotaRoot === undefined ? { acl, partition } : { acl, partition, quotaRoot };
}
