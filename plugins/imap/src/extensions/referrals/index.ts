/** LOGIN-REFERRALS (RFC 2221) and MAILBOX-REFERRALS (RFC 2193). The referrals themselves: referral.ts, commands/enter.ts, session.ts. */
import {
  type CommandLine,
  defineImapCommand,
  type ImapCommand,
  type ImapExtension,
  type MailboxName,
  type Referrals,
} from '@angarium/sdk';
import { patternsOf } from '../../listing/list.js';
import { type LsubArguments, lsub } from '../../listing/lsub.js';
import type { ListArguments } from '../../listing/options.js';
import { walk } from '../../listing/walk.js';
import { ownSession, type Session } from '../../session.js';
import { nextTurn, Output } from '../../view/index.js';
import { mailboxText, quoteString } from '../../wire/index.js';

export function loginReferralsExtension(): ImapExtension {
  return { name: 'LOGIN-REFERRALS', capabilities: [{ word: 'LOGIN-REFERRALS' }] };
}

/** Lines for what is elsewhere and not here: the local command has told the rest. */
async function tellRemote(
  session: Session,
  out: Output,
  verb: 'LIST' | 'LSUB',
  names: readonly MailboxName[],
  { reference, pattern }: LsubArguments,
): Promise<void> {
  const { namespace, usesUtf8 } = session;
  const here = new Set<string>();
  const local =
    verb === 'LIST'
      ? await Promise.all(names.map((name) => session.store.catalogue.find(name)))
      : await session.store.catalogue.subscriptions(session.identity.user);
  for (const one of local) {
    const name = one === undefined ? undefined : 'name' in one ? one.name : one;
    if (name !== undefined) here.add(namespace.toClient(name));
  }
  const remote = names
    .map((name) => ({ text: namespace.toClient(name), item: name }))
    .filter(({ text }) => !here.has(text));
  const patterns = patternsOf(session, reference, [pattern]);
  for (const { text, item } of walk(remote, { patterns, separator: namespace.separator })) {
    // Levels above are shown where nothing of this server has that name.
    if (item === undefined && here.has(text)) continue;
    const attributes = item === undefined ? '\\Noselect' : '';
    out.text += `* ${verb} (${attributes}) ${quoteString(namespace.separator)} ${mailboxText(text, usesUtf8)}\r\n`;
    if (!out.hasEnough) continue;
    await out.pass();
    await nextTurn();
  }
  await out.pass();
}

function parsePlain(line: CommandLine): LsubArguments {
  line.sp();
  const reference = line.mailbox();
  line.sp();
  return { reference, pattern: line.listMailbox() };
}

/** RFC 2193 §5.1, §5.2: as LIST and LSUB, and what is elsewhere as well. */
export function mailboxReferralsExtension(
  referrals: Referrals,
  list: ImapCommand<ListArguments>,
): ImapExtension {
  const states = ['authenticated', 'selected'] as const;
  const rlist = defineImapCommand({
    name: 'RLIST',
    rfc: 'RFC 2193 §5.1',
    states,
    parse: parsePlain,
    async run(context, args) {
      const { reference, pattern } = args;
      await list.run(context, {
        reference,
        patterns: [pattern],
        selection: [],
        returns: [],
        isExtended: false,
      });
      if (pattern === '') return;
      const session = ownSession(context.session);
      const names = await referrals.names(session.identity, 'all');
      await tellRemote(session, new Output(context.reply), 'LIST', names, args);
    },
  });
  const rlsub = defineImapCommand({
    name: 'RLSUB',
    rfc: 'RFC 2193 §5.2',
    states,
    parse: parsePlain,
    async run(context, args) {
      await lsub.run(context, args);
      const session = ownSession(context.session);
      const names = await referrals.names(session.identity, 'subscribed');
      await tellRemote(session, new Output(context.reply), 'LSUB', names, args);
    },
  });
  return {
    name: 'MAILBOX-REFERRALS',
    capabilities: [{ word: 'MAILBOX-REFERRALS', states }],
    commands: [rlist, rlsub],
  };
}
