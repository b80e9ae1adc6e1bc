import { defineImapCommand, type ImapCommand, MailError, Right } from '@angarium/sdk';
import type { MessageEnvironment } from './environment.js';
import { newestUids, tellInPart } from './message-limit.js';
import { requireWritable } from './targets.js';
import { copyUid, findTarget, parseTransfer, type TransferArguments, transferOptions } from './transfer.js';

/** What COPY, STORE +FLAGS \Deleted and EXPUNGE need together (RFC 6851 §4.2). */
const neededRights = Right.read | Right.deleteMessages | Right.expunge;

/** MOVE and UID MOVE: RFC 6851 §3. */
export function moveCommand({ limits }: MessageEnvironment): ImapCommand<TransferArguments> {
  return defineImapCommand({
    name: 'MOVE',
    rfc: 'RFC 6851 §3.1',
    states: ['selected'],
    hasUidForm: true,
    usesNumbers: true,
    parse: parseTransfer,
    async run(context, { set, mailbox }) {
      const { session, reply, isUid } = context;
      const { selected } = session;
      requireWritable(selected);
      if ((selected.rights & neededRights) !== neededRights)
        throw new MailError('NOPERM', 'Permission denied');
      const target = await findTarget(context, mailbox);
      await selected.sync(reply, { mayExpunge: false, withUid: isUid });
      const uids = selected.uids(set, isUid).minus(selected.ghosts);
      if (uids.isEmpty) return reply.completed('No matching messages, so nothing moved');
      const limited = newestUids(limits?.messageLimit, uids);
      const moved = await selected.mailbox.moveTo(
        limited.left,
        target.id,
        transferOptions(context, target, 'MOVE'),
      );
      // Ahead of the EXPUNGEs, so that the client knows where the messages have gone (RFC 6851 §4.3).
      const code = copyUid(context, target, moved);
      if (code !== undefined) reply.status('OK', 'Moved', code);
      await selected.sync(reply, { mayExpunge: true, withUid: isUid });
      const hasModSeq = session.enabled.has('CONDSTORE');
      tellInPart(reply, limited, hasModSeq);
      if (hasModSeq) reply.completed('Completed', `HIGHESTMODSEQ ${moved.expungeModSeq}`);
    },
  });
}
