/** What a command of the shell is, and what it works with. */
import type { Readable, Writable } from 'node:stream';
import type { ServerAddress } from '@angarium/sdk';
import { type Answer, astring, type ImapClient, type Piece, type StringArgument } from '../imap/client.js';
import { encodeName } from '../imap/mod-utf7.js';
import type { Login } from '../session.js';

export interface Streams {
  readonly out: Writable;
  readonly err: Writable;
  /** For programs that are run; undefined: the shell's own. */
  readonly in: Readable | undefined;
}

/** Told as it is, on one line or more; the command has failed. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** Ends the shell. */
export class ExitShell extends Error {
  override readonly name = 'ExitShell';
  constructor(readonly status: number) {
    super('exit');
  }
}

/** The shell as its commands see it. */
export interface ShellState {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Undefined: not connected. */
  readonly client: ImapClient | undefined;
  readonly serverName: string | undefined;
  connect(to: ServerAddress): Promise<void>;
  logIn(login: Login): Promise<void>;
  disconnect(): void;
}

export interface Run extends Streams {
  readonly shell: ShellState;
  /** As it was called, for errors. */
  readonly calledAs: string;
  readonly args: readonly string[];
}

export interface Builtin {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Arguments as `help` shows them. */
  readonly usage: string;
  readonly summary: string;
  /** What the first argument is, for completion. */
  readonly completes?: 'mailbox' | 'command' | 'file';
  /** @throws CommandFailed, ConnectionLost */
  run(run: Run): Promise<void>;
}

/** @throws CommandFailed where there is no connection */
export function clientOf({ shell }: Run, name: string): ImapClient {
  if (shell.client === undefined) throw new CommandFailed(`${name}: no connection to server`);
  return shell.client;
}

/** Sends; @throws CommandFailed `name: text` for NO and BAD */
export async function demand(client: ImapClient, name: string, pieces: readonly Piece[]): Promise<Answer> {
  const answer = await client.command(pieces);
  if (answer.kind !== 'OK') throw new CommandFailed(`${name}: ${answer.text}`);
  return answer;
}

export function mailboxArgument(name: string): StringArgument {
  return astring(encodeName(name));
}

export function octets(text: string): string {
  return Buffer.from(text, 'utf8').latin1Slice();
}

/** Options of a command: `-part x`, `--partition x`, abbreviated as Cyrus's cyradm lets one. */
export interface Options {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

/**
 * Options stand before the first argument; `--` ends them. @param known name → takes a value
 * @throws CommandFailed with the usage
 */
export function parseOptions(
  args: readonly string[],
  known: Readonly<Record<string, boolean>>,
  usage: string,
): Options {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  let at = 0;
  for (; at < args.length; at++) {
    const word = args[at]!;
    if (word === '--') {
      at++;
      break;
    }
    if (!word.startsWith('-') || word === '-') break;
    const name = Object.keys(known).find((option) => word === `--${option}` || `-${option}`.startsWith(word));
    if (name === undefined) throw new CommandFailed(`usage: ${usage}`);
    if (known[name] !== true) flags.add(name);
    else {
      const value = args[++at];
      if (value === undefined) throw new CommandFailed(`usage: ${usage}`);
      values.set(name, value);
    }
  }
  return { flags, values, rest: args.slice(at) };
}
