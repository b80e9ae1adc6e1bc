/** `angarium users groups` and `import`. */
import {
  ACCOUNTS,
  type Account,
  type Accounts,
  COMMANDS,
  type Command,
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

/** Accounts a listing asks for at a time. */
const PAGE = 1000;

@injectable()
export class AccountCommands extends Component {
  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    // This plugin's own provider: importing is no part of the contract.
    @inject(MANAGED_ACCOUNTS) private readonly managed: LocalAccounts,
  ) {
    super();
  }

  override start(): void {
    this.own(this.commands.add(this.groups(), importCommand(this.accounts, this.managed)));
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
