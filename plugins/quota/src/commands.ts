/** `angarium quota`: Cyrus's report, and its repair. */
import {
  COMMANDS,
  type Command,
  Component,
  defineCommand,
  formatMailboxName,
  type Identity,
  inject,
  injectable,
  injectOptional,
  type MailboxName,
  mailboxFromKey,
  NAMESPACE,
  type Namespace,
  ownerOf,
  QUOTA_LEDGER,
  type Registry,
  STORE_REPAIR,
  type StoreRepair,
  type UserId,
} from '@angarium/sdk';
import { isDomainRoot, type Ledger } from './ledger.js';
import { QuotaRepair } from './repair.js';
import { resources, usageOf } from './resources.js';

/** Names as an administrator sees them in IMAP. */
const operator: Identity = {
  user: '' as UserId,
  groups: [],
  admin: 'all',
  isAnonymous: false,
  mechanism: 'CLI',
};

/** Resource → octets or pieces, as `quota -J` of Cyrus tells them. */
export type RootReport = Readonly<Record<string, { readonly used: number; readonly limit?: number }>>;

export interface QuotaReport {
  /** What -f found, a line each. */
  readonly changes: readonly string[];
  readonly roots: Readonly<Record<string, RootReport>>;
}

/** How it is printed: no part of the data. */
const FORM = Symbol('form of the report');
type Form = 'table' | 'json' | 'changes';

/** What is looked at. */
export interface Scope {
  readonly domain: string | undefined;
  readonly covers: (name: MailboxName) => boolean;
}

@injectable()
export class QuotaCommands extends Component {
  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(QUOTA_LEDGER) private readonly ledger: Ledger,
    @injectOptional(NAMESPACE) private readonly namespace: Namespace | undefined,
    @injectOptional(STORE_REPAIR) private readonly repair: StoreRepair | undefined,
  ) {
    super();
  }

  override start(): void {
    this.own(this.commands.add(this.quota()));
  }

  private quota(): Command {
    return defineCommand<QuotaReport & { readonly [FORM]: Form }>({
      name: 'quota',
      summary: 'report quota roots, their limits and what they hold; -f puts right what is wrong',
      arguments: [{ name: '[root...]', summary: 'only roots whose names begin so; with -u, users' }],
      options: [
        { flags: '-f, --fix', summary: 'count anew, and put every mailbox under its nearest root' },
        { flags: '-n, --dry-run', summary: 'with -f: only tell what is wrong' },
        { flags: '-q, --quiet', summary: 'tell changes alone' },
        { flags: '-d, --domain <domain>', summary: 'only this domain' },
        { flags: '-u, --users', summary: 'arguments are users' },
        { flags: '-J', summary: "the report in Cyrus's JSON" },
      ],
      run: async ({ args, options }) => {
        const names = (args[0] ?? []) as readonly string[];
        const { domain } = options;
        const scope = this.scope(
          names,
          typeof domain === 'string' ? domain : undefined,
          options['users'] === true,
        );
        const isDry = options['dryRun'] === true;
        const changes =
          options['fix'] === true
            ? await new QuotaRepair(this.ledger, this.repair, (name) => this.text(name)).run(scope, isDry)
            : [];
        const roots = await this.report(scope);
        const form: Form = options['quiet'] === true ? 'changes' : options['J'] === true ? 'json' : 'table';
        return { changes, roots, [FORM]: form };
      },
      text: ({ changes, roots, [FORM]: form }) => {
        if (form === 'json') return JSON.stringify(roots, null, 2);
        return [...changes, ...(form === 'table' ? table(roots) : [])].join('\n');
      },
    });
  }

  private scope(names: readonly string[], domain: string | undefined, areUsers: boolean): Scope {
    const covers = (name: MailboxName): boolean => {
      if (domain !== undefined && (name.domain ?? '') !== domain) return false;
      if (names.length === 0) return true;
      const owner = ownerOf(name);
      if (areUsers) return owner !== undefined && names.includes(owner);
      const text = this.text(name);
      return names.some((prefix) => text.startsWith(prefix));
    };
    return { domain, covers };
  }

  private async report({ domain, covers }: Scope): Promise<Record<string, RootReport>> {
    const { ledger } = this;
    const entries = await ledger.store.catalogue.list(domain === undefined ? {} : { domain });
    const report: Record<string, RootReport> = {};
    for (const root of await ledger.roots(entries)) {
      const name = mailboxFromKey(root);
      const limits = covers(name) ? await ledger.limits(root) : undefined;
      if (limits === undefined) continue;
      const used = await usageOf(ledger.store, root);
      report[this.text(name)] = Object.fromEntries(
        resources.map(({ name: resource, key }) => {
          const limit = limits[key];
          return [resource, limit === undefined ? { used: used[key] } : { used: used[key], limit }];
        }),
      );
    }
    return report;
  }

  private text(name: MailboxName): string {
    if (isDomainRoot(name)) return `${name.domain ?? ''}!`;
    return this.namespace?.view(operator).toClient(name) ?? formatMailboxName(name);
  }
}

/** Cyrus's columns: limits and use in the protocol's units. */
function table(roots: QuotaReport['roots']): string[] {
  const lines = [row('Quota', '% Used', 'Used', 'Resource', 'Root')];
  for (const [root, report] of Object.entries(roots)) {
    for (const { name, unit } of resources) {
      const { used, limit } = report[name]!;
      const use = Math.floor(used / unit);
      if (limit === undefined) lines.push(row('', '', use, name, root));
      else {
        const percent = limit > 0 ? Math.floor((used * 100) / limit) : '';
        lines.push(row(Math.floor(limit / unit), percent, use, name, root));
      }
    }
  }
  return lines;
}

function row(
  quota: string | number,
  percent: string | number,
  used: string | number,
  resource: string,
  root: string,
): string {
  const column = (value: string | number) => String(value).padStart(8);
  return `${column(quota)} ${column(percent)} ${column(used)} ${resource.padStart(20)} ${root}`;
}
