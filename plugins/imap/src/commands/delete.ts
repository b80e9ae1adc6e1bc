import {
  defineImapCommand,
  type MailboxEntry,
  type MailboxName,
  MailError,
  ownerOf,
  Right,
  sameMailbox,
} from '@angarium/sdk';
import { tellNormalised } from '../listing/normalised.js';
import { ownSession, type Session } from '../session.js';

/** RFC 3501 §6.3.4. */
export const deleteMailbox = defineImapCommand({
  name: 'DELETE',
  rfc: 'RFC 3501 §6.3.4',
  states: ['authenticated', 'selected'],
  parse(line) {
    line.sp();
    return line.mailbox();
  },
  async run(context, text) {
    const session = ownSession(context.session);
    const name = session.namespace.fromClient(text);
    if (name.path.length === 0 && ownerOf(name) === session.identity.user) {
      throw new MailError('CANNOT', 'INBOX cannot be deleted');
    }
    const entry = await findToDelete(session, name);
    const below = await session.store.catalogue.list({ below: name });
    const isInbox = name.owner !== undefined && name.path.length === 0;
    // A user's own tree may lose its trunk (RFC 3501 §6.3.4); a shared one is kept together, as in Cyrus.
    if (name.owner === undefined && below.some((child) => !sameMailbox(child.name, name)))
      throw hasChildren();
    // With its INBOX a user's tree goes.
    const doomed = isInbox ? [...below].reverse().filter(({ id }) => id !== entry.id) : [];
    for (const child of [...doomed, entry]) await remove(session, child);
    tellNormalised(session, context.reply, name, text, ['\\NonExistent']);
  },
});

async function remove(session: Session, entry: MailboxEntry): Promise<void> {
  if (session.state === 'selected' && session.selected.entry.id === entry.id) session.unselect();
  await session.store.catalogue.delete(entry.name, {}, session.origin('DELETE'));
}

/** A name that exists only because something is below it cannot be deleted (RFC 3501 §6.3.4). */
async function findToDelete(session: Session, name: MailboxName): Promise<MailboxEntry> {
  try {
    return await session.find(name, Right.delete);
  } catch (error) {
    if (!(error instanceof MailError) || error.code !== 'NONEXISTENT') throw error;
    const below = await session.store.catalogue.list({ below: name });
    if (below.some((entry) => session.canSee(entry))) throw hasChildren();
    throw error;
  }
}

function hasChildren(): MailError {
  return new MailError('HASCHILDREN', 'Mailbox has children');
}
