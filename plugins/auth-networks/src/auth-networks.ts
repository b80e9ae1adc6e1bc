import {
  ACCOUNTS,
  type Accounts,
  type AuthAttempt,
  authServiceName,
  CONFIG,
  Component,
  HOOKS,
  type HookBus,
  inject,
  injectable,
  MailError,
  type Networks,
  parseNetworks,
  type UserId,
} from '@angarium/sdk';
import type { AuthNetworksConfig, RuleConfig } from './config.js';

interface Rule {
  readonly isForAll: boolean;
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  readonly services: ReadonlySet<string> | undefined;
  readonly networks: Networks;
}

/** Refuses logins from where the account may not come. */
@injectable()
export class AuthNetworks extends Component {
  private readonly rules: readonly Rule[];

  constructor(
    @inject(CONFIG) { rules }: AuthNetworksConfig,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(HOOKS) private readonly hooks: HookBus,
  ) {
    super();
    this.rules = rules.map((rule) => this.ruleOf(rule));
  }

  override start(): void {
    if (this.rules.length === 0) return;
    this.own(this.hooks.tap('auth.attempting', (attempt) => this.admit(attempt), { stage: 'early' }));
  }

  /** @throws MailError AUTHENTICATIONFAILED, which the client hears as for a wrong password. */
  private async admit({ service, user, remoteAddress }: AuthAttempt): Promise<void> {
    if (user === undefined) return;
    const rules = this.rules.filter(({ services }) => services?.has(service) ?? true);
    const groups = await this.groupsOf(user, rules);
    const concerned = rules.filter(
      (rule) => rule.isForAll || rule.users.has(user) || groups.some((group) => rule.groups.has(group)),
    );
    if (concerned.length === 0 || concerned.some(({ networks }) => networks.has(remoteAddress))) return;
    throw new MailError('AUTHENTICATIONFAILED', 'not from this address');
  }

  /** Asked for only where a rule names groups. */
  private async groupsOf(user: string, rules: readonly Rule[]): Promise<readonly string[]> {
    if (rules.every(({ groups }) => groups.size === 0)) return [];
    return (await this.accounts.find(user as UserId))?.groups ?? [];
  }

  private ruleOf({ users, groups, services, networks }: RuleConfig): Rule {
    const names = users.filter((user) => user !== '*').map((user) => this.accounts.normalise(user));
    return {
      isForAll: users.includes('*'),
      users: new Set(names),
      groups: new Set(groups),
      services: services === undefined ? undefined : new Set(services.map(authServiceName)),
      networks: parseNetworks(networks),
    };
  }
}
