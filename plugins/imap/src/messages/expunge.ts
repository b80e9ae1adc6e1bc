import {
  defineImapCommand,
  Flag,
  type ImapCommand,
  type ImapCommandContext,
  MailError,
  NumberSet,
  Right,
  type SelectedMailbox,
  type SequenceSet,
} from '@angarium/sdk';
import type { MessageEnvironment } from './environment.js';
import { type MessageLimit, newestUids, tellInPart } from './message-limit.js';
import { requireWritable } from './targets.js';

/** Every UID there can be. */
const allUids = NumberSet.range(1, 0xffffffff);

/** EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1). */
export function expungeCommand({ limits }: MessageEnvironment): ImapCommand<SequenceSet | undefined> {
  return defineImapCommand({
    name: 'EXPUNGE',
    rfc: 'RFC 3501 §6.4.3',
    states: ['selected'],
    hasUidForm: true,
    mayExpunge: true,
    parse(line, isUid) {
      if (!isUid) {
        line.end();
        return undefined;
      }
      line.sp();
      const set = line.sequenceSet();
      line.end();
      return set;
    },
    run: (context, set) => runExpunge(context, set, limits?.messageLimit),
  });
}

async function runExpunge(
  context: ImapCommandContext,
  set: SequenceSet | undefined,
  limit: MessageLimit,
): Promise<void> {
  const { session, reply, isUid } = context;
  const { selected } = session;
  requireWritable(selected);
  if (!(selected.rights & Right.expunge)) throw new MailError('NOPERM', 'Permission denied');
  await selected.sync(reply, { mayExpunge: true, withUid: isUid });
  // EXPUNGE itself has no limit: its client could not go on from where it ended.
  const limited =
    set === undefined
      ? { left: allUids, code: undefined }
      : limit === undefined
        ? { left: selected.uids(set, true), code: undefined }
        : newestUids(limit, deletedOf(selected, set));
  const uids = limited.left;
  if (uids.isEmpty) return;
  const origin = session.origin('EXPUNGE');
  const { uids: gone, modSeq } = await selected.mailbox.expunge(uids, { onlyDeleted: true, origin });
  await selected.sync(reply, { mayExpunge: true, withUid: isUid });
  // RFC 7162 §3.2.7: for clients that know mod-sequences.
  const hasModSeq = !gone.isEmpty && session.enabled.has('CONDSTORE');
  tellInPart(reply, limited, hasModSeq);
  if (hasModSeq) reply.completed('Completed', `HIGHESTMODSEQ ${modSeq}`);
}

/** Those of the set that are to go. */
function deletedOf(selected: SelectedMailbox, set: SequenceSet): NumberSet {
  const uids: number[] = [];
  selected.view.eachRun(selected.resolve(set, true), (chunk, from, to) => {
    for (let at = from; at < to; at++)
      if ((chunk.flags[at]! & Flag.deleted) !== 0) uids.push(chunk.uids[at]!);
  });
  return NumberSet.fromAscending(uids);
}
