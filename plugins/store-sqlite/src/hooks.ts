/** The `message.*` hooks as the store calls them: fetched once, nothing built when nobody listens. */
import type {
  AnnotationBatch,
  AppendBatch,
  AppendedBatch,
  ExpungeBatch,
  FlagsBatch,
  HookBus,
  Logger,
  MailboxId,
  NumberSet,
  Origin,
  UsageLimit,
} from '@angarium/sdk';

export class StoreHooks {
  private readonly taps;

  constructor(
    hooks: HookBus,
    private readonly log: Logger,
  ) {
    this.taps = {
      appending: hooks.hook('message.appending'),
      appended: hooks.hook('message.appended'),
      flagged: hooks.hook('message.flagged'),
      annotating: hooks.hook('message.annotating'),
      expunging: hooks.hook('message.expunging'),
      expunged: hooks.hook('message.expunged'),
    };
  }

  get isAppendVetoable(): boolean {
    return this.taps.appending.isTapped;
  }

  get isAppendObserved(): boolean {
    return this.taps.appended.isTapped;
  }

  get isExpungeVetoable(): boolean {
    return this.taps.expunging.isTapped;
  }

  /** The limits after the taps. @throws what a tap throws */
  async appending(batch: AppendBatch): Promise<readonly UsageLimit[]> {
    await this.taps.appending.call(batch);
    return batch.limits;
  }

  /** As `appending`. */
  async annotating(batch: AnnotationBatch): Promise<readonly UsageLimit[]> {
    if (this.taps.annotating.isTapped) await this.taps.annotating.call(batch);
    return batch.limits;
  }

  appended(batch: AppendedBatch): void {
    this.observe(this.taps.appended, batch);
  }

  flagged(batch: FlagsBatch): void {
    this.observe(this.taps.flagged, batch);
  }

  async expunging(mailbox: MailboxId, uids: NumberSet, origin: Origin | undefined): Promise<void> {
    await this.taps.expunging.call(mailbox, uids, origin);
  }

  expunged(batch: ExpungeBatch): void {
    this.observe(this.taps.expunged, batch);
  }

  /** Not waited for: an observer must not hold up who changed the mailbox. */
  private observe<A>(handle: Observed<A>, batch: A): void {
    if (!handle.isTapped) return;
    handle.call(batch)?.catch((err: unknown) => this.log.error('an observer failed', { err }));
  }
}

interface Observed<A> {
  readonly isTapped: boolean;
  call(batch: A): Promise<void> | undefined;
}
