/** Commands of `angarium`: plugins bring them, the kernel parses, prints and sets the exit status. */
import { type RegistryContract, registry } from '../di.js';

/** An option of a command. */
export interface CommandOption {
  /** `--password-stdin`, `-u, --user <name>`, `--limit <n>` (commander's notation). */
  readonly flags: string;
  readonly summary: string;
  readonly defaultValue?: string | boolean;
}

/** A positional argument of a command. */
export interface CommandArgument {
  /** `<user>` required, `[pattern]` optional, `[uid...]` any number. */
  readonly name: string;
  readonly summary: string;
}

/** Keys in camelCase, as commander makes them; true for a flag. */
export type CommandOptions = Readonly<Record<string, string | boolean | undefined>>;

/** The text behind an option; undefined: it is not given. */
export function textOption(options: CommandOptions, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** What a command's `run` is given. */
export interface CommandContext {
  /** In the order of `arguments`; an optional one that is absent is undefined, a `...` one is an array. */
  readonly args: readonly (string | readonly string[] | undefined)[];
  readonly options: CommandOptions;
  readonly stdin: NodeJS.ReadableStream;
  /** For commands that talk while they work, as a shell does. What `run` answers is printed behind it. */
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** False: never ask. */
  readonly isInteractive: boolean;
  /** Asks without echo, on a terminal only. */
  askSecret(prompt: string): Promise<string>;
  /** A progress bar on a terminal, nothing elsewhere. */
  progress(label: string, total?: number): { advance(count: number): void; done(): void };
  /** A line on stderr while working. */
  note(text: string): void;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/**
 * `run` does the work and answers a JSON value; `--json` prints it as it is, otherwise `text` makes lines of it.
 * Exit status: 0 done; 1 when `run` throws (CommandError or MailError text is printed) ; 2 wrong usage.
 */
export interface Command<R = unknown> {
  /** Words, as typed: `users add`. */
  readonly name: string;
  readonly summary: string;
  readonly arguments?: readonly CommandArgument[];
  readonly options?: readonly CommandOption[];
  run(context: CommandContext): Promise<R>;
  text(result: R): string;
  /** For results that are themselves a failure to tell: printed all the same. Default: 0. */
  exitStatus?(result: R): 0 | 1;
}

/**
 * A failure to tell the operator in one sentence. `exitStatus` 2 is wrong usage. Without a text the command has told the
 * reason itself; then the status may be any up to 255, where an operator asked for it (`exit 3` in a shell).
 */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  constructor(
    text: string,
    readonly exitStatus: number = 1,
  ) {
    super(text);
  }
}

/** The names must be listed in the plugin manifest's `commands`, so that `angarium --help` need not load the plugin. */
export const COMMANDS: RegistryContract<Command> = registry('commands', 1);

/** Keeps R inferred from `run` to `text`. */
export function defineCommand<R>(command: Command<R>): Command {
  return command as Command;
}
