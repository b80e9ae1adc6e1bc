/** `angarium cyradm`: options as Cyrus's, a script from `-c` or standard input, or a shell on the terminal. */
import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import {
  COMMANDS,
  type Command,
  type CommandContext,
  CommandError,
  Component,
  defineCommand,
  HOST,
  type Host,
  inject,
  injectable,
  type Registry,
} from '@angarium/sdk';
import { type ConnectTo, parseServer, type Security } from './session.js';
import { CommandFailed } from './shell/builtin.js';
import { History } from './shell/history.js';
import { Shell } from './shell/shell.js';

const IMAP_PORT = 143;
const IMAPS_PORT = 993;

type Options = CommandContext['options'];

@injectable()
export class CyradmCommand extends Component {
  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(HOST) private readonly host: Host,
  ) {
    super();
  }

  override start(): void {
    this.own(
      this.commands.add(
        defineCommand<undefined>({
          name: 'cyradm',
          summary: "Cyrus's administration shell: mailboxes, rights, quotas, annotations of any IMAP server",
          arguments: [
            { name: '[server]', summary: 'host or host:port; without one, the server of this data folder' },
            { name: '[port]', summary: 'its port' },
          ],
          options: [
            { flags: '-u, --user <user>', summary: 'who logs in' },
            { flags: '-z, --authz <user>', summary: 'act as this user' },
            { flags: '-s, --server <server>', summary: 'as the argument' },
            { flags: '-p, --port <port>', summary: 'default 143' },
            { flags: '-a, --auth <mechanism>', summary: 'PLAIN or LOGIN' },
            {
              flags: '-w, --password <password>',
              summary: 'seen by others in the process list: better the next',
            },
            { flags: '--password-file <file>', summary: 'its first line is the password' },
            { flags: '--notls', summary: 'no STARTTLS' },
            { flags: '--imaps', summary: 'TLS from the beginning (port 993)' },
            { flags: '--cafile <file>', summary: 'verify the certificate by this CA' },
            { flags: '--insecure', summary: 'do not verify the certificate' },
            { flags: '-c, --command <commands>', summary: 'run these, separated by ;' },
            { flags: '--norc', summary: 'do not read ~/.cyradmrc' },
          ],
          run: (context) => this.run(context),
          text: () => '',
        }),
      ),
    );
  }

  private async run(context: CommandContext): Promise<undefined> {
    const { options } = context;
    const user = text(options, 'user') ?? process.env['USER'] ?? userInfo().username;
    const password = await this.password(options);
    const shell = new Shell({
      in: undefined,
      out: context.stdout as Writable,
      err: context.stderr as Writable,
      env: process.env,
      security: securityOf(options),
      user,
      askPassword: async (name) => password ?? (await context.askSecret(`Password of ${name}`)),
    });
    context.signal.addEventListener('abort', () => shell.disconnect());
    try {
      await this.connect(shell, context, user, password);
      const status = await this.converse(shell, context);
      if (status !== 0) throw new CommandError('', status);
      return undefined;
    } finally {
      shell.disconnect();
    }
  }

  private async connect(
    shell: Shell,
    { args, options }: CommandContext,
    user: string,
    password: string | undefined,
  ): Promise<void> {
    const to = await this.target(args, options);
    if (to === undefined) return;
    try {
      await shell.connect(to);
    } catch (error) {
      throw new CommandError(`cannot connect to server ${to.host}: ${(error as Error).message}`);
    }
    const login = { user, authz: text(options, 'authz'), mechanism: text(options, 'auth'), password };
    try {
      await shell.logIn(login);
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      throw new CommandError(error.message);
    }
  }

  /** Undefined: nobody said where to, and no server runs here. */
  private async target(args: CommandContext['args'], options: Options): Promise<ConnectTo | undefined> {
    const [server, portArgument] = args as readonly (string | undefined)[];
    const named = server ?? text(options, 'server');
    if (server !== undefined && text(options, 'server') !== undefined)
      throw new CommandError('the server is given twice', 2);
    const isImplicit = options['imaps'] === true;
    const given = portArgument ?? text(options, 'port');
    if (given !== undefined && !/^\d{1,5}$/.test(given)) throw new CommandError(`not a port: ${given}`, 2);
    const port = given === undefined ? undefined : Number(given);
    if (named !== undefined)
      return { ...parseServer(named, port ?? (isImplicit ? IMAPS_PORT : IMAP_PORT)), isImplicit };
    if (port !== undefined) return { host: '127.0.0.1', port, isImplicit };
    return await this.ownServer();
  }

  /** Where this data folder's server listens for IMAP. */
  private async ownServer(): Promise<ConnectTo | undefined> {
    const file = await readFile(join(this.host.runDir, 'ports.json'), 'utf8').catch(() => undefined);
    if (file === undefined) return undefined;
    const ports = JSON.parse(file) as Record<
      string,
      readonly { address?: string; port?: number; tls?: string }[]
    >;
    const doors = (ports['imap'] ?? []).filter(({ port }) => port !== undefined);
    const door = doors.find(({ tls }) => tls !== 'implicit') ?? doors[0];
    if (door?.port === undefined) return undefined;
    const isAny = door.address === undefined || ['0.0.0.0', '::', '*'].includes(door.address);
    const host = isAny ? '127.0.0.1' : door.address!;
    return { host, port: door.port, isImplicit: door.tls === 'implicit' };
  }

  private async converse(shell: Shell, { options, stdin, isInteractive }: CommandContext): Promise<number> {
    if (options['norc'] !== true) {
      for (const path of ['/etc/cyradmrc', join(homedir(), '.cyradmrc')]) {
        const rc = await readFile(path, 'utf8').catch(() => undefined);
        if (rc !== undefined) await shell.script(rc.split('\n'));
      }
      shell.hasFailed = false;
    }
    const commands = text(options, 'command');
    if (commands !== undefined) return await shell.script(commands.split('\n'));
    if (isInteractive)
      return await shell.interactive(stdin as Readable, new History(join(homedir(), '.cyradm_history')));
    return await shell.script(createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY }));
  }

  private async password(options: Options): Promise<string | undefined> {
    const given = text(options, 'password');
    const file = text(options, 'passwordFile');
    if (given !== undefined || file === undefined) return given;
    const [line = ''] = (await readFile(file, 'utf8')).split(/\r?\n/);
    return line;
  }
}

function text(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

function securityOf(options: Options): Security {
  return {
    caFile: text(options, 'cafile'),
    noTls: options['notls'] === true,
    isInsecure: options['insecure'] === true,
  };
}
