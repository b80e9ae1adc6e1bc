import {
  ACCESS_POLICY,
  type AccessPolicy,
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
  type MailStore,
  matchMailbox,
  NAMESPACE,
  type Namespace,
  noFlags,
  ownerOf,
  ownerPolicy,
  type Recipient,
  type Registry,
  Right,
  type UserId,
} from '@angarium/sdk';
import type { SubaddressConfig } from './config.js';

/**
 * The detail of an address names a folder of the user: mail goes there when the folder exists and the sender may post to it,
 * else, without a word to the sender, to the INBOX. Runs after the address is resolved.
 */
@injectable()
export class Subaddress extends Component implements DeliveryStage {
  readonly name = 'subaddress';
  readonly phase = 'resolve';
  readonly order = 200;
  private readonly policy: AccessPolicy;
  private readonly hasRights: boolean;

  constructor(
    @inject(CONFIG) private readonly config: SubaddressConfig,
    @inject(MAIL_STORE) private readonly store: MailStore,
    @inject(NAMESPACE) private readonly namespace: Namespace,
    @inject(DELIVERY_STAGES) private readonly stages: Registry<DeliveryStage>,
    @inject(HOST) private readonly host: Host,
    @inject(LOGGER) private readonly log: Logger,
    @injectOptional(ACCESS_POLICY) policy: AccessPolicy | undefined,
  ) {
    super();
    this.policy = policy ?? ownerPolicy;
    this.hasRights = policy !== undefined;
  }

  override start(): void {
    if (!this.hasRights && this.config.post === 'acl' && this.host.role === 'server') {
      this.log.warn(
        'no plugin provides access rights: all mail with a detail goes to the INBOX (see `post`)',
      );
    }
    this.own(this.stages.add(this));
  }

  async run({ recipients, envelope }: DeliveryBatch): Promise<void> {
    for (const recipient of recipients) {
      const { user, detail } = recipient;
      if (user === undefined || detail === undefined || recipient.targets.length > 0) continue;
      await this.choose(recipient, user, detail, envelope);
    }
  }

  private async choose(
    recipient: Recipient,
    user: UserId,
    detail: string,
    envelope: DeliveryEnvelope,
  ): Promise<void> {
    const say = (decision: string) => void recipient.trace.push({ stage: this.name, decision });
    const name = this.nameOf(user, detail);
    if (name === undefined) return say(`"${detail}" names no folder: INBOX`);
    const entry = await matchMailbox(this.store.catalogue, name, this.config.match);
    if (entry === undefined) return say(`there is no folder "${detail}": INBOX`);
    if (!this.mayPost(entry, envelope)) return say(`the sender may not post to "${detail}": INBOX`);
    say(`folder ${entry.name.path.join(' / ')}`);
    recipient.targets = [{ mailbox: entry.name, flags: noFlags, create: false, by: this.name }];
  }

  /** Undefined for what can be no folder of the user. */
  private nameOf(user: UserId, detail: string): MailboxName | undefined {
    const view = this.namespace.view({ ...anonymousIdentity, user, isAnonymous: false });
    let text = detail;
    for (const separator of this.config.separators) text = text.replaceAll(separator, view.separator);
    try {
      // INBOX.folder is understood in every namespace, and cannot lead to somebody else's.
      const name = view.fromClient(`INBOX${view.separator}${text}`);
      return ownerOf(name) === user && name.path.length > 0 ? name : undefined;
    } catch (error) {
      if (isMailError(error) && error.code === 'CANNOT') return undefined;
      throw error;
    }
  }

  private mayPost(entry: MailboxEntry, { identity }: DeliveryEnvelope): boolean {
    return this.config.post === 'always' || (this.policy.rights(identity, entry) & Right.post) !== 0;
  }
}
