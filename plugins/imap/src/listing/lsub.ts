import { defineImapCommand } from '@angarium/sdk';
import { ownSession } from '../session.js';
import { nextTurn, Output } from '../view/index.js';
import { mailboxText, quoteString } from '../wire/index.js';
import { patternsOf } from './list.js';
import { walk } from './walk.js';

export interface LsubArguments {
  readonly reference: string;
  readonly pattern: string;
}

/**
 * LSUB, RFC 3501 §6.3.9: what the user has subscribed to, whether it is there or not; with `%` at the end also the levels above
 * what does not match itself, as \Noselect.
 */
export const lsub = defineImapCommand({
  name: 'LSUB',
  rfc: 'RFC 3501 §6.3.9',
  states: ['authenticated', 'selected'],
  parse(line): LsubArguments {
    line.sp();
    const reference = line.mailbox();
    line.sp();
    return { reference, pattern: line.listMailbox() };
  },
  async run(context, { reference, pattern }) {
    const session = ownSession(context.session);
    const { namespace, usesUtf8 } = session;
    const subscriptions = await session.store.catalogue.subscriptions(session.identity.user);
    const names = subscriptions.map((name) => ({ text: namespace.toClient(name), item: name }));
    const patterns = patternsOf(session, reference, [pattern]);
    const out = new Output(context.reply);
    const middle = quoteString(namespace.separator);
    for (const { text, item } of walk(names, { patterns, separator: namespace.separator })) {
      const attributes = item === undefined ? '\\Noselect' : '';
      out.text += `* LSUB (${attributes}) ${middle} ${mailboxText(text, usesUtf8)}\r\n`;
      if (!out.hasEnough) continue;
      await out.pass();
      await nextTurn();
    }
    await out.pass();
  },
});
