/** `angarium users app-password add|list|remove USER` */
import {
  ACCOUNTS,
  type Accounts,
  APP_PASSWORDS,
  type AppPassword,
  type AppPasswords,
  authServiceName,
  CLOCK,
  type Clock,
  COMMANDS,
  type Command,
  type CommandContext,
  CommandError,
  Component,
  defineCommand,
  inject,
  injectable,
  type Registry,
  type UserId,
} from '@angarium/sdk';

const DAY_MS = 24 * 3600_000;

type AppPasswordResult =
  | { readonly added: AppPassword; readonly password: string }
  | { readonly removed: string }
  | { readonly appPasswords: readonly AppPassword[] };

@injectable()
export class AppPasswordCommand extends Component {
  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(APP_PASSWORDS) private readonly appPasswords: AppPasswords,
    @inject(CLOCK) private readonly clock: Clock,
  ) {
    super();
  }

  override start(): void {
    this.own(this.commands.add(this.appPassword()));
  }

  private appPassword(): Command {
    return defineCommand<AppPasswordResult>({
      name: 'users app-password',
      summary: 'Add, list and remove application passwords',
      arguments: [
        { name: '<action>', summary: 'add, list or remove' },
        { name: '<user>', summary: 'user id: fred, or fred@example.org' },
        { name: '[id]', summary: 'which to remove, as `list` shows it' },
      ],
      options: [
        { flags: '--label <text>', summary: 'add: what it is for' },
        { flags: '--services <list>', summary: 'add: imap,lmtp …; without it all' },
        { flags: '--days <n>', summary: 'add: how long it is good; without it until it is removed' },
      ],
      run: async (context) => {
        const [action, name, id] = context.args;
        const user = this.accounts.normalise(String(name));
        if (action === 'add') return this.addAppPassword(user, context);
        if (action === 'list') return { appPasswords: await this.appPasswords.list(user) };
        if (action !== 'remove') throw new CommandError('say add, list or remove', 2);
        if (typeof id !== 'string') throw new CommandError('say which to remove', 2);
        await this.appPasswords.remove(user, id);
        return { removed: id };
      },
      text: appPasswordText,
    });
  }

  private async addAppPassword(user: UserId, { options }: CommandContext): Promise<AppPasswordResult> {
    const { label, days } = options;
    if (typeof label !== 'string') throw new CommandError('say what it is for, with --label', 2);
    if (days !== undefined && !/^[1-9]\d{0,4}$/.test(String(days))) {
      throw new CommandError('--days is a number of days', 2);
    }
    const expiry = days === undefined ? {} : { expiresMs: this.clock.now() + Number(days) * DAY_MS };
    const { appPassword, password } = await this.appPasswords.add(user, {
      label,
      services: listOf(options['services']).map(authServiceName),
      ...expiry,
    });
    return { added: appPassword, password };
  }
}

function listOf(value: string | boolean | undefined): readonly string[] {
  return typeof value === 'string' ? value.split(',').filter((word) => word !== '') : [];
}

function appPasswordText(result: AppPasswordResult): string {
  if ('removed' in result) return `removed ${result.removed}`;
  if ('password' in result) {
    return `${result.password}\nThis is shown once. It is called ${lineOf(result.added)}`;
  }
  const lines = result.appPasswords.map(lineOf);
  return lines.length === 0 ? 'no application passwords' : lines.join('\n');
}

function lineOf({ id, label, services, expiresMs, lastUsedMs }: AppPassword): string {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return [
    id,
    label,
    services.length === 0 ? 'all services' : services.join(', '),
    expiresMs === undefined ? 'no expiry' : `until ${day(expiresMs)}`,
    lastUsedMs === undefined ? 'never used' : `used ${day(lastUsedMs)}`,
  ].join('  ');
}
