/**
 * The loop of a line protocol: read a line, find the command, parse, check the state, run.
 *
 * - Commands that are buffered already (pipelining) are taken without a promise each; what they reply is written
 *   once, when the input has run dry. A client that pipelines without end gives way to others every MAX_RUN commands.
 * - Output above the high-water mark is waited for before the next command: memory per client stays bounded.
 * - Errors: what a handler throws goes to `failed`; a ReadError (closed, end of input) ends the session in silence.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ReadError } from '../kernel/connection.js';
import { ArgumentReader, CommandSyntaxError } from './argument-reader.js';
import { type CommandTable, type FoundCommand, printableName, type TextCommand } from './command-table.js';
import type { TextSession } from './text-session.js';

/** Commands in a row without a wait, before other clients have their turn. */
const MAX_RUN = 64;

/** Stands for a line above the limit. */
const tooLong = Symbol('line too long');

/** The protocol's own words; every method writes one reply (or none, where the protocol wants silence). */
export interface TextProtocol<S extends TextSession> {
  readonly commands: CommandTable<S>;
  /** Octets of a command line without its line end. */
  readonly maxLineBytes: number;
  /** So many bad commands in a row end the session. */
  readonly maxBadCommands: number;
  unknownCommand(session: S, name: string): void;
  wrongState(session: S, command: TextCommand<S>): void;
  syntaxError(session: S, command: TextCommand<S>, error: CommandSyntaxError): void;
  /** A command line above the limit; the rest of it is being skipped. */
  lineTooLong(session: S): void;
  /** `run` threw: a MailError, or an error of ours that must be logged and answered as such. */
  failed(session: S, command: TextCommand<S>, error: unknown): void;
  /** Goodbye: the client was silent too long, sent too many bad commands, or the server drains. */
  goodbye(session: S, reason: 'idle' | 'too-many-errors' | 'draining'): void;
  /**
   * Input came after a command that must end a pipeline, before its reply. True: answered, do not run it.
   * Absent: tolerated.
   */
  improperPipelining?(session: S, command: TextCommand<S>): boolean;
}

/** Runs until the client or the session ends. The greeting is the caller's. */
export async function runSession<S extends TextSession>(
  session: S,
  protocol: TextProtocol<S>,
): Promise<void> {
  const loop = new SessionLoop(session, protocol);
  using _drain = session.connection.onDrain(() => loop.drain());
  await loop.run();
}

class SessionLoop<S extends TextSession> {
  private badCommands = 0;
  private isWaiting = false;
  private saidGoodbye = false;

  constructor(
    private readonly session: S,
    private readonly protocol: TextProtocol<S>,
  ) {}

  async run(): Promise<void> {
    const { session, protocol } = this;
    let run = 0;
    try {
      while (!session.isEnded) {
        const line = this.tryLine() ?? (await this.nextLine());
        if (line === undefined) return;
        if (typeof line === 'string') {
          const running = this.dispatch(line);
          if (running !== undefined) await running;
        } else await this.skipLongLine();
        const draining = session.drained();
        if (draining !== undefined) await draining;
        if (this.badCommands >= protocol.maxBadCommands) return this.goodbye('too-many-errors');
        if (++run >= MAX_RUN) {
          run = 0;
          await nextTurn();
        }
      }
    } catch (error) {
      if (!(error instanceof ReadError)) throw error;
      if (error.code === 'idle') this.goodbye('idle');
    }
  }

  /** The server drains: at once when nothing is going on, else before the next command. */
  drain(): void {
    if (!this.isWaiting) return;
    this.goodbye('draining');
    // The pending read ends with ReadError 'closed'.
    void this.session.connection.close();
  }

  private tryLine(): string | typeof tooLong | undefined {
    if (this.session.connection.isDraining) return undefined;
    try {
      return this.session.connection.tryReadLine(this.protocol.maxLineBytes)?.latin1Slice();
    } catch (error) {
      if (error instanceof ReadError && error.code === 'line-too-long') return tooLong;
      throw error;
    }
  }

  /** Undefined: the session is over. */
  private async nextLine(): Promise<string | typeof tooLong | undefined> {
    const { connection } = this.session;
    if (connection.isDraining) {
      this.goodbye('draining');
      return undefined;
    }
    connection.flush();
    this.isWaiting = true;
    try {
      return (await connection.readLine(this.protocol.maxLineBytes))?.latin1Slice();
    } catch (error) {
      if (error instanceof ReadError && error.code === 'line-too-long') return tooLong;
      throw error;
    } finally {
      this.isWaiting = false;
    }
  }

  /** The reply goes out before the rest is read: a client that sends a line without end hears of it. */
  private async skipLongLine(): Promise<void> {
    this.badCommands++;
    this.protocol.lineTooLong(this.session);
    await this.session.connection.skipLine();
  }

  private dispatch(line: string): Promise<void> | undefined {
    const { session, protocol } = this;
    const found = protocol.commands.find(line);
    if (found === undefined) {
      this.badCommands++;
      protocol.unknownCommand(session, printableName(line));
      return undefined;
    }
    const { command } = found;
    const parsed = this.parse(line, found);
    if (parsed === undefined) return undefined;
    if (command.states !== 'any' && !command.states.includes(session.state)) {
      this.badCommands++;
      protocol.wrongState(session, command);
      return undefined;
    }
    if (command.endsPipeline === true && session.connection.hasInput) {
      if (protocol.improperPipelining?.(session, command)) return undefined;
    }
    this.badCommands = 0;
    try {
      const running = command.run(session, parsed.args);
      return running?.catch((error: unknown) => this.failed(command, error));
    } catch (error) {
      this.failed(command, error);
      return undefined;
    }
  }

  private parse(line: string, { command, argumentsAt }: FoundCommand<S>): { args: unknown } | undefined {
    try {
      return { args: command.parse(new ArgumentReader(line, argumentsAt)) };
    } catch (error) {
      if (!(error instanceof CommandSyntaxError)) throw error;
      this.badCommands++;
      this.protocol.syntaxError(this.session, command, error);
      return undefined;
    }
  }

  private failed(command: TextCommand<S>, error: unknown): void {
    if (error instanceof ReadError) throw error;
    this.protocol.failed(this.session, command, error);
  }

  private goodbye(reason: 'idle' | 'too-many-errors' | 'draining'): void {
    if (this.saidGoodbye) return;
    this.saidGoodbye = true;
    this.protocol.goodbye(this.session, reason);
    this.session.end();
  }
}
