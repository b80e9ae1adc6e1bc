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
import { Resolution } from './resolution.js';
import { describeOutcome, Stages, withoutOutcome } from './stages.js';
import { answerTraceQuestions } from './trace-question.js';
import { TraceRing } from './trace-ring.js';

/** The pipeline: resolve and admit at RCPT; suppress, filter and file when the message is there. */
@injectable()
export class DeliveryService extends Component implements Delivery {
  readonly traces: TraceRing;
  private readonly stages: Stages;
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
    const builtIn = [
      new Resolution({ accounts, addressMaps, domains, config }),
      new InboxCheck(store, provisions, autocreateInbox),
    ];
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
    const recipient: Recipient = {
      address,
      user: undefined,
      detail: undefined,
      targets: [],
      addedFields: [],
      outcome: undefined,
      notes: new Map(),
      trace: [],
    };
    const batch = { envelope, message: undefined, recipients: [recipient] };
    const completions = await this.stages.run('resolve', batch);
    this.addDefaultTarget(recipient);
    completions.push(...(await this.stages.run('admit', batch)));
    if (recipient.outcome === undefined) {
      if (completions.length > 0) this.early.set(recipient, completions);
    } else {
      await this.stages.complete(completions, [recipient]);
      this.record(envelope, undefined, recipient);
    }
    return recipient;
  }

  async deliver(
    message: StagedMessage,
    envelope: DeliveryEnvelope,
    recipients: readonly Recipient[],
  ): Promise<void> {
    const pending = withoutOutcome(recipients);
    const batch = { envelope, message, recipients: pending };
    const completions = this.earlyOf(pending);
    completions.push(...(await this.stages.run('suppress', batch)));
    completions.push(...(await this.stages.run('filter', batch)));
    for (const recipient of withoutOutcome(pending)) {
      if (recipient.targets.length === 0) recipient.outcome = { is: 'discarded', note: 'filed nowhere' };
    }
    await using filing = new Filing(this.environment, message, envelope, this.clock.now());
    await filing.file(withoutOutcome(pending));
    await this.stages.complete(completions, pending);
    for (const recipient of pending) this.record(envelope, message.guid, recipient);
    if (this.filed.isTapped) void this.filed.call(envelope, message.guid, recipients);
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
