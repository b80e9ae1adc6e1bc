/** The commands of the shell, with the short forms of Cyrus's. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Writable } from 'node:stream';
import { type Answer, type SieveClient, string } from './protocol/client.js';
import { textOf } from './protocol/status.js';

/** Told on one line or more; the command has failed. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

export interface Run {
  readonly client: SieveClient;
  readonly out: Writable;
  readonly args: readonly string[];
}

export interface ShellCommand {
  readonly names: readonly string[];
  readonly usage: string;
  readonly summary: string;
  readonly arguments: readonly [least: number, most: number];
  /** Does its first argument name a script? For completion. */
  readonly takesScript?: boolean;
  /** What is said before the reason when it fails: `upload failed`. */
  readonly failure: string;
  /** Answers false when the shell ends. @throws CommandFailed, ConnectionLost */
  run(run: Run): Promise<boolean>;
}

const list: ShellCommand = {
  names: ['list', 'l', 'ls'],
  usage: 'list',
  summary: 'list scripts on server',
  arguments: [0, 0],
  failure: 'list failed',
  async run({ client, out }) {
    for (const { name, isActive } of await listScripts(client)) {
      out.write(`${printable(name)} ${isActive ? ' <- active script' : ''}\n`);
    }
    return true;
  },
};

const put: ShellCommand = {
  names: ['put', 'p'],
  usage: 'put <filename> [<target name>]',
  summary: 'upload script to server',
  arguments: [1, 2],
  failure: 'upload failed',
  async run({ client, out, args: [file = '', target] }) {
    const script = await readFile(file).catch(fileFailed);
    const name = target ?? basename(file);
    const { code, text } = succeeded(
      await client.command(['PUTSCRIPT ', string(name), ' ', { octets: script }]),
    );
    if (code === 'WARNINGS') out.write(`${printableLines(text)}\n`);
    return true;
  },
};

const get: ShellCommand = {
  names: ['get', 'g'],
  usage: 'get <name> [<filename>]',
  summary: 'get script. if no filename display to stdout',
  arguments: [1, 2],
  takesScript: true,
  failure: 'get failed',
  async run({ client, out, args: [name = '', file] }) {
    const { lines } = succeeded(await client.command(['GETSCRIPT ', string(name)]));
    const script = lines[0]?.[0];
    if (script?.is !== 'string') throw new CommandFailed('the server sent no script');
    if (file === undefined) out.write(script.octets);
    else await writeFile(file, script.octets).catch(fileFailed);
    return true;
  },
};

/** A command that only names a script. */
function simple(names: readonly string[], command: string, summary: string): ShellCommand {
  return {
    names,
    usage: `${names[0]} <name>`,
    summary,
    arguments: [1, 1],
    takesScript: true,
    failure: `${names[0]} failed`,
    async run({ client, args: [name = ''] }) {
      succeeded(await client.command([`${command} `, string(name)]));
      return true;
    },
  };
}

const deactivate: ShellCommand = {
  names: ['deactivate', 'da'],
  usage: 'deactivate',
  summary: 'deactivate all scripts',
  arguments: [0, 0],
  failure: 'deactivate failed',
  async run({ client }) {
    succeeded(await client.command(['SETACTIVE ""']));
    return true;
  },
};

const quit: ShellCommand = {
  names: ['quit', 'q', 'exit'],
  usage: 'quit',
  summary: 'quit',
  arguments: [0, 0],
  failure: 'quit failed',
  async run({ client }) {
    await client.command(['LOGOUT']);
    return false;
  },
};

const help: ShellCommand = {
  names: ['help', '?'],
  usage: 'help',
  summary: 'this screen',
  arguments: [0, 0],
  failure: 'help failed',
  async run({ out }) {
    for (const command of shellCommands) out.write(`${helpOf(command)}\n`);
    return true;
  },
};

/** On one line, or two where the usage is long; as Cyrus's prints it. */
export function helpOf({ usage, summary }: ShellCommand): string {
  const indent = usage.length < 17 ? usage.padEnd(17) : `${usage}\n${' '.repeat(17)}`;
  return `${indent}- ${summary}`;
}

export const shellCommands: readonly ShellCommand[] = [
  help,
  list,
  put,
  get,
  simple(['delete', 'd'], 'DELETESCRIPT', 'delete script'),
  simple(['activate', 'a'], 'SETACTIVE', 'set a script as the active script'),
  deactivate,
  quit,
];

export interface ListedScript {
  readonly name: string;
  readonly isActive: boolean;
}

/** @throws CommandFailed */
export async function listScripts(client: SieveClient): Promise<readonly ListedScript[]> {
  const { lines } = succeeded(await client.command(['LISTSCRIPTS']));
  return lines.map(([name, ...rest]) => ({
    name: name === undefined ? '' : textOf(name),
    isActive: rest.some((token) => token.is === 'atom' && token.text.toUpperCase() === 'ACTIVE'),
  }));
}

/** @throws CommandFailed with what the server said */
function succeeded(answer: Answer): Answer {
  if (answer.kind === 'OK') return answer;
  throw new CommandFailed(printableLines(answer.text).trimEnd() || answer.code || 'unknown error');
}

function fileFailed(error: unknown): never {
  throw new CommandFailed((error as Error).message);
}

/** A server's text does not steer the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

function printableLines(text: string): string {
  return text.split(/\r?\n/).map(printable).join('\n');
}
