import {
  type AuthAttempt,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  HOOKS,
  type HookBus,
  inject,
  injectable,
  LOGGER,
  type Logger,
  MailError,
  MESSAGE_BUS,
  type MessageBus,
  type Networks,
  parseNetworks,
  RECORDS,
  type Records,
  type Registry,
  STATUS_SOURCES,
  type StatusSource,
} from '@angarium/sdk';
import { addressKey } from './address-key.js';
import { Blocks } from './blocks.js';
import type { AuthLimitsConfig } from './config.js';
import { FailureCounts } from './failure-counts.js';

const FAILURE_TOPIC = 'auth-limits/failure';
const SUCCESS_TOPIC = 'auth-limits/success';

const MAX_KEYS = 100_000;

/** Who failed, from where. */
interface Failure {
  readonly address: string;
  readonly user: string | undefined;
}

/** Counts what fails, delays and blocks what fails too often. */
@injectable()
export class AuthLimits extends Component {
  private readonly blocks: Blocks;
  private readonly spared: Networks;
  private readonly byAddress: FailureCounts;
  private readonly byAccount: FailureCounts;
  /** `user address` that have logged in, least recently used first. */
  private readonly known = new Set<string>();
  private readonly counts = { failures: 0, blocked: 0, delayed: 0 };

  constructor(
    @inject(CONFIG) private readonly config: AuthLimitsConfig,
    @inject(HOOKS) private readonly hooks: HookBus,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(MESSAGE_BUS) private readonly bus: MessageBus,
    @inject(RECORDS) records: Records,
    @inject(STATUS_SOURCES) private readonly statusSources: Registry<StatusSource>,
  ) {
    super();
    const windowMs = config.window * 1000;
    this.spared = parseNetworks(config.neverBlock);
    this.blocks = new Blocks(records, bus, clock, log);
    this.byAddress = new FailureCounts(windowMs, config.failuresByAddress, MAX_KEYS);
    this.byAccount = new FailureCounts(windowMs, config.failuresByAccount + 32, MAX_KEYS);
  }

  override async start(): Promise<void> {
    this.own(await this.blocks.open());
    this.own(this.bus.subscribe(FAILURE_TOPIC, (payload) => this.count(payload as Failure)));
    this.own(this.bus.subscribe(SUCCESS_TOPIC, (payload) => this.remember(payload as string)));
    this.own(this.hooks.tap('auth.attempting', (attempt) => this.admit(attempt), { stage: 'first' }));
    this.own(
      this.hooks.tap('auth.failed', (attempt, _reason, isWrong) =>
        isWrong ? this.failed(attempt) : undefined,
      ),
    );
    this.own(this.hooks.tap('auth.succeeded', (attempt) => this.succeeded(attempt)));
    this.own(this.statusSources.add({ name: 'auth-limits', read: () => ({ ...this.counts }) }));
  }

  /** @throws MailError LIMIT for a blocked address. */
  private async admit({ remoteAddress, user }: AuthAttempt): Promise<void> {
    if (this.spared.has(remoteAddress)) return;
    const address = addressKey(remoteAddress);
    if (this.blocks.find(address) !== undefined) {
      this.counts.blocked++;
      throw new MailError('LIMIT', 'Too many failed logins from your address: try again later', {
        temporary: true,
      });
    }
    const delayMs = this.delayMs(address, user);
    if (delayMs === 0) return;
    this.counts.delayed++;
    await this.clock.sleep(delayMs);
  }

  /** One second after the first failure too many, doubling from there. */
  private delayMs(address: string, user: string | undefined): number {
    if (user === undefined || this.known.has(pairOf(user, address))) return 0;
    const tooMany = this.byAccount.count(user, this.clock.now()) - this.config.failuresByAccount;
    if (tooMany < 0) return 0;
    return Math.min(this.config.maxDelay, 2 ** tooMany) * 1000;
  }

  private async failed({ remoteAddress, user }: AuthAttempt): Promise<void> {
    this.counts.failures++;
    if (this.spared.has(remoteAddress)) return;
    const address = addressKey(remoteAddress);
    const failure: Failure = { address, user };
    this.bus.publish(FAILURE_TOPIC, failure);
    if (this.count(failure) < this.config.failuresByAddress) return;
    // The next block needs as many failures again.
    this.byAddress.forget(address);
    const block = await this.blocks.add(address, this.config.blockFor * 1000);
    this.log.warn('address blocked', {
      address,
      until: new Date(block.untilMs).toISOString(),
      count: block.count,
    });
  }

  private succeeded({ remoteAddress, user }: AuthAttempt): void {
    if (user === undefined || this.spared.has(remoteAddress)) return;
    const pair = pairOf(user, addressKey(remoteAddress));
    if (this.known.has(pair)) return;
    this.remember(pair);
    this.bus.publish(SUCCESS_TOPIC, pair);
  }

  /** Answers the failures of the address. */
  private count({ address, user }: Failure): number {
    const nowMs = this.clock.now();
    if (user !== undefined) this.byAccount.add(user, nowMs);
    return this.byAddress.add(address, nowMs);
  }

  private remember(pair: string): void {
    this.known.delete(pair);
    this.known.add(pair);
    if (this.known.size <= MAX_KEYS) return;
    const [oldest] = this.known;
    this.known.delete(oldest!);
  }
}

const pairOf = (user: string, address: string): string => `${user} ${address}`;
