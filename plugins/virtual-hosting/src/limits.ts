import {
  type AdminScope,
  CONFIG,
  Component,
  DELIVERY_STAGES,
  type DeliveryBatch,
  type DeliveryStage,
  HOOKS,
  type HookBus,
  type Identity,
  inject,
  injectable,
  MAIL_STORE,
  type MailboxCreation,
  MailError,
  type MailStore,
  type Recipient,
  type Registry,
  splitUserId,
} from '@angarium/sdk';
import type { DomainConfig, VirtualHostingConfig } from './config.js';
import { DomainTable } from './domain-table.js';

/** What the manifest says of single domains: no logins, so many users, so many mailboxes, so much a message. */
@injectable()
export class DomainLimits extends Component {
  private readonly domains: DomainTable;

  constructor(
    @inject(CONFIG) private readonly config: VirtualHostingConfig,
    @inject(HOOKS) private readonly hooks: HookBus,
    @inject(DELIVERY_STAGES) private readonly stages: Registry<DeliveryStage>,
    @inject(MAIL_STORE) private readonly store: MailStore,
  ) {
    super();
    this.domains = new DomainTable(config);
  }

  override start(): void {
    const all = Object.values(this.config.domains ?? {});
    const isSet = (test: (domain: DomainConfig) => boolean) => all.some(test);
    if (isSet(({ disabled }) => disabled !== 'no')) {
      this.own(this.hooks.tap('auth.authorising', (_, identity) => this.checkLogin(identity)));
    }
    if (isSet(({ disabled }) => disabled === 'all')) this.own(this.stages.add(this.stage('admit')));
    if (isSet(({ maxMessageBytes }) => maxMessageBytes !== undefined)) {
      this.own(this.stages.add(this.stage('suppress')));
    }
    if (isSet(({ maxUsers, maxMailboxes }) => maxUsers !== undefined || maxMailboxes !== undefined)) {
      this.own(this.hooks.tap('mailbox.creating', (creation) => this.checkCreation(creation)));
    }
  }

  private checkLogin({ user, admin, isAnonymous }: Identity): void {
    const { domain } = splitUserId(user);
    const disabled = this.domains.settings(domain)?.disabled ?? 'no';
    if (disabled === 'no' || isAnonymous || isGlobal(admin)) return;
    throw new MailError('AUTHORIZATIONFAILED', 'Logins are disabled for this domain');
  }

  private stage(phase: 'admit' | 'suppress'): DeliveryStage {
    return {
      name: 'domain-limits',
      phase,
      order: 10,
      run: async ({ recipients, message }: DeliveryBatch) => {
        for (const recipient of recipients) {
          const error = this.refusal(recipient, message?.size ?? 0);
          if (error !== undefined) recipient.outcome = { is: 'refused', error };
        }
      },
    };
  }

  private refusal(recipient: Recipient, size: number): MailError | undefined {
    const { user, targets } = recipient;
    const domain = user === undefined ? targets[0]?.mailbox.domain : splitUserId(user).domain;
    const settings = this.domains.settings(domain);
    if (settings?.disabled === 'all') {
      return new MailError('UNAVAILABLE', 'The domain is disabled', { enhancedStatus: '4.2.1' });
    }
    if (size <= (settings?.maxMessageBytes ?? Number.POSITIVE_INFINITY)) return undefined;
    return new MailError('TOOBIG', 'The message is too large for this domain', { enhancedStatus: '5.2.3' });
  }

  /** Two workers at the same instant may make one too many: the bound is for order, not for safety. */
  private async checkCreation({ name }: MailboxCreation): Promise<void> {
    const settings = this.domains.settings(name.domain);
    if (settings?.maxUsers === undefined && settings?.maxMailboxes === undefined) return;
    const entries = await this.store.catalogue.list({ domain: name.domain ?? '' });
    if (entries.length >= (settings.maxMailboxes ?? Number.POSITIVE_INFINITY)) {
      throw new MailError('LIMIT', 'The domain may have no more mailboxes');
    }
    const isInbox = (of: MailboxCreation['name']) => of.owner !== undefined && of.path.length === 0;
    if (!isInbox(name)) return;
    const users = entries.filter((entry) => isInbox(entry.name)).length;
    if (users >= (settings.maxUsers ?? Number.POSITIVE_INFINITY)) {
      throw new MailError('LIMIT', 'The domain may have no more users');
    }
  }
}

/** Whoever administers everything can also log in to mend it. */
function isGlobal(admin: AdminScope): boolean {
  return admin === 'all';
}
