import {
  type AppendItem,
  type CommandLine,
  type CommandParameter,
  defineImapCommand,
  type FlagSet,
  type ImapCommandContext,
  type ImapExtension,
  MailError,
  NumberSet,
  normaliseLineEnds,
  Right,
  type StagedMessage,
} from '@angarium/sdk';
import { MAX_APPENDED_MESSAGES, MAX_APPENDED_RATIO } from '../limits.js';
import type { Features } from '../registry.js';
import { ownSession, type Session } from '../session.js';
import { touchableFlags } from '../view/index.js';

/** What stands before a message. */
interface GivenParameter {
  readonly parameter: CommandParameter;
  readonly args: unknown;
}

interface Options {
  /** append-ext (RFC 4466 §4). */
  readonly more: readonly GivenParameter[];
  readonly flags: FlagSet | undefined;
  readonly internalDateMs: number | undefined;
}

/** `[SP flag-list] [SP date-time] SP` up to the literal. */
function parseOptions(line: CommandLine, features: Features): Options {
  line.sp();
  let flags: FlagSet | undefined;
  let internalDateMs: number | undefined;
  if (line.peek() === '(') {
    flags = line.flags();
    line.sp();
  }
  if (line.peek() === '"') {
    internalDateMs = line.dateTime();
    line.sp();
  }
  const more = parseMore(line, features);
  if (!line.isAtLiteral) line.fail('a literal');
  return { flags, internalDateMs, more };
}

/** append-ext: `ANNOTATION (…) ` */
function parseMore(line: CommandLine, features: Features): readonly GivenParameter[] {
  const more: GivenParameter[] = [];
  for (let name = line.tryKeyword(); name !== undefined; name = line.tryKeyword()) {
    const parameter = features.parameter('APPEND', name);
    if (parameter === undefined || more.some((one) => one.parameter === parameter))
      return line.fail('a literal');
    more.push({ parameter, args: parameter.parse?.(line) });
    line.sp();
  }
  return more;
}

/** RFC 3501 §6.3.11; several messages RFC 3502; APPENDUID RFC 4315 §3. */
function appendCommand(features: Features) {
  return defineImapCommand({
    name: 'APPEND',
    rfc: 'RFC 3501 §6.3.11',
    states: ['authenticated', 'selected'],
    streaming: true,
    parse(line) {
      line.sp();
      return { mailbox: line.mailbox(), options: parseOptions(line, features) };
    },
    async run(context, { mailbox, options }) {
      const session = ownSession(context.session);
      const entry = await session.findByText(mailbox, { rights: Right.insert, tryCreate: true });
      const rights = session.rightsOn(entry);
      await using stack = new AsyncDisposableStack();
      const items: AppendItem[] = [];
      let bytes = 0;
      for (
        let next: Options | undefined = options;
        next !== undefined;
        next = await nextMessage(context.line, features)
      ) {
        if (items.length === MAX_APPENDED_MESSAGES) {
          throw new MailError('LIMIT', `At most ${MAX_APPENDED_MESSAGES} messages at once`);
        }
        const message = stack.use(await stageMessage(session, context));
        bytes += message.size;
        if (bytes > MAX_APPENDED_RATIO * session.services.config.maxMessageBytes) {
          throw new MailError('TOOBIG', 'Too much for one command');
        }
        let item: AppendItem = {
          message,
          flags: permitted(next.flags, rights),
          internalDateMs: next.internalDateMs ?? session.services.clock.now(),
        };
        for (const { parameter, args } of next.more)
          item = parameter.onAppend?.(session, entry, item, args) ?? item;
        items.push(item);
      }
      const target = { mailbox: entry.id, items, viewer: session.identity.user };
      const [outcome] = await session.store.append([target], session.origin('APPEND'));
      if (!outcome?.ok)
        throw outcome?.error ?? new Error('the store has not said what became of the message');
      // Who may not select it has no use for its UIDs (RFC 4315 §3).
      if ((rights & Right.read) === 0) return;
      context.reply.completed(
        'Completed',
        `APPENDUID ${outcome.uidValidity} ${NumberSet.fromAscending(outcome.uids)}`,
      );
    },
  });
}

/** Another message, or undefined at the end of the command, which has then been checked. */
async function nextMessage(line: CommandLine, features: Features): Promise<Options | undefined> {
  await line.more();
  if (!line.isAtEnd) return line.readOn(() => parseOptions(line, features));
  return undefined;
}

async function stageMessage(session: Session, { line }: ImapCommandContext): Promise<StagedMessage> {
  const { maxMessageBytes: maxBytes } = session.services.config;
  const literal = line.literalStream();
  if (literal.isBinary) line.fail('a literal that is no literal8');
  // Before the client is asked to send it.
  if (literal.size > maxBytes) throw new MailError('TOOBIG', `A message may have ${maxBytes} octets at most`);
  if (literal.size === 0) throw new MailError('CANNOT', 'A message without any octets cannot be stored');
  // Leniency: bare LF as sent by scripts and some migrations; a stored message has CRLF (RFC 5322 §2.1).
  const bytes = normaliseLineEnds(withoutNul(literal.bytes));
  return session.store.stage(bytes, { maxBytes, sizeHint: literal.size });
}

/** CHAR8 of RFC 3501 §9 is %x01-FF; RFC 3516 §4.4 has another literal for the rest. */
async function* withoutNul(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    if (chunk.includes(0)) throw new MailError('BADMESSAGE', 'The message has NUL octets in it');
    yield chunk;
  }
}

/** Flags that the user may not set are left out silently, as in Cyrus (RFC 4314 §4). */
function permitted(flags: FlagSet | undefined, rights: number): FlagSet {
  if (flags === undefined) return { system: 0, keywords: [] };
  const touchable = touchableFlags(rights);
  return { system: flags.system & touchable.system, keywords: touchable.keywords ? flags.keywords : [] };
}

export function appendExtension(features: Features): ImapExtension {
  return {
    name: 'MULTIAPPEND',
    capabilities: [{ word: 'MULTIAPPEND', states: ['authenticated', 'selected'] }],
    commands: [appendCommand(features)],
  };
}
