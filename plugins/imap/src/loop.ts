/** A session from greeting to end: read a command, run it, tell what is new, reply. Waiting is done here and in IDLE only. */
import { type ImapCommandContext, isMailError, ReadError } from '@angarium/sdk';
import { capabilitiesOf } from './capabilities.js';
import { type Invocation, readCommand, readTag } from './dispatch.js';
import {
  MAX_BAD_COMMANDS,
  MAX_BAD_COMMANDS_BEFORE_LOGIN,
  MAX_COMMANDS_BEFORE_LOGIN,
  MAX_FAILED_LOGINS,
  MAX_LITERAL_BYTES_BEFORE_LOGIN,
  MAX_SKIPPED_BYTES,
  MAX_SKIPPED_BYTES_BEFORE_LOGIN,
} from './limits.js';
import { Reply, type TaggedReply } from './reply.js';
import type { Session } from './session.js';
import { toTagged } from './to-tagged.js';
import { type LineOptions, TooMuchInput, WireLine } from './wire/index.js';

/** Commands that have to do with the selected mailbox no more; CLOSE expunges it. */
const leaving: ReadonlySet<string> = new Set(['UNSELECT', 'SELECT', 'EXAMINE', 'LOGOUT']);

export class SessionLoop {
  private readonly reply: Reply;
  /** BYE has been said: nothing may follow. */
  private isOver = false;
  private badInARow = 0;
  private failedLogins = 0;
  private commands = 0;
  private afterReply: (() => void | Promise<void>)[] = [];
  /** Something is told between commands. */
  private interjecting: Promise<void> | undefined;

  constructor(private readonly session: Session) {
    this.reply = new Reply(session);
  }

  async run(): Promise<void> {
    const { session, reply } = this;
    const { connection } = session;
    using _ = connection.onDrain(() => {
      // Not into the middle of what is being told.
      if (session.isWaiting && this.interjecting === undefined) this.shutDown();
    });
    reply.status('OK', `${session.services.host.serverName} ready`, `CAPABILITY ${capabilitiesOf(session)}`);
    try {
      while (session.state !== 'logout') {
        if (connection.isDraining) this.shutDown();
        else await this.step();
      }
    } catch (error) {
      this.failed(error);
    }
  }

  private shutDown(): void {
    this.bye('Server shutting down', 'UNAVAILABLE');
  }

  /** The client is told and the session over. */
  private bye(text: string, code?: string): void {
    const { session } = this;
    if (this.isOver || session.state === 'logout') return;
    this.isOver = true;
    this.reply.status('BYE', text, code);
    session.end();
    void session.connection.close();
  }

  private async step(): Promise<void> {
    const line = WireLine.tryRead(this.session.connection, this.lineOptions) ?? (await this.nextLine());
    if (line === undefined) this.session.end();
    else await this.execute(line);
  }

  private async nextLine(): Promise<WireLine | undefined> {
    const { session } = this;
    const line = await this.wait();
    // The client has spoken while it was told something: that comes to its end first.
    if (this.interjecting !== undefined) await this.interjecting;
    return session.state === 'logout' ? undefined : line;
  }

  private async wait(): Promise<WireLine | undefined> {
    using _ = this.session.waiting(() => this.interject());
    return await WireLine.read(this.session.connection, this.lineOptions);
  }

  /** Between commands. */
  private interject(): void {
    this.interjecting ??= this.tellInterjections().finally(() => {
      this.interjecting = undefined;
      // What came as the last was being told.
      if (this.session.isWaiting && this.session.hasInterjections) this.interject();
    });
  }

  private async tellInterjections(): Promise<void> {
    const { session, reply } = this;
    try {
      await session.tellInterjections(reply);
      await reply.drain();
    } catch (error) {
      if (isMailError(error) && error.code === 'NONEXISTENT')
        this.bye('The selected mailbox has been deleted');
      else this.failed(error);
    }
    if (session.connection.isDraining) this.shutDown();
  }

  private get lineOptions(): LineOptions {
    const { session } = this;
    const { config } = session.services;
    const isLoggedIn = session.state !== 'not-authenticated';
    return {
      utf8: session.usesUtf8,
      literals: config.literals,
      maxLiteralBytes: isLoggedIn ? config.maxLiteralBytes : MAX_LITERAL_BYTES_BEFORE_LOGIN,
      maxSkippedBytes: isLoggedIn ? MAX_SKIPPED_BYTES : MAX_SKIPPED_BYTES_BEFORE_LOGIN,
    };
  }

  private async execute(line: WireLine): Promise<void> {
    const { session, reply } = this;
    let tag: string | undefined;
    let tagged: TaggedReply;
    let invocation: Invocation | undefined;
    try {
      tag = readTag(line);
      invocation = readCommand(line, session);
      if (!(await this.mayGoOn(invocation))) return;
      tagged = await this.runCommand(line, tag, invocation);
    } catch (error) {
      if (error instanceof ReadError) throw error;
      const { userName: user, connection } = session;
      const context = { session: connection.id, user, command: invocation?.command.name };
      reply.takeOutcome();
      tagged = toTagged(error, session.services.log, context);
    }
    if (!line.isComplete) await line.finish();
    await this.tellNews(invocation);
    await this.answer(tag, tagged);
  }

