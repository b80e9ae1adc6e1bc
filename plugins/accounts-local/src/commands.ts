/** `angarium users …` */
import {
  ACCOUNTS,
  type Account,
  type Accounts,
  COMMANDS,
  type Command,
  type CommandContext,
  CommandError,
  Component,
  defineCommand,
  inject,
  injectable,
  MANAGED_ACCOUNTS,
  type ManagedAccounts,
  type Registry,
  type UserId,
} from '@angarium/sdk';
import { newPassword } from './new-password.js';

const userArgument = { name: '<user>', summary: 'user id: fred, or fred@example.org' };
const passwordOption = { flags: '--password-stdin', summary: 'read the password from standard input' };
const nameOption = { flags: '--name <text>', summary: 'the name to show' };
const groupsOption = { flags: '--groups <list>', summary: 'groups, separated by commas' };

/** Accounts a `list` asks for at a time. */
const PAGE = 1000;

@injectable()
export class UsersCommands extends Component {
  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(MANAGED_ACCOUNTS) private readonly managed: ManagedAccounts,
  ) {
    super();
  }

  override start(): void {
    this.own(this.commands.add(this.list(), this.add(), this.change(), this.passwd(), this.remove()));
  }

  private list(): Command {
    return defineCommand({
      name: 'users list',
      summary: 'List the accounts',
      options: [{ flags: '--domain <domain>', summary: 'only this domain' }],
      run: async ({ options, signal }) => {
        const found: Account[] = [];
        const domain = options['domain'];
        for (let after: UserId | undefined; !signal.aborted; after = found.at(-1)?.user) {
          const page = await this.accounts.list({
            limit: PAGE,
            ...(typeof domain === 'string' ? { domain } : {}),
            ...(after === undefined ? {} : { after }),
          });
          found.push(...page);
          if (page.length < PAGE) break;
        }
        return found;
      },
      text: (found) => (found.length === 0 ? 'no accounts' : found.map(lineOf).join('\n')),
    });
  }

  private add(): Command {
    return defineCommand({
      name: 'users add',
      summary: 'Add an account',
      arguments: [userArgument],
      options: [passwordOption, nameOption, groupsOption],
      run: async (context) => {
        const user = this.userOf(context);
        const password = await newPassword(context);
        return this.managed.create(user, { password, ...detailsOf(context) });
      },
      text: ({ user }) => `added ${user}`,
    });
  }

  private change(): Command {
    return defineCommand({
      name: 'users change',
      summary: "Change an account's name, groups, or whether it may log in",
      arguments: [userArgument],
      options: [
        nameOption,
        groupsOption,
        { flags: '--disable', summary: 'refuse logins; mail is still taken' },
        { flags: '--enable', summary: 'allow logins again' },
      ],
      run: async (context) => {
        const { disable, enable } = context.options;
        if (disable === true && enable === true) throw new CommandError('--disable or --enable, not both', 2);
        const isDisabled = disable === true ? true : enable === true ? false : undefined;
        const changes = { ...detailsOf(context), ...(isDisabled === undefined ? {} : { isDisabled }) };
        if (Object.keys(changes).length === 0) throw new CommandError('nothing to change was given', 2);
        return this.managed.change(this.userOf(context), changes);
      },
      text: lineOf,
    });
  }

  private passwd(): Command {
    return defineCommand({
      name: 'users passwd',
      summary: "Set an account's password",
      arguments: [userArgument],
      options: [passwordOption],
      run: async (context) => {
        const user = this.userOf(context);
        await this.managed.setPassword(user, await newPassword(context));
        return { user };
      },
      text: ({ user }) => `password of ${user} set`,
    });
  }

  private remove(): Command {
    return defineCommand({
      name: 'users remove',
      summary: 'Remove an account and what is kept for it; its mail stays',
      arguments: [userArgument],
      run: async (context) => {
        const user = this.userOf(context);
        await this.managed.remove(user);
        return { user };
      },
      text: ({ user }) => `removed ${user}`,
    });
  }

  private userOf({ args }: CommandContext): UserId {
    return this.accounts.normalise(String(args[0]));
  }
}

function detailsOf({ options }: CommandContext): { displayName?: string; groups?: readonly string[] } {
  const { name, groups } = options;
  return {
    ...(typeof name === 'string' ? { displayName: name } : {}),
    ...(typeof groups === 'string' ? { groups: groups.split(',').filter((group) => group !== '') } : {}),
  };
}

function lineOf({ user, displayName, groups, isDisabled }: Account): string {
  const notes = [displayName, groups.length > 0 ? `groups: ${groups.join(', ')}` : undefined];
  return [user, ...notes, isDisabled ? 'disabled' : undefined]
    .filter((note) => note !== undefined)
    .join('  ');
}
