import {
  type AppendMark,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  type DeliveryKey,
  type DuplicateHold,
  type DuplicateLedger,
  HOST,
  type Host,
  inject,
  injectable,
  JOBS,
  type Job,
  LOGGER,
  type Logger,
  MAIL_STORE,
  type MailboxEntry,
  type MailStore,
  RECORDS,
  type RecordSpace,
  type Records,
  type Registry,
  STATUS_SOURCES,
  type StagedMessage,
  type StatusSource,
  type SuppressedDelivery,
} from '@angarium/sdk';
import type { DuplicateConfig } from './config.js';
import { RecordHold } from './holds.js';
import { encodeMark, markKey, messageKey } from './key.js';
import { SuppressedList } from './suppressed.js';

/** Marks live with the mailboxes: each is written in the commit of the message it stands for. */
export const MARKS = 'duplicate-suppression/marks';
const HOLDS = 'duplicate-suppression/holds';

const DAY_MS = 86_400_000;
/** Cyrus's annotation, and an attribute of the same name for other plugins: `true` lets duplicates in. */
const ANNOTATION = '/shared/vendor/cmu/cyrus-imapd/duplicatedeliver';
const ATTRIBUTE = 'duplicatedeliver';

@injectable()
export class Ledger extends Component implements DuplicateLedger {
  private readonly windowMs: number;
  private readonly marks: RecordSpace;
  private readonly holds: RecordSpace;
  private readonly list: SuppressedList;
  private readonly counts = { marked: 0, suppressed: 0, unmarked: 0, busy: 0, unknown: 0, pruned: 0 };

  constructor(
    @inject(CONFIG) private readonly config: DuplicateConfig,
    @inject(MAIL_STORE) private readonly store: MailStore,
    @inject(RECORDS) records: Records,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(HOST) private readonly host: Host,
    @inject(JOBS) private readonly jobs: Registry<Job>,
    @inject(STATUS_SOURCES) private readonly statusSources: Registry<StatusSource>,
  ) {
    super();
    this.windowMs = config.windowDays * DAY_MS;
    this.marks = records.space(MARKS);
    this.holds = records.space(HOLDS);
    this.list = new SuppressedList(records, clock, log, this.windowMs);
  }

  override start(): void {
    this.own(this.statusSources.add({ name: 'duplicates', read: () => ({ ...this.counts }) }));
    if (this.host.role !== 'server') return;
    const everyMs = this.config.pruneMinutes * 60_000;
    const job: Job = { name: 'duplicates prune', schedule: { everyMs }, run: () => this.prune() };
    this.own(this.jobs.add(job));
    // Nobody may be running jobs here; tidying once more than needed costs a few empty look-ups.
    this.own(
      this.clock.every(everyMs, () => {
        if (this.host.isLeader) void this.prune().catch((err: unknown) => this.pruneFailed(err));
      }),
    );
  }

  override stop(): Promise<void> {
    return this.list.written();
  }

  async mark(message: StagedMessage, mailbox: MailboxEntry): Promise<AppendMark | undefined> {
    try {
      const key = messageKey(message);
      if (key === undefined || (await this.takesDuplicates(mailbox))) {
        this.counts.unmarked++;
        return undefined;
      }
      const timeMs = this.clock.now();
      this.counts.marked++;
      return {
        space: MARKS,
        key: markKey(key),
        value: encodeMark({ timeMs, ...key }),
        expiresMs: timeMs + this.windowMs,
      };
    } catch (error) {
      this.counts.unknown++;
      this.log.error('the ledger cannot be asked: the message is delivered', { err: error });
      return undefined;
    }
  }

  suppressed(repeat: SuppressedDelivery): void {
    this.counts.suppressed++;
    const { session, sender, recipient, message } = repeat;
    const messageId = message.summary.messageId();
    this.log.info('dupelim: eliminated duplicate message', { session, sender, recipient, messageId });
    this.list.add(repeat);
  }

  async hold(keys: readonly DeliveryKey[]): Promise<DuplicateHold> {
    const { clock, log, windowMs, holds: space } = this;
    const holdMs = this.config.holdSeconds * 1000;
    const hold = await RecordHold.take({ space, clock, log, windowMs, holdMs }, keys);
    for (const verdict of hold.verdicts) {
      if (verdict === 'busy' || verdict === 'unknown') this.counts[verdict]++;
      if (verdict === 'repeat') this.counts.suppressed++;
    }
    return hold;
  }

  /** What has run out goes, and what is beyond the bound. */
  async prune(): Promise<void> {
    const now = this.clock.now();
    const keep = this.config.maxEntries;
    this.counts.pruned += await this.marks.prune(now, { keep });
    this.counts.pruned += await this.holds.prune(now, { keep });
    await this.list.prune(now, keep);
  }

  private pruneFailed(err: unknown): void {
    this.log.error('the ledger could not be tidied', { err });
  }

  private async takesDuplicates({ id, attributes }: MailboxEntry): Promise<boolean> {
    if (attributes[ATTRIBUTE] === 'true') return true;
    const value = (await this.store.catalogue.metadata(id, undefined)).get(ANNOTATION);
    return value !== undefined && Buffer.from(value).toString('latin1') === 'true';
  }
}