  private async runCommand(line: WireLine, tag: string, invocation: Invocation): Promise<TaggedReply> {
    const { session, reply } = this;
    const { command, isUid } = invocation;
    const { guards } = session.services.features;
    for (const guard of guards) if (guard.isActive(session)) guard.beforeParse?.(session, command, isUid);
    const parsed = line.parse(() => {
      const args: unknown = command.parse(line, isUid);
      if (!command.streaming) line.end();
      return args;
    }, !command.streaming);
    const args = parsed instanceof Promise ? await parsed : parsed;
    invocation.hasNumbers = !isUid || (command.hasNumbers?.(args) ?? false);
    for (const guard of guards) if (guard.isActive(session)) guard.beforeRun?.(session, command, args, isUid);
    const context: ImapCommandContext = {
      session,
      reply,
      isUid,
      tag,
      line,
      signal: session.connection.signal,
      afterReply: (work) => this.afterReply.push(work),
    };
    using _ = this.watched(command, tag);
    await command.run(context, args);
    return reply.takeOutcome() ?? { kind: 'OK', code: undefined, text: 'Completed' };
  }

  /** Rights are those of this moment, whoever has changed them; a mailbox that may not be read any more is not. */
  private async mayGoOn(invocation?: Invocation): Promise<boolean> {
    const { session, reply } = this;
    const name = invocation?.command.name ?? '';
    if (session.state !== 'selected' || leaving.has(name)) return true;
    if ((await session.selected.refreshRights(reply)) || name === 'CLOSE') return true;
    // RFC 4314 §5.1.1: of what a server may do then, what clients understand.
    this.bye('The selected mailbox may not be read any more');
    return false;
  }

  /** Commands that do not wait for the client are told of when they take long (RFC 9585). */
  private watched({ streaming }: Invocation['command'], tag: string): Disposable | undefined {
    const { session, reply } = this;
    if (streaming || session.state === 'not-authenticated') return undefined;
    return session.services.progress.add(() => {
      if (!session.isWaiting) reply.tryStatus('Still working', `INPROGRESS ("${tag}" NIL NIL)`);
    });
  }

  /** Where it is legal: at the end of a command, EXPUNGE where that allows it (RFC 3501 §5.2, §7.4.1). */
  private async tellNews(invocation: Invocation | undefined): Promise<void> {
    const { session, reply } = this;
    if (session.state === 'selected' ? !(await this.mayGoOn()) : !session.hasInterjections) return;
    const mayExpunge =
      invocation === undefined || !invocation.hasNumbers || invocation.command.mayExpunge !== false;
    try {
      if (session.state === 'selected')
        await session.selected.sync(reply, { mayExpunge, withUid: invocation?.isUid ?? false });
      if (mayExpunge) await session.tellInterjections(reply);
    } catch (error) {
      if (!isMailError(error) || error.code !== 'NONEXISTENT') throw error;
      // RFC 2180 §3.3: the others that have it selected are disconnected.
      this.bye('The selected mailbox has been deleted');
    }
  }

  private async answer(tag: string | undefined, tagged: TaggedReply): Promise<void> {
    const { reply } = this;
    if (this.isOver) return;
    if (tag === undefined) reply.status(tagged.kind, tagged.text, tagged.code);
    else if (!reply.tagged(tag, tagged)) await reply.drain();
    const works = this.afterReply;
    if (works.length > 0) {
      this.afterReply = [];
      for (const work of works) await work();
    }
    this.count(tagged);
  }

  private count(tagged: TaggedReply): void {
    // A login that was given up is BAD too (RFC 3501 §6.2.2); it counts among the failed ones alone.
    const isLogin = this.session.failedLogins > this.failedLogins;
    this.failedLogins = this.session.failedLogins;
    if (!isLogin) this.badInARow = tagged.kind === 'BAD' ? this.badInARow + 1 : 0;
    const isLoggedIn = this.session.state !== 'not-authenticated';
    const maxBad = isLoggedIn ? MAX_BAD_COMMANDS : MAX_BAD_COMMANDS_BEFORE_LOGIN;
    if (this.badInARow >= maxBad) this.bye('Too many wrong commands');
    else if (this.session.failedLogins >= MAX_FAILED_LOGINS) this.bye('Too many failed logins');
    else if (!isLoggedIn && ++this.commands >= MAX_COMMANDS_BEFORE_LOGIN) this.bye('Log in first');
  }

  /** The session cannot go on. */
  private failed(error: unknown): void {
    if (error instanceof ReadError) {
      if (error.code === 'idle') this.bye('Autologout; idle for too long');
      else this.session.end();
    } else if (error instanceof TooMuchInput) {
      this.bye(error.message, 'TOOBIG');
    } else {
      const { services, connection } = this.session;
      services.log.error('session failed', { session: connection.id, err: error });
      this.bye('Internal error, the server log has the details', 'SERVERBUG');
    }
  }
}
