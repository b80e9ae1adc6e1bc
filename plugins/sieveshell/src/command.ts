/** `angarium sieveshell`: options as Cyrus's; commands from `-e`, a file, standard input, or a shell on the terminal. */
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import {
  COMMANDS,
  type Command,
  type CommandContext,
  CommandError,
  Component,
  ConnectionLost,
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
import { authenticate, connectTo } from './connection.js';
import type { SieveClient } from './protocol/client.js';
import { NoMechanism } from './protocol/sasl.js';
import { Shell } from './shell.js';

const SIEVE_PORT = 4190;

@injectable()
export class SieveshellCommand extends Component {
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
          name: 'sieveshell',
          summary: "Cyrus's shell for a user's Sieve scripts, for any ManageSieve server",
          arguments: [
            { name: '[server]', summary: 'host or host:port; without one, the server of this data folder' },
          ],
          options: [
            { flags: '-u, --user <user>', summary: 'whose scripts; default: those of who logs in' },
            { flags: '-a, --authid <user>', summary: 'who logs in; default: the user' },
            { flags: '-p, --port <port>', summary: `default ${SIEVE_PORT}` },
            {
              flags: '-m, --mechanism <mechanism>',
              summary: 'SCRAM-SHA-…, PLAIN or LOGIN; default: the best',
            },
            passwordFileOption,
            { flags: '--tls', summary: 'TLS from the beginning' },
            ...securityOptions,
            { flags: '-e, --exec <commands>', summary: 'run these, separated by ; or line ends' },
            { flags: '-f, --execfile <file>', summary: 'run the commands of this file' },
          ],
          run: (context) => this.run(context),
          text: () => '',
        }),
      ),
    );
  }

  private async run(context: CommandContext): Promise<undefined> {
    let client: SieveClient | undefined;
    const onAbort = () => client?.close();
    context.signal.addEventListener('abort', onAbort);
    try {
      client = await this.connect(context);
      const shell = new Shell(client, context.stdout as Writable);
      await converse(shell, context);
      if (shell.hasFailed) throw new CommandError('', 1);
      return undefined;
    } catch (error) {
      if (error instanceof ConnectionLost || error instanceof NoMechanism)
        throw new CommandError(error.message);
      throw error;
    } finally {
      context.signal.removeEventListener('abort', onAbort);
      client?.close();
    }
  }

  /** Logged in. */
  private async connect(context: CommandContext): Promise<SieveClient> {
    const { options } = context;
    const user = textOption(options, 'user');
    const authid = textOption(options, 'authid') ?? user ?? process.env['USER'] ?? userInfo().username;
    const to = await this.target(context);
    const security = remoteSecurity(options);
    const client = await connectTo(to, security).catch((error: unknown) => {
      throw new CommandError(`unable to connect to server ${to.host}: ${(error as Error).message}`);
    });
    try {
      const password =
        (await passwordFromFile(options)) ?? (await context.askSecret(`Password of ${authid}`));
      const authz = user === authid ? undefined : user;
      await authenticate(
        client,
        { authid, authz, password, mechanism: textOption(options, 'mechanism') },
        security,
      );
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  private async target({ args, options }: CommandContext): Promise<ServerAddress> {
    const [server] = args as readonly (string | undefined)[];
    const port = portOption(textOption(options, 'port'));
    const isImplicit = options['tls'] === true;
    if (server !== undefined) {
      const named = parseServer(server, port ?? SIEVE_PORT);
      if (named === undefined) throw new CommandError(`not a server: ${server}`, 2);
      return { ...named, isImplicit };
    }
    if (port !== undefined) return { host: '127.0.0.1', port, isImplicit };
    const own = await ownServer(this.host.runDir, 'sieve');
    if (own === undefined) throw new CommandError('need a server: none runs on this data folder', 2);
    return own;
  }
}

async function converse(shell: Shell, { options, stdin, isInteractive }: CommandContext): Promise<void> {
  const commands = textOption(options, 'exec');
  const file = textOption(options, 'execfile');
  if (commands !== undefined && file !== undefined)
    throw new CommandError('--exec and --execfile exclude each other', 2);
  if (commands !== undefined) return await shell.script(commands.split('\n'));
  if (file !== undefined) return await shell.script((await readFile(file, 'utf8')).split('\n'));
  if (isInteractive) return await shell.interactive(stdin as Readable);
  await shell.script(createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY }));
}
