import {
  type AppendItem,
  type CommandLine,
  defineImapCommand,
  type ImapExtension,
  MailError,
  NumberSet,
  Right,
} from '@angarium/sdk';
import { appendLimitOf } from '../append/limit.js';
import { mayKnowUids, type Options, parseOptions, permitted, withMore } from '../append/options.js';
import { stageMessage } from '../append/stage.js';
import type { ImapConfig } from '../config.js';
import { MAX_APPENDED_MESSAGES, MAX_APPENDED_RATIO } from '../limits.js';
import { tellNormalised } from '../listing/normalised.js';
import { limitsOf, TooManyMessages } from '../messages/message-limit.js';
import type { Features } from '../registry.js';
import { ownSession } from '../session.js';

/** RFC 3501 §6.3.11; several messages RFC 3502; APPENDUID RFC 4315 §3; CATENATE RFC 4469 §3; literal8 RFC 3516 §4.4. */
function appendCommand(features: Features, config: ImapConfig) {
  const limit = Math.min(MAX_APPENDED_MESSAGES, limitsOf(config).saveLimit ?? MAX_APPENDED_MESSAGES);
  return defineImapCommand({
    name: 'APPEND',
    rfc: 'RFC 3501 §6.3.11',
    states: ['authenticated', 'selected'],
    streaming: true,
    parse(line) {
      line.sp();
      return { mailbox: line.mailbox(), options: parseOptions(line, features) };
    },
    async run({ session: client, line, reply }, { mailbox, options }) {
      const session = ownSession(client);
      const entry = await session.findByText(mailbox, { rights: Right.insert, tryCreate: true });
      const rights = session.rightsOn(entry);
      const maxBytes = appendLimitOf(entry, session.services.config);
      await using stack = new AsyncDisposableStack();
      const items: AppendItem[] = [];
      let bytes = 0;
      for (
        let next: Options | undefined = options;
        next !== undefined;
        next = await nextMessage(line, features)
      ) {
        if (items.length === limit) throw new TooManyMessages(limit);
        const message = stack.use(await stageMessage(session, line, next.form, maxBytes));
        bytes += message.size;
        if (bytes > MAX_APPENDED_RATIO * session.services.config.maxMessageBytes) {
          throw new MailError('TOOBIG', 'Too much for one command');
        }
        items.push(
          withMore(session, entry, next, {
            message,
            flags: permitted(next.flags, rights),
            internalDateMs: next.internalDateMs ?? session.services.clock.now(),
          }),
        );
      }
      const target = { mailbox: entry.id, items, viewer: session.identity.user };
      const [outcome] = await session.store.append([target], session.origin('APPEND'));
      if (!outcome?.ok)
        throw outcome?.error ?? new Error('the store has not said what became of the message');
      tellNormalised(session, reply, entry.name, mailbox);
      if (!mayKnowUids(rights)) return;
      const uids = NumberSet.fromAscending(outcome.uids);
      reply.completed('Completed', `APPENDUID ${outcome.uidValidity} ${uids}`);
    },
  });
}

/** Another message, or undefined at the end of the command. */
async function nextMessage(line: CommandLine, features: Features): Promise<Options | undefined> {
  return line.isAtEnd ? undefined : line.readOn(() => parseOptions(line, features));
}

export function appendExtension(features: Features, config: ImapConfig): ImapExtension {
  return {
    name: 'MULTIAPPEND',
    capabilities: [{ word: 'MULTIAPPEND', states: ['authenticated', 'selected'] }],
    commands: [appendCommand(features, config)],
  };
}
