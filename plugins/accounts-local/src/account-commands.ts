/** `angarium users groups`, `app-password` and `import`. */
import {
  ACCOUNTS,
  type Account,
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
  MANAGED_ACCOUNTS,
  type Registry,
  type UserId,
} from '@angarium/sdk';
import { importCommand } from './import/command.js';
import type { LocalAccounts } from './local-accounts.js';

const userArgument = { name: '<user>', summary: 'user id: fred, or fred@example.org' };

/** Accounts a listing asks for at a time. */
const PAGE = 1000;
const DAY_MS = 24 * 3600_000;

type AppPasswordResult =
  | { readonly added: AppPassword; readonly password: string }
  | { readonly removed: string }
  | { readonly appPasswords: readonly AppPassword[] };

@injectable()
export class AccountCommands extends Component {
  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    // This plugin's own provider: importing is no part of the contract.
    @inject(MANAGED_ACCOUNTS) private readonly managed: LocalAccounts,
    @inject(APP_PASSWORDS) private readonly appPasswords: AppPasswords,
    @inject(CLOCK) private readonly clock: Clock,
  ) {
    super();
  }

  override start(): void {
    this.own(
      this.commands.add(this.groups(), this.appPassword(), importCommand(this.accounts, this.managed)),
    );
  }

  private groups(): Command {
    return defineCommand({
      name: 'users groups',
      summary: 'Show or change the groups of an account, or list all groups',
      arguments: [{ name: '[user]', summary: 'user id; without it all groups and their members' }],
      options: [
        { flags: '--add <list>', summary: 'groups to add, separated by commas' },
        { flags: '--remove <list>', summary: 'groups to leave, separated by commas' },
      ],
      run: async ({ args, options, signal }) => {
        const [add, remove] = [listOf(options['add']), listOf(options['remove'])];
        if (args[0] === undefined) {
          if (add.length + remove.length > 0) throw new CommandError('say whose groups to change', 2);
          return { members: await this.members(signal) };
        }
        const user = this.accounts.normalise(String(args[0]));
        return { account: await this.changeGroups(user, add, remove) };
      },
      text: (result) => ('account' in result ? groupsText(result.account) : membersText(result.members)),
    });
  }

  private async changeGroups(
    user: UserId,
    add: readonly string[],
    remove: readonly string[],
  ): Promise<Account> {
    const account = await this.managed.find(user);
    if (account === undefined) throw new CommandError(`there is no account ${user} here`);
    if (add.length + remove.length === 0) return account;
    const wrong = add.find((group) => !/^[^\s,:\p{C}]{1,80}$/u.test(group));
    if (wrong !== undefined) throw new CommandError(`"${wrong}" is no name for a group`, 2);
    const groups = new Set([...account.groups, ...add]);
    for (const group of remove) groups.delete(group);
    return this.managed.change(user, { groups: [...groups].sort() });
  }

  private async members(signal: AbortSignal): Promise<Readonly<Record<string, readonly UserId[]>>> {
    const members = new Map<string, UserId[]>();
    for (let after: UserId | undefined; !signal.aborted; ) {
      const page = await this.managed.list({ limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const { user, groups } of page)
        for (const group of groups) members.set(group, [...(members.get(group) ?? []), user]);
      after = page.at(-1)?.user;
      if (page.length < PAGE) break;
    }
    return Object.fromEntries([...members].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private appPassword(): Command {
    return defineCommand<AppPasswordResult>({
      name: 'users app-password',
      summary: 'Add, list and remove application passwords',
      arguments: [
        { name: '<action>', summary: 'add, list or remove' },
        userArgument,
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

function groupsText({ user, groups }: Account): string {
  return groups.length === 0 ? `${user} is in no group` : `${user}: ${groups.join(', ')}`;
}

function membersText(members: Readonly<Record<string, readonly UserId[]>>): string {
  const lines = Object.entries(members).map(([group, users]) => `${group}: ${users.join(', ')}`);
  return lines.length === 0 ? 'no groups' : lines.join('\n');
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
