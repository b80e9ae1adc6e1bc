/** A session from greeting to end: read a command, check the state, parse, run, find the next one. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ReadError } from '@angarium/sdk';
import { writeCapabilities } from './capabilities.js';
import type { SieveCommand } from './command.js';
import { commandNamed } from './commands/index.js';
import {
  MAX_BAD_COMMANDS,
  MAX_BAD_COMMANDS_BEFORE_LOGIN,
  MAX_COMMANDS_BEFORE_LOGIN,
  MAX_FAILED_LOGINS,
  MAX_RUN,
  MAX_SKIPPED_BYTES,
  MAX_SKIPPED_BYTES_BEFORE_LOGIN,
} from './limits.js';
import { refuse } from './replies.js';
import type { ManageSieveSession } from './session.js';
import { CommandInput, StringTooLong, TooMuchInput, WireError } from './wire/command-input.js';

export class SessionLoop {
  private badInARow = 0;
  private commands = 0;
  private isWaiting = false;

  constructor(private readonly session: ManageSieveSession) {}

  async run(): Promise<void> {
    const { session } = this;
    using _ = session.connection.onDrain(() => this.drain());
    try {
      writeCapabilities(session);
      session.ok();
      for (let run = 1; !session.isEnded; run++) {
        await this.step();
        const draining = session.drained();
        if (draining !== undefined) await draining;
        // Literals and lines that are buffered already cost no turn of the event loop.
        if (run % MAX_RUN === 0) await nextTurn();
      }
    } catch (error) {
      this.failed(error);
    }
  }

  /** The server drains: at once when nothing is going on, else before the next command. */
  private drain(): void {
    if (!this.isWaiting) return;
    this.session.bye('Server shutting down', 'TRYLATER');
    // The pending read ends with ReadError 'closed'.
    void this.session.connection.close();
  }

  private async step(): Promise<void> {
    const { session } = this;
    if (session.connection.isDraining) {
      session.bye('Server shutting down', 'TRYLATER');
      return;
    }
    const input = await this.nextCommand();
    if (input === undefined) session.end();
    else if (!input.isEmpty) await this.execute(input);
  }

  private async nextCommand(): Promise<CommandInput | undefined> {
    const { connection } = this.session;
    if (!connection.hasInput) connection.flush();
    this.isWaiting = true;
    try {
      return await CommandInput.read(connection);
    } finally {
      this.isWaiting = false;
    }
  }

  private async execute(input: CommandInput): Promise<void> {
    const { session } = this;
    let command: SieveCommand | undefined;
    try {
      command = this.find(input);
      const { octets } = session.environment.scripts.limits;
      const args: unknown = await command.parse(input, octets);
      input.end();
      await command.run(session, args);
      this.badInARow = 0;
    } catch (error) {
      if (error instanceof ReadError || error instanceof TooMuchInput) throw error;
      if (error instanceof WireError || error instanceof StringTooLong) this.badInARow++;
      refuse(session, error, command?.name ?? '');
    }
    await this.finish(input);
    this.count();
  }

  /** @throws WireError */
  private find(input: CommandInput): SieveCommand {
    const { session } = this;
    const command = commandNamed(input.name());
    if (command === undefined) throw new WireError('Unknown command');
    if (command.states.includes(session.state)) return command;
    // Nothing more of the line is looked at: nobody unknown has scripts of his read.
    throw new WireError(
      session.state === 'not-authenticated' ? 'Authenticate first' : 'Already authenticated',
    );
  }

  /** The reply goes out before the rest is read: a client that sends without end hears of it. */
  private async finish(input: CommandInput): Promise<void> {
    const { session } = this;
    if (session.isEnded) return;
    const isLoggedIn = session.state === 'authenticated';
    await input.finish(isLoggedIn ? MAX_SKIPPED_BYTES : MAX_SKIPPED_BYTES_BEFORE_LOGIN);
  }

  private count(): void {
    const { session, badInARow } = this;
    const isLoggedIn = session.state === 'authenticated';
    if (badInARow >= (isLoggedIn ? MAX_BAD_COMMANDS : MAX_BAD_COMMANDS_BEFORE_LOGIN)) {
      session.bye('Too many wrong commands');
    } else if (session.failedLogins >= MAX_FAILED_LOGINS) {
      session.bye('Too many failed authentication attempts');
    } else if (!isLoggedIn && ++this.commands >= MAX_COMMANDS_BEFORE_LOGIN) {
      session.bye('Authenticate first');
    }
  }

  /** The session cannot go on. */
  private failed(error: unknown): void {
    const { session } = this;
    if (error instanceof ReadError) {
      if (error.code === 'idle') session.bye('Autologout; idle for too long');
      session.end();
    } else if (error instanceof TooMuchInput) {
      session.bye('Too much input');
    } else {
      session.environment.log.error('session failed', { session: session.connection.id, err: error });
      session.bye('Internal error, the server log has the details', 'TRYLATER');
    }
  }
}
