/** A line protocol's commands as data: the table is the feature list, the dispatcher knows no command by name. */
import type { ArgumentReader } from './argument-reader.js';
import type { TextSession } from './text-session.js';

/** A command of a line protocol: name, states, grammar, handler. */
export interface TextCommand<S extends TextSession, A = unknown> {
  /** Upper case; two words (`LIST ACTIVE`) where the second is part of the command's name. */
  readonly name: string;
  /** As a client types it, for HELP: `RCPT TO:<forward-path> [parameters]`. */
  readonly syntax: string;
  /** `2033#4.1` */
  readonly rfc: string;
  /** The states in which it is allowed; 'any' is all of them. */
  readonly states: readonly S['state'][] | 'any';
  /** The client must wait for the reply before it sends more (RFC 2920 §3.1). */
  readonly endsPipeline?: boolean;
  /** The arguments are a secret: they appear in no log. */
  readonly isSecret?: boolean;
  /** Cannot see the session. @throws CommandSyntaxError */
  parse(args: ArgumentReader): A;
  /** Cannot see the line. Returns without a promise what needs no waiting. @throws MailError */
  run(session: S, args: A): void | Promise<void>;
}

/** Keeps A inferred from `parse` to `run`. */
export function defineTextCommand<S extends TextSession, A>(command: TextCommand<S, A>): TextCommand<S> {
  return command as TextCommand<S>;
}

/** For commands without arguments. */
export function noArguments(args: ArgumentReader): void {
  args.expectEnd();
}

/** What the table found for a command line. */
export interface FoundCommand<S extends TextSession> {
  readonly command: TextCommand<S>;
  /** Where in the line the arguments begin. */
  readonly argumentsAt: number;
}

/** Longest accepted command name; what is longer is shown cut in replies. */
const MAX_NAME_LENGTH = 32;

export class CommandTable<S extends TextSession> {
  private readonly byName = new Map<string, TextCommand<S>>();
  /** First words of commands that have two. */
  private readonly families = new Set<string>();

  /** @throws Error when two commands have one name. */
  constructor(readonly commands: readonly TextCommand<S>[]) {
    for (const command of commands) {
      if (this.byName.has(command.name)) throw new Error(`command ${command.name} is there twice`);
      this.byName.set(command.name, command);
      const space = command.name.indexOf(' ');
      if (space > 0) this.families.add(command.name.slice(0, space));
    }
  }

  /** Names are compared without regard to case (ASCII). */
  find(line: string): FoundCommand<S> | undefined {
    const end = endOfWord(line, 0);
    if (end > MAX_NAME_LENGTH) return undefined;
    const first = line.slice(0, end).toUpperCase();
    if (this.families.has(first)) {
      const from = skipBlanks(line, end);
      const secondEnd = endOfWord(line, from);
      const command = this.byName.get(`${first} ${line.slice(from, secondEnd).toUpperCase()}`);
      if (command !== undefined) return { command, argumentsAt: secondEnd };
    }
    const command = this.byName.get(first);
    return command === undefined ? undefined : { command, argumentsAt: end };
  }

  get(name: string): TextCommand<S> | undefined {
    return this.byName.get(name.toUpperCase());
  }
}

/** The first word of a line for a reply or the log: printable ASCII, not too long. */
export function printableName(line: string): string {
  return line.slice(0, Math.min(endOfWord(line, 0), MAX_NAME_LENGTH)).replace(/[^\x21-\x7e]/g, '?');
}

function endOfWord(line: string, from: number): number {
  let end = from;
  while (end < line.length && line.charCodeAt(end) !== 32 && line.charCodeAt(end) !== 9) end++;
  return end;
}

function skipBlanks(line: string, from: number): number {
  while (line.charCodeAt(from) === 32 || line.charCodeAt(from) === 9) from++;
  return from;
}
