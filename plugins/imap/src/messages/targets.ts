import {
  type ImapReply,
  MailError,
  type NumberSet,
  type SelectedMailbox,
  type SequenceSet,
} from '@angarium/sdk';
import { canChange } from '../view/index.js';

/** Messages a command is about. */
export interface Targets {
  /** Into the view. */
  readonly indexes: NumberSet;
  readonly uids: NumberSet;
  /** Of these, those that another session has expunged; told as soon as it may be (RFC 2180 §4). */
  readonly gone: NumberSet;
}

/** Looks at the store first, so that what others have expunged is known. */
export async function targetsOf(
  selected: SelectedMailbox,
  reply: ImapReply,
  set: SequenceSet,
  isUid: boolean,
): Promise<Targets> {
  await selected.sync(reply, { mayExpunge: isUid, withUid: isUid });
  const indexes = selected.resolve(set, isUid);
  const all = selected.view.uidsAt(indexes);
  return { indexes, uids: all.minus(selected.ghosts), gone: all.intersect(selected.ghosts) };
}

/** @throws MailError NOPERM where the user may change nothing, CANNOT for a mailbox opened by EXAMINE. */
export function requireWritable(selected: SelectedMailbox): void {
  if (!canChange(selected.rights)) throw new MailError('NOPERM', 'Permission denied');
  if (selected.isReadOnly) throw new MailError('CANNOT', 'The mailbox is selected read-only');
}
