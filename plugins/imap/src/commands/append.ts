import {
  type AppendItem,
  type CommandLine,
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
import { refusing8bitHeader } from '../extensions/utf8/append.js';
import { MAX_APPENDED_MESSAGES, MAX_APPENDED_RATIO } from '../limits.js';
import { tellNormalised } from '../listing/normalised.js';
import { ownSession, type Session } from '../session.js';
import { touchableFlags } from '../view/index.js';

/** What stands before a message. */
interface Options {
  readonly flags: FlagSet | undefined;
  readonly internalDateMs: number | undefined;
  /** `UTF8 (~{…}…)`, RFC 6855 §4. */
  readonly isUtf8: boolean;
}

/** `[SP flag-list] [SP date-time] SP` up to the literal. */
function parseOptions(line: CommandLine): Options {
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
  const isUtf8 = line.tryExpect('UTF8 (');
  if (!line.isAtLiteral) line.fail('a literal');
  return { flags, internalDateMs, isUtf8 };
}

/** RFC 3501 §6.3.11; several messages RFC 3502; APPENDUID RFC 4315 §3. */
export const append = defineImapCommand({
  name: 'APPEND',
  rfc: 'RFC 3501 §6.3.11',
  states: ['authenticated', 'selected'],
  streaming: true,
  parse(line) {
    line.sp();
    return { mailbox: line.mailbox(), options: parseOptions(line) };
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
      next = await nextMessage(context.line, next.isUtf8)
    ) {
      if (items.length === MAX_APPENDED_MESSAGES) {
        throw new MailError('LIMIT', `At most ${MAX_APPENDED_MESSAGES} messages at once`);
      }
      const message = stack.use(await stageMessage(session, context, next));
      bytes += message.size;
      if (bytes > MAX_APPENDED_RATIO * session.services.config.maxMessageBytes) {
        throw new MailError('TOOBIG', 'Too much for one command');
      }
      items.push({
        message,
        flags: permitted(next.flags, rights),
        internalDateMs: next.internalDateMs ?? session.services.clock.now(),
      });
    }
    const target = { mailbox: entry.id, items, viewer: session.identity.user };
    const [outcome] = await session.store.append([target], session.origin('APPEND'));
    if (!outcome?.ok) throw outcome?.error ?? new Error('the store has not said what became of the message');
    tellNormalised(session, context.reply, entry.name, mailbox);
    // Who may not select it has no use for its UIDs (RFC 4315 §3).
    if ((rights & Right.read) === 0) return;
    context.reply.completed(
      'Completed',
      `APPENDUID ${outcome.uidValidity} ${NumberSet.fromAscending(outcome.uids)}`,
    );
  },
});

/** Another message, or undefined at the end of the command, which has then been checked. */
async function nextMessage(line: CommandLine, isUtf8: boolean): Promise<Options | undefined> {
  await line.more();
  if (isUtf8) line.expect(')');
  if (!line.isAtEnd) return line.readOn(() => parseOptions(line));
  return undefined;
}

async function stageMessage(
  session: Session,
  { line }: ImapCommandContext,
  { isUtf8 }: Options,
): Promise<StagedMessage> {
  const { maxMessageBytes: maxBytes, utf8, append8bitHeaders } = session.services.config;
  if (isUtf8 && !session.usesUtf8) throw new MailError('CANNOT', 'UTF8 needs ENABLE UTF8=ACCEPT');
  const literal = line.literalStream();
  if (literal.isBinary !== isUtf8) line.fail(isUtf8 ? 'a literal8' : 'a literal that is no literal8');
  // Before the client is asked to send it.
  if (literal.size > maxBytes) throw new MailError('TOOBIG', `A message may have ${maxBytes} octets at most`);
  if (literal.size === 0) throw new MailError('CANNOT', 'A message without any octets cannot be stored');
  // Leniency: bare LF as sent by scripts and some migrations; a stored message has CRLF (RFC 5322 §2.1).
  const clean = withoutNul(literal.bytes);
  const mayBe8bit = session.usesUtf8 || append8bitHeaders || utf8 === 'off';
  const bytes = normaliseLineEnds(mayBe8bit ? clean : refusing8bitHeader(clean));
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

export const appendExtension: ImapExtension = {
  name: 'MULTIAPPEND',
  capabilities: [{ word: 'MULTIAPPEND', states: ['authenticated', 'selected'] }],
  commands: [append],
};
