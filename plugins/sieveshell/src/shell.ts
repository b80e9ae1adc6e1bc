/** The shell: lines in, commands run, what went wrong told; on a terminal with completion, or a script. */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { CommandFailed, helpOf, listScripts, shellCommands } from './commands.js';
import type { SieveClient } from './protocol/client.js';
import { LineError, parseLine } from './words.js';

export class Shell {
  /** Some command has failed so far. */
  hasFailed = false;
  private isOver = false;

  constructor(
    private readonly client: SieveClient,
    private readonly out: Writable,
  ) {}

  /** To the end or to `quit`. @throws ConnectionLost */
  async script(lines: Iterable<string> | AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      await this.line(line);
      if (this.isOver) return;
    }
  }

  /** @throws ConnectionLost */
  async interactive(input: Readable): Promise<void> {
    const reader = createInterface({
      input,
      output: this.out,
      terminal: true,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        void this.complete(line).then((result) => done(null, result));
      },
    });
    reader.on('SIGINT', () => reader.close());
    reader.setPrompt('> ');
    reader.prompt();
    try {
      for await (const line of reader) {
        await this.line(line);
        if (this.isOver) return;
        reader.prompt();
      }
    } finally {
      reader.close();
    }
  }

  private async line(line: string): Promise<void> {
    try {
      for (const words of parseLine(line)) {
        if (!this.isOver) await this.command(words);
      }
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      this.fail(error.message);
    }
  }

  private async command([word = '', ...args]: readonly string[]): Promise<void> {
    const command = shellCommands.find(({ names }) => names.includes(word));
    if (command === undefined) return this.fail(`Invalid command: ${word}`);
    const [least, most] = command.arguments;
    if (args.length < least || args.length > most) return this.fail(helpOf(command));
    const { client, out } = this;
    try {
      this.isOver = !(await command.run({ client, out, args }));
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      this.fail(`${command.failure}: ${error.message}`);
    }
  }

  /** On standard output, as Cyrus's does. */
  private fail(text: string): void {
    this.hasFailed = true;
    this.out.write(`${text}\n`);
  }

  private async complete(line: string): Promise<[string[], string]> {
    const words = line.split(/\s+/);
    const word = words.at(-1) ?? '';
    const startingWith = (names: readonly string[]) => names.filter((name) => name.startsWith(word)).sort();
    if (words.length === 1) return [startingWith(shellCommands.flatMap(({ names }) => names[0] ?? [])), word];
    const command = shellCommands.find(({ names }) => names.includes(words[0] ?? ''));
    if (command?.takesScript !== true || words.length > 2) return [[], word];
    try {
      return [startingWith((await listScripts(this.client)).map(({ name }) => name)), word];
    } catch {
      return [[], word];
    }
  }
}
