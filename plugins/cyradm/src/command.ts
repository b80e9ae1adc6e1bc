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
  ownServer,
  parseServer,
  passwordFileOption,
  passwordFromFile,
  portOption,
  type Registry,
  remoteSecurity,
  type ServerAddress,
  securityOptions,
  textOption,
} from '@angarium/sdk';
import { CommandFailed } from './shell/builtin.js';
import { History } from './shell/history.js';
import { Shell } from './shell/shell.js';

const IMAP_PORT = 143;
const IMAPS_PORT = 993;

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
            passwordFileOption,
            { flags: '--imaps', summary: 'TLS from the beginning (port 993)' },
            ...securityOptions,
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
    const user = textOption(options, 'user') ?? process.env['USER'] ?? userInfo().username;
    const password = textOption(options, 'password') ?? (await passwordFromFile(options));
    const shell = new Shell({
      in: undefined,
      out: context.stdout as Writable,
      err: context.stderr as Writable,
      env: process.env,
      security: remoteSecurity(options),
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
    context: CommandContext,
    user: string,
    password: string | undefined,
  ): Promise<void> {
    const { options } = context;
    const to = await this.target(context);
    if (to === undefined) return;
    try {
      await shell.connect(to);
    } catch (error) {
      throw new CommandError(`cannot connect to server ${to.host}: ${(error as Error).message}`);
    }
    const login = {
      user,
      authz: textOption(options, 'authz'),
      mechanism: textOption(options, 'auth'),
      password,
    };
    try {
      await shell.logIn(login);
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      throw new CommandError(error.message);
    }
  }

  /** Undefined: nobody said where to, and no server runs here. */
  private async target({ args, options }: CommandContext): Promise<ServerAddress | undefined> {
    const [server, portArgument] = args as readonly (string | undefined)[];
    const named = server ?? textOption(options, 'server');
    if (server !== undefined && textOption(options, 'server') !== undefined)
      throw new CommandError('the server is given twice', 2);
    const isImplicit = options['imaps'] === true;
    const port = portOption(portArgument ?? textOption(options, 'port'));
    if (named !== undefined) {
      const to = parseServer(named, port ?? (isImplicit ? IMAPS_PORT : IMAP_PORT));
      if (to === undefined) throw new CommandError(`not a server: ${named}`, 2);
      return { ...to, isImplicit };
    }
    if (port !== undefined) return { host: '127.0.0.1', port, isImplicit };
    return await ownServer(this.host.runDir, 'imap');
  }

  private async converse(shell: Shell, { options, stdin, isInteractive }: CommandContext): Promise<number> {
    if (options['norc'] !== true) {
      for (const path of ['/etc/cyradmrc', join(homedir(), '.cyradmrc')]) {
        const rc = await readFile(path, 'utf8').catch(() => undefined);
        if (rc !== undefined) await shell.script(rc.split('\n'));
      }
      shell.hasFailed = false;
    }
    const commands = textOption(options, 'command');
    if (commands !== undefined) return await shell.script(commands.split('\n'));
    if (isInteractive)
      return await shell.interactive(stdin as Readable, new History(join(homedir(), '.cyradm_history')));
    return await shell.script(createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY }));
  }
}
