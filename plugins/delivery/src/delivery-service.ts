import {
  ACCESS_POLICY,
  ACCOUNTS,
  type AccessPolicy,
  type Accounts,
  ADDRESS_MAPS,
  type AddressMap,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  DELIVERY_STAGES,
  type Delivery,
  type DeliveryCompletion,
  type DeliveryEnvelope,
  type DeliveryStage,
  DUPLICATE_LEDGER,
  type DuplicateLedger,
  HOOKS,
  type HookBus,
  type HookHandle,
  INBOX_PROVISION,
  type InboxProvision,
  inject,
  injectable,
  injectOptional,
  LOGGER,
  type Logger,
  MAIL_STORE,
  type MailError,
  type MailStore,
  MESSAGE_BUS,
  type MessageBus,
  noFlags,
  ownerPolicy,
  personalMailbox,
  type Recipient,
  type RecipientAddress,
  type Registry,
  STATUS_SOURCES,
  type StagedMessage,
  type StatusSource,
  VIRTUAL_DOMAINS,
  type VirtualDomains,
} from '@angarium/sdk';
import type { DeliveryConfig } from './config.js';
import { createsInbox, Filing, type FilingEnvironment } from './filing.js';
import { InboxCheck } from './inbox-check.js';
import { isMarkable, Lists, newRecipient } from './lists.js';
import { Resolution } from './resolution.js';
import { describeOutcome, Stages, withoutOutcome } from './stages.js';
import { answerTraceQuestions } from './trace-question.js';
import { TraceRing } from './trace-ring.js';

/** The pipeline: resolve and admit at RCPT; suppress, filter and file when the message is there. */
@injectable()
export class DeliveryService extends Component implements Delivery {
  readonly traces: TraceRing;
  private readonly stages: Stages;
  private readonly resolution: Resolution;
  private readonly lists = new Lists((member, envelope) => this.prepare(member, envelope));
  private readonly filed: HookHandle<'delivery.filed'>;
  private readonly environment: FilingEnvironment;
  private readonly counts = { delivered: 0, discarded: 0, refused: 0, deferred: 0 };
  /** What stages of 'resolve' and 'admit' want to be told after filing. */
  private readonly early = new WeakMap<Recipient, DeliveryCompletion[]>();

  constructor(
    @inject(CONFIG) config: DeliveryConfig,
    @inject(MAIL_STORE) store: MailStore,
    @inject(ACCOUNTS) accounts: Accounts,
    @inject(DELIVERY_STAGES) registered: Registry<DeliveryStage>,
    @inject(HOOKS) hooks: HookBus,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(MESSAGE_BUS) private readonly bus: MessageBus,
    @inject(STATUS_SOURCES) private readonly statusSources: Registry<StatusSource>,
    @inject(ADDRESS_MAPS) addressMaps: Registry<AddressMap>,
    @inject(INBOX_PROVISION) provisions: Registry<InboxProvision>,
    @injectOptional(ACCESS_POLICY) policy: AccessPolicy | undefined,
    @injectOptional(VIRTUAL_DOMAINS) domains: VirtualDomains | undefined,
    @injectOptional(DUPLICATE_LEDGER) ledger: DuplicateLedger | undefined,
  ) {
    super();
    const { autocreateInbox } = config;
    this.resolution = new Resolution({ accounts, addressMaps, domains, config });
    const builtIn = [this.resolution, new InboxCheck(store, provisions, autocreateInbox)];
    this.stages = this.own(new Stages(registered, builtIn, log));
    this.filed = hooks.hook('delivery.filed');
    this.environment = {
      store,
      policy: policy ?? ownerPolicy,
      autocreateInbox,
      provisions,
      ledger,
    };
    this.traces = new TraceRing(config.traceSize);
  }

  override start(): void {
    this.own(this.statusSources.add({ name: 'delivery', read: () => ({ ...this.counts }) }));
    this.own(answerTraceQuestions(this.bus, this.traces));
  }

  async recipient(address: RecipientAddress, envelope: DeliveryEnvelope): Promise<Recipient> {
    const recipient = newRecipient(address);
    await this.prepare(recipient, envelope);
    const members = this.resolution.membersOf(recipient);
    if (members !== undefined && recipient.outcome === undefined) {
      await this.lists.open(recipient, members, envelope);
    }
    return recipient;
  }

  async deliver(
    message: StagedMessage,
    envelope: DeliveryEnvelope,
    recipients: readonly Recipient[],
  ): Promise<void> {
    const all = this.lists.expand(recipients);
    const pending = withoutOutcome(all);
    const batch = { envelope, message, recipients: pending };
    // A list's own, then its members'.
    const early = all === recipients ? pending : withoutOutcome([...new Set([...recipients, ...all])]);
    const completions = this.earlyOf(early);
    completions.push(...(await this.stages.run('suppress', batch)));
    completions.push(...(await this.stages.run('filter', batch)));
    for (const recipient of withoutOutcome(pending)) {
      if (recipient.targets.length === 0) recipient.outcome = { is: 'discarded', note: 'filed nowhere' };
    }
    if (this.environment.ledger === undefined || !isMarkable(message)) this.lists.holdBack(recipients);
    await using filing = new Filing(this.environment, message, envelope, this.clock.now());
    await filing.file(withoutOutcome(pending));
    this.lists.settle(recipients);
    await this.stages.complete(completions, pending);
    for (const recipient of pending) this.record(envelope, message.guid, recipient);
    if (this.filed.isTapped) void this.filed.call(envelope, message.guid, all);
  }

  private async prepare(recipient: Recipient, envelope: DeliveryEnvelope): Promise<void> {
    const batch = { envelope, message: undefined, recipients: [recipient] };
    const completions = await this.stages.run('resolve', batch);
    this.addDefaultTarget(recipient);
    const isList = this.resolution.membersOf(recipient) !== undefined;
    if (!isList) completions.push(...(await this.stages.run('admit', batch)));
    if (recipient.outcome === undefined) {
      if (completions.length > 0) this.early.set(recipient, completions);
    } else {
      await this.stages.complete(completions, [recipient]);
      this.record(envelope, undefined, recipient);
    }
  }

  private addDefaultTarget(recipient: Recipient): void {
    const { user, outcome, targets } = recipient;
    if (user === undefined || outcome !== undefined || targets.length > 0) return;
    const mailbox = personalMailbox(user);
    recipient.targets = [{ mailbox, flags: noFlags, create: createsInbox(this.environment), by: '' }];
  }

  /** Each completion once, although it was kept for each recipient. */
  private earlyOf(recipients: readonly Recipient[]): DeliveryCompletion[] {
    return recipients.flatMap((recipient) => {
      const completions = this.early.get(recipient) ?? [];
      this.early.delete(recipient);
      return completions.map(
        (completion): DeliveryCompletion =>
          () =>
            completion([recipient]),
      );
    });
  }

  private record(envelope: DeliveryEnvelope, guid: Buffer | undefined, recipient: Recipient): void {
    const { outcome } = recipient;
    if (outcome === undefined) return;
    const kind = outcome.is === 'refused' && isDeferred(outcome.error) ? 'deferred' : outcome.is;
    this.counts[kind]++;
    this.traces.add(this.clock.now(), envelope, guid, recipient);
    const fields = {
      session: envelope.session,
      sender: envelope.sender,
      recipient: recipient.address.address,
    };
    this.log.info('delivery', { ...fields, user: recipient.user, outcome: describeOutcome(recipient) });
  }
}

function isDeferred(error: MailError): boolean {
  return error.temporary;
}
