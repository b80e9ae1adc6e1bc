/** server, authenticate, disconnect, version, chdir, help, exit. */
import { parseServer } from '@angarium/sdk';
import { listOf, textOf } from '../imap/response.js';
import { type Builtin, CommandFailed, clientOf, ExitShell, parseOptions } from '../shell/builtin.js';

/** Where IMAP is when nobody says otherwise. */
const IMAP_PORT = 143;

const serverUsage = 'server [-noauthenticate] [server]';

const server: Builtin = {
  name: 'server',
  aliases: ['servername', 'connect'],
  usage: '[-noauthenticate] [server]',
  summary: 'show current server or connect to server',
  async run(run) {
    const { flags, rest } = parseOptions(run.args, { noauthenticate: false }, serverUsage);
    const { shell } = run;
    if (rest.length > 1) throw new CommandFailed(`usage: ${serverUsage}`);
    const [name] = rest;
    if (name === undefined) {
      clientOf(run, 'server');
      run.out.write(`${shell.serverName}\n`);
      return;
    }
    const to = parseServer(name, IMAP_PORT);
    if (to === undefined) throw new CommandFailed(`not a server: ${name}`);
    try {
      await shell.connect({ ...to, isImplicit: false });
    } catch (error) {
      throw new CommandFailed(`server: ${name}: cannot connect to server: ${(error as Error).message}`);
    }
    if (flags.has('noauthenticate')) return;
    await shell.logIn({ user: '', authz: undefined, mechanism: undefined, password: undefined });
  },
};

const authUsage =
  'authenticate [-minssf N] [-maxssf N] [-mechanisms STR]\n                    [-service name] [-tlskey keyfile] [-notls]\n                    [-cafile cacertfile] [-capath cacertdir]\n                    [user]';

const auth: Builtin = {
  name: 'authenticate',
  aliases: ['auth', 'login'],
  usage:
    '[-minssf N] [-maxssf N] [-mechanisms list] [-service name] [-tlskey keyfile] [-notls] [-cafile cacertfile] [-capath cacertdir] [user]',
  summary: 'authenticate to server',
  async run(run) {
    const known = {
      mechanisms: true,
      minssf: true,
      maxssf: true,
      service: true,
      tlskey: true,
      notls: false,
      cafile: true,
      cadir: true,
      capath: true,
    };
    const { values, rest } = parseOptions(run.args, known, authUsage);
    if (rest.length > 1) throw new CommandFailed(`usage: ${authUsage}`);
    clientOf(run, 'authenticate');
    const mechanism = values.get('mechanisms')?.split(/[ ,]+/)[0];
    await run.shell.logIn({ user: rest[0] ?? '', authz: undefined, mechanism, password: undefined });
  },
};

const disconnect: Builtin = {
  name: 'disconnect',
  aliases: ['disc'],
  usage: '',
  summary: 'disconnect from current server',
  async run(run) {
    if (run.args.length > 0) throw new CommandFailed('usage: disconnect');
    clientOf(run, 'disconnect');
    run.shell.disconnect();
  },
};

const version: Builtin = {
  name: 'version',
  aliases: ['ver'],
  usage: '',
  summary: 'display version info of current server',
  async run(run) {
    if (run.args.length > 0) throw new CommandFailed('usage: version');
    const client = clientOf(run, 'version');
    const answer = await client.command(['ID NIL']);
    if (answer.kind !== 'OK') throw new CommandFailed(answer.text);
    const fields = listOf(answer.untagged.find(({ name }) => name === 'ID')?.values[0]);
    if (fields.length === 0) run.out.write('no version info returned by server\n');
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const field = textOf(fields[at]);
      const value = textOf(fields[at + 1]);
      const lines = field === 'environment' ? value.replace(/; ?/g, '\n             ') : value;
      run.out.write(`${field.padEnd(11)}: ${lines}\n`);
    }
  },
};

const chdir: Builtin = {
  name: 'chdir',
  aliases: ['cd'],
  usage: 'directory',
  summary: 'change current directory',
  completes: 'file',
  async run({ args }) {
    const [directory] = args;
    if (directory === undefined || args.length > 1) throw new CommandFailed('usage: chdir directory');
    try {
      process.chdir(directory);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      const reason =
        code === 'ENOENT'
          ? 'No such file or directory'
          : code === 'ENOTDIR'
            ? 'Not a directory'
            : (error as Error).message;
      throw new CommandFailed(`chdir: ${directory}: ${reason}`);
    }
  },
};

const exit: Builtin = {
  name: 'exit',
  aliases: ['quit'],
  usage: '[number]',
  summary: 'exit cyradm',
  async run({ args }) {
    if (args.length > 1 || !/^\d{0,3}$/.test(args[0] ?? '')) throw new CommandFailed('usage: exit [number]');
    throw new ExitShell(Number(args[0] ?? 0));
  },
};

/** @param all of the shell, this one included. */
function help(all: () => readonly Builtin[]): Builtin {
  return {
    name: 'help',
    aliases: ['?'],
    usage: '[command]',
    summary: 'show commands',
    completes: 'command',
    async run({ args, out }) {
      if (args.length === 0) {
        const rows = all().map(
          ({ name, aliases, summary }) => [[name, ...aliases].join(', '), summary] as const,
        );
        const width = Math.max(...rows.map(([names]) => names.length));
        for (const [names, summary] of rows.sort(([a], [b]) => (a < b ? -1 : 1)))
          out.write(`${names.padEnd(width)}  ${summary}\n`);
        return;
      }
      for (const word of [...args].sort()) out.write(helpOn(all(), word));
    },
  };
}

function helpOn(all: readonly Builtin[], word: string): string {
  const found = all.find(({ name, aliases }) => name === word || aliases.includes(word));
  if (found === undefined) return `unknown command: ${word}\n`;
  const alias = found.name === word ? '' : `${word}, alias for `;
  return `${alias}${found.name} ${found.usage}\n\t${found.summary}\n`;
}

export function sessionCommands(all: () => readonly Builtin[]): readonly Builtin[] {
  return [auth, chdir, disconnect, exit, help(all), server, version];
}
