/** The shell: lines in, commands run, what went wrong told; interactive with history and completion, or a script. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { ConnectionLost, type RemoteSecurity, type ServerAddress } from '@angarium/sdk';
import { builtinNamed, builtins } from '../commands/index.js';
import { listMailboxes } from '../commands/listing.js';
import type { ImapClient } from '../imap/client.js';
import { authenticate, connectTo, type Login } from '../session.js';
import { CommandFailed, ExitShell, type ShellState, type Streams } from './builtin.js';
import type { History } from './history.js';
import { redirect, runProgram } from './programs.js';
import { LineError, parseLine } from './words.js';

export interface ShellOptions extends Streams {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly security: RemoteSecurity;
  /** When a command does not name one. */
  readonly user: string;
  /** @throws Error where it cannot be asked for */
  askPassword(user: string): Promise<string>;
}

/** Names offered for completion; more would not help anybody. */
const MAX_CANDIDATES = 200;

export class Shell implements ShellState {
  client: ImapClient | undefined;
  serverName: string | undefined;
  /** Some command has failed so far. */
  hasFailed = false;

  constructor(private readonly options: ShellOptions) {}

  get env(): ShellState['env'] {
    return this.options.env;
  }

  get prompt(): string {
    return `${this.serverName ?? 'cyradm'}> `;
  }

  async connect(to: ServerAddress): Promise<void> {
    this.disconnect();
    const { err } = this.options;
    this.client = await connectTo(to, this.options.security, {
      onAlert: (text) => void err.write(`ALERT: ${text}\n`),
      onLost: () => {
        err.write('\nConnection to server lost.\n');
        this.client = undefined;
        this.serverName = undefined;
      },
    });
    this.serverName = to.host;
  }

  async logIn({ user, authz, mechanism, password }: Login): Promise<void> {
    const { client, options } = this;
    if (client === undefined) throw new CommandFailed('authenticate: no connection to server');
    const name = user === '' ? options.user : user;
    try {
      const secret = password ?? (await options.askPassword(name));
      await authenticate(client, { user: name, authz, mechanism, password: secret }, options.security);
    } catch (error) {
      const reason = (error as Error).message;
      throw new CommandFailed(
        `authenticate: authentication to server ${this.serverName} failed${reason === '' ? '' : `: ${reason}`}`,
      );
    }
  }

  disconnect(): void {
    this.client?.close();
    this.client = undefined;
    this.serverName = undefined;
  }

  /** One line, perhaps of several commands. @throws ExitShell */
  async line(text: string): Promise<void> {
    if (/^\s*#/.test(text)) return;
    try {
      for (const { words, redirections } of parseLine(text, this.env)) {
        await using streams = await redirect(this.options, redirections);
        await this.command(words, streams);
      }
    } catch (error) {
      if (error instanceof ExitShell) throw error;
      this.tell(error, this.options);
    }
  }

  private async command(words: readonly string[], streams: Streams): Promise<void> {
    const [word = '', ...args] = words;
    const builtin = builtinNamed(word);
    const { in: input, out, err } = streams;
    try {
      if (builtin === undefined) await runProgram(words, streams);
      else await builtin.run({ shell: this, calledAs: word, args, in: input, out, err });
    } catch (error) {
      if (error instanceof ExitShell) throw error;
      this.tell(error, streams);
    }
  }

  private tell(error: unknown, { err }: Streams): void {
    this.hasFailed = true;
    // That the connection is lost has been told.
    const isKnown =
      error instanceof CommandFailed || error instanceof LineError || error instanceof ConnectionLost;
    const text = (error as Error).message;
    if (!isKnown) throw error;
    if (text !== '') err.write(`${text}\n`);
  }

  /** Until the end of the input, or `exit`. Answers the status to exit with. */
  async script(lines: AsyncIterable<string> | Iterable<string>): Promise<number> {
    try {
      for await (const line of lines) await this.line(line);
    } catch (error) {
      if (error instanceof ExitShell) return error.status;
      throw error;
    }
    return this.hasFailed ? 1 : 0;
  }

  /** With a prompt; the terminal is the input's and the output's. Answers the status to exit with. */
  async interactive(input: Readable, history: History): Promise<number> {
    const reader = createInterface({
      input,
      output: this.options.out,
      terminal: true,
      history: await history.load(),
      historySize: history.size,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        void this.complete(line).then((result) => done(null, result));
      },
    });
    reader.on('history', (lines: string[]) => history.keep(lines));
    // Ctrl-C gives up the line, as in any shell.
    reader.on('SIGINT', () => {
      this.options.out.write('^C\n');
      reader.write(null, { ctrl: true, name: 'u' });
      reader.prompt();
    });
    reader.setPrompt(this.prompt);
    reader.prompt();
    let status = 0;
    try {
      for await (const line of reader) {
        await this.line(line);
        reader.setPrompt(this.prompt);
        reader.prompt();
      }
      this.options.out.write('\n');
    } catch (error) {
      if (!(error instanceof ExitShell)) throw error;
      status = error.status;
    } finally {
      reader.close();
      await history.save();
    }
    return status;
  }

  /** Commands first, then what the command takes. */
  async complete(line: string): Promise<[string[], string]> {
    const [, before = '', word = ''] = /^((?:.*[\s;])?)(\S*)$/.exec(line) ?? [];
    const first = /^\s*(\S+)\s/.exec(before.split(';').at(-1)!)?.[1];
    if (first === undefined) return [startingWith(allNames(), word), word];
    const completes = builtinNamed(first)?.completes;
    if (completes === 'command') return [startingWith(allNames(), word), word];
    if (completes !== 'mailbox' || this.client === undefined) return [[], word];
    try {
      const found = await listMailboxes(this.client, `${word.replace(/[*%]/g, '')}*`);
      return [
        startingWith(
          found.map(({ name }) => name),
          word,
        ).slice(0, MAX_CANDIDATES),
        word,
      ];
    } catch {
      return [[], word];
    }
  }
}

function allNames(): string[] {
  return builtins.flatMap(({ name, aliases }) => [name, ...aliases]);
}

function startingWith(names: readonly string[], word: string): string[] {
  return names.filter((name) => name.startsWith(word)).sort();
}
