import {
  defineImapCommand,
  type ImapCommand,
  type ImapCommandContext,
  MailError,
  NumberSet,
  Right,
  type SequenceSet,
} from '@angarium/sdk';
import { requireWritable } from './targets.js';

/** Every UID there can be. */
const allUids = NumberSet.range(1, 0xffffffff);

/** EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1). */
export function expungeCommand(): ImapCommand<SequenceSet | undefined> {
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
    run: runExpunge,
  });
}

async function runExpunge(context: ImapCommandContext, set: SequenceSet | undefined): Promise<void> {
  const { session, reply, isUid } = context;
  const { selected } = session;
  requireWritable(selected);
  if (!(selected.rights & Right.expunge)) throw new MailError('NOPERM', 'Permission denied');
  await selected.sync(reply, { mayExpunge: true, withUid: isUid });
  const uids = set === undefined ? allUids : selected.uids(set, true);
  if (uids.isEmpty) return;
  const origin = session.origin('EXPUNGE');
  const { uids: gone, modSeq } = await selected.mailbox.expunge(uids, { onlyDeleted: true, origin });
  await selected.sync(reply, { mayExpunge: true, withUid: isUid });
  // RFC 7162 §3.2.7: for clients that know mod-sequences.
  if (!gone.isEmpty && session.enabled.has('CONDSTORE'))
    reply.completed('Completed', `HIGHESTMODSEQ ${modSeq}`);
}
