import {
  type ImapListing,
  type ImapReply,
  type ImapSession,
  injectable,
  type MailboxName,
  sameMailbox,
} from '@angarium/sdk';
import { ownSession } from '../session.js';
import { nextTurn, Output } from '../view/index.js';
import { mailboxText, quoteString } from '../wire/index.js';
import { patternsOf, tellRoot } from './list.js';
import { visibleNames } from './names.js';
import { walk } from './walk.js';

/** Names told between turns of other sessions. */
const SLICE = 250;

/** LIST for extensions that bring commands and responses of its sort (XLIST, RLIST, NOTIFY). */
@injectable()
export class ListingProvider implements ImapListing {
  async list(
    of: ImapSession,
    reply: ImapReply,
    { reference, pattern, word, attributes }: Parameters<ImapListing['list']>[2],
  ): Promise<void> {
    const session = ownSession(of);
    if (pattern === '') return tellRoot(session, reply, reference, word);
    const { separator } = session.namespace;
    const patterns = patternsOf(session, reference, [pattern]);
    const out = new Output(reply);
    const middle = quoteString(separator);
    let told = 0;
    for (const { text, item, hasChildren } of walk(await visibleNames(session, patterns), {
      patterns,
      separator,
    })) {
      const words = [hasChildren ? '\\HasChildren' : '\\HasNoChildren'];
      if (item === undefined) words.unshift('\\Noselect');
      else words.push(...(attributes?.(item) ?? []));
      const name = mailboxText(text, session.usesUtf8);
      out.text += `* ${word} (${words.join(' ')}) ${middle} ${name}\r\n`;
      if (++told % SLICE !== 0) continue;
      if (out.hasEnough) await out.pass();
      await nextTurn();
    }
    await out.pass();
  }

  async line(of: ImapSession, reply: ImapReply, name: MailboxName, extended?: string): Promise<string> {
    const session = ownSession(of);
    const { catalogue } = session.store;
    const below = (await catalogue.list({ below: name })).filter((entry) => session.canSee(entry));
    const words: string[] = [];
    if (!below.some((entry) => sameMailbox(entry.name, name))) words.push('\\NonExistent');
    const subscribed = await catalogue.subscriptions(session.identity.user);
    if (subscribed.some((one) => sameMailbox(one, name))) words.push('\\Subscribed');
    const hasChildren = below.some((entry) => !sameMailbox(entry.name, name));
    words.push(hasChildren ? '\\HasChildren' : '\\HasNoChildren');
    const line = `LIST (${words.join(' ')}) ${quoteString(session.namespace.separator)} ${reply.mailbox(name)}`;
    return extended === undefined ? line : `${line} ${extended}`;
  }
}
