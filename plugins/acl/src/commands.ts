/** `angarium acl …` */
import {
  ACCESS_POLICY,
  ACCOUNTS,
  type AccessChange,
  type Accounts,
  AUTHENTICATION,
  type Authentication,
  anonymousIdentity,
  COMMANDS,
  type Command,
  CommandError,
  Component,
  defineCommand,
  type Identity,
  inject,
  injectable,
  injectOptional,
  MAIL_STORE,
  type MailboxEntry,
  type MailStore,
  NAMESPACE,
  type Namespace,
  type NamespaceView,
  type Registry,
  type UserId,
} from '@angarium/sdk';
import type { CyrusAccess } from './access.js';
import { type Explanation, explain } from './explain.js';
import { ANONYMOUS, ANYONE } from './rules.js';

/** Whoever can run commands on the data folder administers everything. */
const operator: Identity = {
  user: 'operator' as UserId,
  groups: [],
  admin: 'all',
  isAnonymous: false,
  mechanism: 'CLI',
};

const mailboxArgument = {
  name: '<mailbox>',
  summary: 'as administrators see it: user.fred.Work, news, user.joe@example.org',
};
const identifierArgument = {
  name: '<identifier>',
  summary: 'a user, anyone, anonymous, owner, group:NAME; with - before it: takes rights away',
};

interface ShownAcl {
  readonly mailbox: string;
  readonly acl: Readonly<Record<string, string>>;
}

@injectable()
export class AclCommands extends Component {
  private readonly view: NamespaceView;

  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(ACCESS_POLICY) private readonly access: CyrusAccess,
    @inject(MAIL_STORE) private readonly store: MailStore,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(NAMESPACE) namespace: Namespace,
    @injectOptional(AUTHENTICATION) private readonly authentication: Authentication | undefined,
  ) {
    super();
    this.view = namespace.view(operator);
  }

  override start(): void {
    this.own(this.commands.add(this.get(), this.set(), this.delete(), this.check()));
  }

  private get(): Command {
    return defineCommand<ShownAcl>({
      name: 'acl get',
      summary: 'Show who has which rights on a mailbox',
      arguments: [mailboxArgument],
      run: async ({ args }) => this.shown(await this.find(String(args[0]))),
      text: textOf,
    });
  }

  private set(): Command {
    return defineCommand<ShownAcl>({
      name: 'acl set',
      summary: 'Give somebody rights on a mailbox',
      arguments: [
        mailboxArgument,
        identifierArgument,
        { name: '<rights>', summary: 'lrswipkxtecdan0-9: these; +rights: these too; -- -rights: not these' },
      ],
      run: async ({ args }) => {
        const [mailbox, identifier, rights] = args.map(String) as [string, string, string];
        const mode = rights.startsWith('+') ? 'add' : rights.startsWith('-') ? 'remove' : 'set';
        const letters = mode === 'set' ? rights : rights.slice(1);
        return this.change(mailbox, identifier, { mode, rights: this.access.parseRights(letters) });
      },
      text: textOf,
    });
  }

  private delete(): Command {
    return defineCommand<ShownAcl>({
      name: 'acl delete',
      summary: "Take somebody out of a mailbox's access control list",
      arguments: [mailboxArgument, identifierArgument],
      run: ({ args }) => this.change(String(args[0]), String(args[1]), { mode: 'set', rights: 0 }),
      text: textOf,
    });
  }

  private check(): Command {
    return defineCommand<Explanation>({
      name: 'acl check',
      summary: 'Show what a user may do with a mailbox, and why',
      arguments: [{ name: '<user>', summary: 'a user, or anonymous' }, mailboxArgument],
      run: async ({ args }) => {
        const identity = await this.identityOf(String(args[0]));
        const entry = await this.find(String(args[1]));
        return explain(this.access.rules, identity, entry, this.view.toClient(entry.name));
      },
      text: ({ user, mailbox, rights, reasons, may, mayNot }) =>
        [
          `${user} has ${rights || 'no rights'} on ${mailbox}:`,
          ...reasons.map((reason) => `  ${reason}`),
          ...(may.length === 0 ? [] : ['may', ...may.map((deed) => `  ${deed}`)]),
          ...(mayNot.length === 0 ? [] : ['may not', ...mayNot.map((deed) => `  ${deed}`)]),
        ].join('\n'),
    });
  }

  private async find(text: string): Promise<MailboxEntry> {
    const entry = await this.store.catalogue.find(this.view.fromClient(text));
    if (entry === undefined) throw new CommandError(`There is no mailbox ${text}`);
    return entry;
  }

  private async change(
    mailbox: string,
    identifier: string,
    wanted: Pick<AccessChange, 'mode' | 'rights'>,
  ): Promise<ShownAcl> {
    const entry = await this.find(mailbox);
    const change = { ...wanted, identifier: this.access.identifier(identifier, operator) };
    return this.shown(await this.access.change(entry, change, { identity: operator, via: 'cli' }));
  }

  private shown(entry: MailboxEntry): ShownAcl {
    const { access, view } = this;
    const acl = access
      .entries(entry)
      .map(([identifier, rights]) => [identifier, access.printRights(rights)] as const);
    return { mailbox: view.toClient(entry.name), acl: Object.fromEntries(acl) };
  }

  private async identityOf(text: string): Promise<Identity> {
    if (text === ANONYMOUS || text === ANYONE) return anonymousIdentity;
    const user = this.accounts.normalise(text);
    const known = await this.authentication?.identityOf?.(user);
    if (known !== undefined) return known;
    const account = await this.accounts.find(user);
    if (account === undefined) throw new CommandError(`There is no account ${user}`);
    return { user, groups: account.groups, admin: 'none', isAnonymous: false, mechanism: '' };
  }
}

function textOf({ mailbox, acl }: ShownAcl): string {
  const entries = Object.entries(acl);
  return [mailbox, ...entries.map(([identifier, rights]) => `  ${identifier} ${rights}`)].join('\n');
}
