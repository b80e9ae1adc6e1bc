/** IDLE (RFC 2177): tells what happens as it happens, until the client says DONE. */
import {
  type Connection,
  defineImapCommand,
  type ImapExtension,
  type ImapReply,
  ImapSyntaxError,
  isMailError,
  MailError,
  ReadError,
} from '@angarium/sdk';
import { ownSession, type Session } from '../session.js';

/** A change notice can be lost when a process dies: how often to look without one. */
const LOOK_EVERY_MS = 60_000;
const MAX_DONE_BYTES = 1024;

export const idle = defineImapCommand({
  name: 'IDLE',
  rfc: 'RFC 2177 §3',
  states: ['authenticated', 'selected'],
  parse() {},
  async run({ session, reply }) {
    const own = ownSession(session);
    own.connection.write('+ idling\r\n');
    await new Idling(own, reply).untilDone();
  },
});

class Idling {
  /** What the client said, or why it says no more. */
  private said: string | undefined;
  private failure: unknown;
  /** What went wrong while telling; the client hears of it when it says DONE. */
  private tellFailure: unknown;
  private hasChanged = true;
  private wake: (() => void) | undefined;

  constructor(
    private readonly session: Session,
    private readonly reply: ImapReply,
  ) {}

  async untilDone(): Promise<void> {
    const { session } = this;
    const { clock, config } = session.services;
    using _watch = this.watch();
    using _look = clock.every(LOOK_EVERY_MS, () => this.changed());
    // Keeps NAT tables and careful clients from taking the connection for dead.
    using _alive = clock.every(config.idleKeepalive * 60_000, () => this.reply.status('OK', 'Still here'));
    this.listen(session.connection);
    while (!this.isOver) {
      if (this.hasChanged && this.tellFailure === undefined) await this.tell();
      else await this.nextEvent();
    }
    if (this.failure !== undefined) throw this.failure;
    if (this.tellFailure !== undefined) throw this.tellFailure;
    if (this.said?.toUpperCase() !== 'DONE') throw new ImapSyntaxError('expected DONE');
  }

  private get isOver(): boolean {
    return this.said !== undefined || this.failure !== undefined;
  }

  /** Without a mailbox there is nothing to tell. */
  private watch(): Disposable | undefined {
    const { changes } = this.session.services;
    if (this.session.state !== 'selected') return undefined;
    return changes?.watch(this.session.selected.entry.id, () => this.changed());
  }

  private changed(): void {
    this.hasChanged = true;
    this.wake?.();
  }

  /** At once, also when several changes came while the last ones were told. */
  private async tell(): Promise<void> {
    this.hasChanged = false;
    const { session, reply } = this;
    if (session.state === 'selected' && !(await session.selected.refreshRights(reply)))
      // The dispatcher looks again, and ends the session.
      throw new MailError('NOPERM', 'Permission denied');
    try {
      if (session.state === 'selected') await session.selected.sync(reply, { mayExpunge: true });
      // RFC 5465 §4.
      await session.tellInterjections(reply);
      await reply.drain();
    } catch (error) {
      // The mailbox is gone: the dispatcher ends the session at once. Anything else keeps until the client speaks.
      if (isMailError(error) && error.code === 'NONEXISTENT') throw error;
      this.tellFailure = error;
    }
  }

  private async nextEvent(): Promise<void> {
    using _ = this.session.waiting(() => this.changed());
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      if (this.isOver || this.hasChanged) resolve();
    });
    this.wake = undefined;
  }

  /** Reads while the session writes. */
  private listen(connection: Connection): void {
    readDone(connection).then(
      (line) => {
        this.said = line;
        this.wake?.();
      },
      (error: unknown) => {
        this.failure = error;
        this.wake?.();
      },
    );
  }
}

async function readDone(connection: Connection): Promise<string> {
  try {
    const line = await connection.readLine(MAX_DONE_BYTES);
    if (line === undefined) throw new ReadError('eof', 'the client closed in IDLE');
    return line.latin1Slice();
  } catch (error) {
    if (!(error instanceof ReadError) || error.code !== 'line-too-long') throw error;
    await connection.skipLine();
    return '';
  }
}

export const idleExtension: ImapExtension = {
  name: 'IDLE',
  capabilities: [{ word: 'IDLE', states: ['authenticated', 'selected'] }],
  commands: [idle],
};
