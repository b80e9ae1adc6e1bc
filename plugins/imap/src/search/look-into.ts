/** A session whose selected mailbox is another one, for searches across mailboxes (RFC 7377). */
import {
  type ImapSession,
  type MailboxEntry,
  NumberSet,
  type SelectedMailbox,
  type SequenceSet,
} from '@angarium/sdk';
import { resolveSet } from '../view/index.js';

/** Claims nothing and tells nothing: no message is \Recent to it, and it stands still. */
export async function lookInto(session: ImapSession, entry: MailboxEntry): Promise<ImapSession> {
  const mailbox = session.store.mailbox(entry.id, session.identity.user);
  const view = await mailbox.snapshot();
  const recentFrom = await mailbox.recentFrom();
  const resolve = (set: SequenceSet, isUid: boolean): NumberSet =>
    resolveSet(view, set, isUid, NumberSet.empty);
  const selected: SelectedMailbox = {
    entry,
    mailbox,
    isReadOnly: true,
    rights: session.access.rights(session.identity, entry),
    view,
    resolve,
    uids: (set, isUid) => view.uidsAt(resolve(set, isUid)),
    recentFrom,
    isRecent: (uid) => uid >= recentFrom,
    ghosts: NumberSet.empty,
    sync: async () => {},
    ownFlagChange: () => {},
    savedResult: NumberSet.empty,
  };
  return Object.create(session, { selected: { value: selected }, state: { value: 'selected' } });
}
