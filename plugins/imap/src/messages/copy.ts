import { defineImapCommand, type ImapCommand, MailError, Right } from '@angarium/sdk';
import type { MessageEnvironment } from './environment.js';
import { requireWithin } from './message-limit.js';
import { copyUid, findTarget, parseTransfer, type TransferArguments, transferOptions } from './transfer.js';

/** COPY and UID COPY: RFC 3501 §6.4.7, COPYUID of RFC 4315 §3. */
export function copyCommand({ limits }: MessageEnvironment): ImapCommand<TransferArguments> {
  return defineImapCommand({
    name: 'COPY',
    rfc: 'RFC 3501 §6.4.7',
    states: ['selected'],
    hasUidForm: true,
    usesNumbers: true,
    parse: parseTransfer,
    async run(context, { set, mailbox }) {
      const { session, reply, isUid } = context;
      const { selected } = session;
      if (!(selected.rights & Right.read)) throw new MailError('NOPERM', 'Permission denied');
      const target = await findTarget(context, mailbox);
      // Numbers mean what the client knows now; expunges are told at the end (RFC 2180 §4.4.2).
      await selected.sync(reply, { mayExpunge: false, withUid: isUid });
      const uids = selected.uids(set, isUid);
      // RFC 2180 §4.4.1, and all or nothing (RFC 3501 §6.4.7).
      if (!isUid && !uids.intersect(selected.ghosts).isEmpty)
        throw new MailError('EXPUNGEISSUED', 'Some of the messages have been expunged');
      const present = uids.minus(selected.ghosts);
      if (present.isEmpty) return reply.completed('No matching messages, so nothing copied');
      requireWithin(limits?.saveLimit, present);
      const options = transferOptions(context, target, 'COPY');
      const copied = await selected.mailbox.copyTo(present, target.id, options);
      reply.completed('Completed', copyUid(context, target, copied));
    },
  });
}
