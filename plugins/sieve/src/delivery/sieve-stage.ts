import {
  ACCESS_POLICY,
  ACCOUNTS,
  type AccessPolicy,
  type Accounts,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  DELIVERY_STAGES,
  type DeliveryBatch,
  type DeliveryCompletion,
  type DeliveryEnvelope,
  type DeliveryStage,
  DUPLICATE_LEDGER,
  type DuplicateLedger,
  HOST,
  type Host,
  inject,
  injectable,
  injectOptional,
  JOBS,
  type Job,
  LOGGER,
  type Logger,
  MAIL_STORE,
  type MailStore,
  NAMESPACE,
  type Namespace,
  OUTBOUND,
  type Outbound,
  RECORDS,
  type Recipient,
  type RecordSpace,
  type Records,
  type Registry,
  SIEVE_SCRIPTS,
  type UserId,
} from '@angarium/sdk';
import type { SieveConfig } from '../config.js';
import { SieveRuntimeError } from '../language/problem.js';
import { SieveMessage } from '../runtime/message.js';
import { Run } from '../runtime/run.js';
import type { SieveService } from '../scripts/sieve-service.js';
import { DeliveryWorld } from './delivery-world.js';
import { type Deed, Performance } from './performance.js';
import { Places } from './places.js';

/** Scripts of so many recipients run at the same time. */
const AT_ONCE = 8;
const DAY_MS = 86_400_000;

/** Runs the active script of each recipient. What goes wrong keeps the message (RFC 5228 §2.10.6). */
@injectable()
export class SieveStage extends Component implements DeliveryStage {
  readonly name = 'sieve';
  readonly phase = 'filter';
  readonly order = 500;
  private readonly ledger: RecordSpace;
  private readonly duplicates: RecordSpace;

  constructor(
    @inject(CONFIG) private readonly config: SieveConfig,
    @inject(SIEVE_SCRIPTS) private readonly scripts: SieveService,
    @inject(MAIL_STORE) private readonly store: MailStore,
    @inject(NAMESPACE) private readonly namespace: Namespace,
    @inject(RECORDS) records: Records,
    @inject(DELIVERY_STAGES) private readonly stages: Registry<DeliveryStage>,
    @inject(JOBS) private readonly jobs: Registry<Job>,
    @inject(HOST) private readonly host: Host,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @injectOptional(ACCESS_POLICY) private readonly policy: AccessPolicy | undefined,
    @injectOptional(ACCOUNTS) private readonly accounts: Accounts | undefined,
    @injectOptional(OUTBOUND) private readonly outbound: Outbound | undefined,
    @injectOptional(DUPLICATE_LEDGER) private readonly redirects: DuplicateLedger | undefined,
  ) {
    super();
    this.ledger = records.space('sieve/vacation');
    this.duplicates = records.space('sieve/duplicate');
  }

  override start(): void {
    this.own(this.stages.add(this));
    const run = async () => {
      await this.ledger.prune(this.clock.now());
      await this.duplicates.prune(this.clock.now());
    };
    this.own(this.jobs.add({ name: 'sieve-prune', schedule: { everyMs: DAY_MS }, run }));
  }

  async run({ message: staged, envelope, recipients }: DeliveryBatch): Promise<DeliveryCompletion | void> {
    if (staged === undefined) return undefined;
    let message: Promise<SieveMessage> | undefined;
    const open = () => (message ??= SieveMessage.open(staged, this.config.maxBodyBytes));
    const deeds = new Map<Recipient, readonly Deed[]>();
    for (let i = 0; i < recipients.length; i += AT_ONCE) {
      const some = recipients.slice(i, i + AT_ONCE);
      await Promise.all(
        some.map(async (recipient) => {
          const later = await this.filter(recipient, envelope, open);
          if (later.length > 0) deeds.set(recipient, later);
        }),
      );
    }
    return deeds.size === 0 ? undefined : (done) => this.complete(deeds, done);
  }

  /** Answers what is to be done once the message is filed. */
  private async filter(
    recipient: Recipient,
    envelope: DeliveryEnvelope,
    open: () => Promise<SieveMessage>,
  ): Promise<readonly Deed[]> {
    const { user } = recipient;
    if (user === undefined) return [];
    const script = await this.scripts.activeScript(user);
    if (script === undefined) return [];
    const { program, problems } = script.compilation;
    const performance = await this.performance(user, recipient, envelope, await open());
    if (program === undefined) {
      const [problem] = problems;
      performance.fail(
        `the script "${script.name}" has a mistake: line ${problem?.line}: ${problem?.message}`,
      );
      return [];
    }
    const run = new Run(performance.world, {
      steps: this.config.maxSteps,
      redirects: this.config.maxRedirects,
    });
    try {
      await program.run(run);
    } catch (error) {
      this.fail(performance, script.name, error);
      return [];
    }
    return performance.perform(run);
  }

  private fail(performance: Performance, script: string, error: unknown): void {
    if (!(error instanceof SieveRuntimeError)) {
      this.log.error('a script failed by a fault of the server', { script, err: error });
    }
    const text = error instanceof SieveRuntimeError ? error.message : 'a fault of the server';
    performance.fail(`the script "${script}" failed: ${text}`);
  }

  private async performance(
    user: UserId,
    recipient: Recipient,
    envelope: DeliveryEnvelope,
    message: SieveMessage,
  ): Promise<Performance> {
    const { config, store, scripts, duplicates, host, outbound } = this;
    const { detailSeparators } = config;
    const { serverName, version } = host;
    const { namespace, policy, accounts } = this;
    const places = new Places({ store, namespace, policy, accounts }, user);
    const nowMs = this.clock.now();
    const worldEnvironment = { store, scripts, duplicates, detailSeparators, serverName, version };
    const world = new DeliveryWorld(worldEnvironment, { user, recipient, envelope, message, places, nowMs });
    return new Performance({
      user,
      recipient,
      envelope,
      message,
      places,
      world,
      duplicates,
      redirects: this.redirects,
      ledger: this.ledger,
      outbound,
      vacation: config.vacation,
      detailSeparators,
      serverName,
      log: this.log,
    });
  }

  /** Whoever was refused is not answered, and a message that comes again has not been seen. */
  private async complete(
    deeds: ReadonlyMap<Recipient, readonly Deed[]>,
    recipients: readonly Recipient[],
  ): Promise<void> {
    for (const recipient of recipients) {
      if (recipient.outcome?.is === 'refused') continue;
      for (const deed of deeds.get(recipient) ?? []) {
        recipient.trace.push({ stage: this.name, decision: await deed() });
      }
    }
  }
}
