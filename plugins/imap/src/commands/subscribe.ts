import { defineImapCommand, type ImapCommand } from '@angarium/sdk';
import { ownSession } from '../session.js';

/** RFC 3501 §6.3.6, §6.3.7. As in Cyrus only a mailbox that is there can be subscribed to; its subscription outlives it. */
export const subscriptionCommands: readonly ImapCommand<string>[] = (
  ['SUBSCRIBE', 'UNSUBSCRIBE'] as const
).map((name) =>
  defineImapCommand({
    name,
    rfc: name === 'SUBSCRIBE' ? 'RFC 3501 §6.3.6' : 'RFC 3501 §6.3.7',
    states: ['authenticated', 'selected'],
    parse(line) {
      line.sp();
      return line.mailbox();
    },
    async run({ session }, text) {
      const { catalogue } = session.store;
      const { user } = session.identity;
      const mailbox = session.namespace.fromClient(text);
      if (name === 'UNSUBSCRIBE') {
        await catalogue.unsubscribe(user, mailbox, session.origin(name));
        if ((await catalogue.find(mailbox)) === undefined) await ownSession(session).refer(mailbox);
        return;
      }
      await session.find(mailbox);
      await catalogue.subscribe(user, mailbox, session.origin(name));
    },
  }),
);
