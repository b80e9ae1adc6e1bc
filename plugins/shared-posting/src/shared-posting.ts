import {
  ACCESS_POLICY,
  ACCOUNTS,
  type AccessPolicy,
  type Accounts,
  anonymousIdentity,
  CONFIG,
  Component,
  DELIVERY_STAGES,
  type DeliveryBatch,
  type DeliveryEnvelope,
  type DeliveryStage,
  HOST,
  type Host,
  inject,
  injectable,
  injectOptional,
  isMailError,
  LOGGER,
  type Logger,
  MAIL_STORE,
  type MailboxEntry,
  type MailboxName,
  MailError,
  type MailStore,
  matchMailbox,
  NAMESPACE,
  type Namespace,
  noFlags,
  ownerPolicy,
  type Recipient,
  type RecipientAddress,
  type Registry,
  Right,
  splitUserId,
  userId,
  VIRTUAL_DOMAINS,
  type VirtualDomains,
} from '@angarium/sdk';
import type { SharedPostingConfig } from './config.js';

/**
 * `bb+announcements@example.org` is the shared mailbox `announcements` of that domain. Nobody's INBOX stands behind it, so what
 * is not there or not allowed is refused. Runs before addresses are looked up as users'.
 */
@injectable()
export class SharedPosting extends Component implements DeliveryStage {
  readonly name = 'shared-posting';
  readonly phase = 'resolve';
  readonly order = 50;
  private readonly policy: AccessPolicy;
  private readonly hasRights: boolean;

  constructor(
    @inject(CONFIG) private readonly config: SharedPostingConfig,
    @inject(MAIL_STORE) private readonly store: MailStore,
    @inject(NAMESPACE) private readonly namespace: Namespace,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(DELIVERY_STAGES) private readonly stages: Registry<DeliveryStage>,
    @inject(HOST) private readonly host: Host,
    @inject(LOGGER) private readonly log: Logger,
    @injectOptional(ACCESS_POLICY) policy: AccessPolicy | undefined,
    @injectOptional(VIRTUAL_DOMAINS) private readonly domains: VirtualDomains | undefined,
  ) {
    super();
    this.policy = policy ?? ownerPolicy;
    this.hasRights = policy !== undefined;
  }

  override start(): void {
    if (!this.hasRights && this.config.post === 'acl' && this.host.role === 'server') {
      this.log.warn('no plugin provides access rights: nobody may post to shared mailboxes (see `post`)');
    }
    this.own(this.stages.add(this));
  }

  async run({ recipients, envelope }: DeliveryBatch): Promise<void> {
    for (const recipient of recipients) {
      const { address, targets, user } = recipient;
      if (user !== undefined || targets.length > 0) continue;
      const text = this.mailboxText(address.localPart);
      if (text !== undefined) await this.post(recipient, text, envelope);
    }
  }

  /** What follows the postuser; undefined for addresses of others. */
  private mailboxText(localPart: string): string | undefined {
    const { postuser, detailSeparator } = this.config;
    const isQuoted = /^".*"$/su.test(localPart);
    const local = isQuoted ? localPart.slice(1, -1).replace(/\\(.)/gsu, '$1') : localPart;
    const separator = local[postuser.length];
    if (separator === undefined || !detailSeparator.includes(separator)) return undefined;
    if (local.slice(0, postuser.length).toLowerCase() !== postuser.toLowerCase()) return undefined;
    return local.slice(postuser.length + 1);
  }

  private async post(recipient: Recipient, text: string, { identity }: DeliveryEnvelope): Promise<void> {
    const say = (decision: string) => void recipient.trace.push({ stage: this.name, decision });
    const entry = await this.find(text, recipient.address);
    if (entry === undefined) {
      say(`there is no shared mailbox "${text}"`);
      recipient.outcome = { is: 'refused', error: noMailbox(recipient.address) };
      return;
    }
    if (this.config.post !== 'always' && (this.policy.rights(identity, entry) & Right.post) === 0) {
      say(`the sender may not post to "${text}"`);
      recipient.outcome = { is: 'refused', error: this.refusal(recipient.address, entry, identity) };
      return;
    }
    say(`shared mailbox ${entry.name.path.join(' / ')}`);
    recipient.targets = [{ mailbox: entry.name, flags: noFlags, create: false, by: this.name }];
  }

  /** Those who may not know of the mailbox do not hear of it from here. */
  private refusal(
    address: RecipientAddress,
    entry: MailboxEntry,
    identity: DeliveryEnvelope['identity'],
  ): MailError {
    const isKnown = (this.policy.rights(identity, entry) & Right.lookup) !== 0;
    return isKnown
      ? new MailError('NOPERM', 'You may not post to this mailbox', { enhancedStatus: '5.7.1' })
      : noMailbox(address);
  }

  /** In the address's domain; where domains are not kept apart, also in the default one. */
  private async find(text: string, { domain }: RecipientAddress): Promise<MailboxEntry | undefined> {
    const areSeparate = this.domains?.areSeparate ?? false;
    const wanted = domain === undefined ? [undefined] : areSeparate ? [domain] : [domain, undefined];
    for (const each of wanted) {
      const name = this.nameOf(text, each);
      if (name === undefined) continue;
      const entry = await matchMailbox(this.store.catalogue, name, this.config.match);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** Undefined for what can be no shared mailbox. */
  private nameOf(text: string, domain: string | undefined): MailboxName | undefined {
    try {
      const own = domain === undefined ? undefined : this.ownDomain(domain);
      const user = userId(anonymousIdentity.user, own);
      const view = this.namespace.view({ ...anonymousIdentity, user });
      let typed = text;
      for (const separator of this.config.separators) typed = typed.replaceAll(separator, view.separator);
      const name = view.fromClient(`${view.shared ?? ''}${typed}`);
      return name.owner === undefined && name.path.length > 0 ? name : undefined;
    } catch (error) {
      if (isMailError(error) && error.code === 'CANNOT') return undefined;
      throw error;
    }
  }

  /** As user ids have it: the default domain is none, an alias is what it stands for. @throws MailError CANNOT */
  private ownDomain(domain: string): string | undefined {
    return splitUserId(this.accounts.normalise(`postmaster@${domain}`)).domain;
  }
}

function noMailbox({ address }: RecipientAddress): MailError {
  return new MailError('NONEXISTENT', `User unknown: <${address}>`, { enhancedStatus: '5.1.1' });
}
