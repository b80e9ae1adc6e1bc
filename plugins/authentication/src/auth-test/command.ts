/** `angarium auth test`. */
import { isIP } from 'node:net';
import {
  ACCOUNT_SOURCES,
  ACCOUNTS,
  type AccountSource,
  type Accounts,
  type AdminScope,
  APP_PASSWORD_CHECKS,
  type AppPasswordCheck,
  authServiceName,
  COMMANDS,
  CONFIG,
  type Command,
  type CommandContext,
  CommandError,
  Component,
  defineCommand,
  HOOKS,
  type HookBus,
  inject,
  injectable,
  PASSWORD_GATES,
  PASSWORD_SOURCES,
  type PasswordGate,
  type PasswordSource,
  type Registry,
  SASL_MECHANISMS,
  type SaslMechanism,
} from '@angarium/sdk';
import { Administrators } from '../administrators.js';
import type { AuthenticationConfig } from '../config.js';
import { Mechanisms } from '../mechanisms.js';
import { Passwords } from '../passwords.js';
import { type Diagnosis, diagnose } from './diagnosis.js';
import { probeContext } from './probe.js';

/** Octets of standard input that are looked at. */
const MAX_INPUT_BYTES = 64 * 1024;

@injectable()
export class AuthTestCommand extends Component {
  constructor(
    @inject(CONFIG) private readonly config: AuthenticationConfig,
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(ACCOUNT_SOURCES) private readonly accountSources: Registry<AccountSource>,
    @inject(PASSWORD_SOURCES) private readonly passwordSources: Registry<PasswordSource>,
    @inject(PASSWORD_GATES) private readonly gates: Registry<PasswordGate>,
    @inject(APP_PASSWORD_CHECKS) private readonly appChecks: Registry<AppPasswordCheck>,
    @inject(SASL_MECHANISMS) private readonly registered: Registry<SaslMechanism>,
    @inject(HOOKS) private readonly hooks: HookBus,
  ) {
    super();
  }

  override start(): void {
    this.own(this.commands.add(this.command()));
  }

  private command(): Command {
    return defineCommand<Diagnosis>({
      name: 'auth test',
      summary: 'Say why a login works or fails',
      arguments: [{ name: '<user>', summary: 'as the user types it' }],
      options: [
        { flags: '--service <name>', summary: 'imap, lmtp, pop3, nntp, sieve', defaultValue: 'imap' },
        { flags: '--mechanism <name>', summary: 'SASL mechanism; otherwise the best that takes a password' },
        { flags: '--password-stdin', summary: 'read the password from standard input' },
        { flags: '--as <user>', summary: 'whom to act as (authorization identity)' },
        { flags: '--from <address>', summary: "the client's address", defaultValue: '127.0.0.1' },
        { flags: '--no-tls', summary: 'as if the connection were not encrypted' },
      ],
      run: (context) => this.run(context),
      text: textOf,
      exitStatus: ({ succeeds }) => (succeeds === false ? 1 : 0),
    });
  }

  private async run(context: CommandContext): Promise<Diagnosis> {
    const { service, mechanism, from, tls, as } = context.options;
    const password = await passwordOf(context);
    const address = String(from ?? '127.0.0.1');
    if (address !== 'unix' && isIP(address) === 0)
      throw new CommandError(`--from: "${address}" is no address`, 2);
    const passwords = new Passwords(this.passwordSources, this.gates, this.appChecks);
    return diagnose(
      {
        user: this.userOf(String(context.args[0])),
        context: probeContext({
          service: authServiceName(String(service ?? 'imap')),
          address,
          hasTls: tls !== false,
        }),
        mechanism: typeof mechanism === 'string' ? mechanism : undefined,
        password,
        actAs: typeof as === 'string' ? this.userOf(as) : undefined,
      },
      {
        mechanisms: new Mechanisms(this.config, this.registered, passwords),
        accountSources: this.accountSources,
        passwordSources: this.passwordSources,
        gates: this.gates,
        appChecks: this.appChecks,
        administrators: Administrators.fromNames(this.config.admins, this.accounts),
        attempting: async (attempt) => {
          const hook = this.hooks.hook('auth.attempting');
          if (hook.isTapped) await hook.call(attempt);
        },
        authorising: async (attempt, identity) => {
          const hook = this.hooks.hook('auth.authorising');
          if (hook.isTapped) await hook.call(attempt, identity);
        },
      },
    );
  }

  private userOf(name: string) {
    try {
      return this.accounts.normalise(name);
    } catch (error) {
      throw new CommandError(`"${name}" can be no user: ${(error as Error).message}`);
    }
  }
}

/** Undefined: none is given, and on a terminal none was typed. */
async function passwordOf({
  options,
  isInteractive,
  stdin,
  askSecret,
}: CommandContext): Promise<string | undefined> {
  if (options['passwordStdin'] !== true) {
    return isInteractive ? (await askSecret('Password (empty: try none): ')) || undefined : undefined;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as Uint8Array | string);
    chunks.push(bytes);
    length += bytes.length;
    if (bytes.includes(10) || length > MAX_INPUT_BYTES) break;
  }
  const [line = ''] = Buffer.concat(chunks).toString('utf8').split('\n', 1);
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function textOf(found: Diagnosis): string {
  const steps = [...found.steps, { asked: 'administrator of', answer: adminText(found.admin) }];
  const width = Math.max(...steps.map(({ asked }) => asked.length));
  const outcome = { true: 'WORKS', false: 'FAILS', null: 'OPEN' }[String(found.succeeds)] ?? '';
  return [
    `${found.user}, service ${found.service}, mechanism ${found.mechanism}`,
    '',
    ...steps.map(({ asked, answer }) => `  ${asked.padEnd(width)}  ${answer}`),
    '',
    `${outcome}: ${found.reason}`,
    '',
    'Mechanisms on such a connection:',
    ...found.mechanisms.map(
      ({ name, whyNot }) => `  ${name.padEnd(20)}${whyNot === null ? 'offered' : `no: ${whyNot}`}`,
    ),
  ].join('\n');
}

function adminText(admin: AdminScope): string {
  return admin === 'all' ? 'everything' : admin === 'none' ? 'nothing' : admin.join(', ');
}
