/** The hooks by which quotas hold, whatever protocol brings the mail, and by which mailboxes stay under their nearest root. */
import {
  type AnnotationBatch,
  type AppendBatch,
  CONFIG,
  Component,
  type CreateMailbox,
  HOOKS,
  type HookBus,
  inject,
  injectable,
  type MailboxCreation,
  type MailboxEntry,
  type MailboxName,
  MailError,
  mailboxKey,
  QUOTA_LEDGER,
  type QuotaLimits,
  type Renamed,
  sameMailbox,
  type UsageLimit,
} from '@angarium/sdk';
import type { QuotaConfig } from './config.js';
import { DEFAULT_LIMITS, type Ledger, LIMITS_ATTRIBUTE } from './ledger.js';

export function overQuota(): MailError {
  return new MailError('OVERQUOTA', 'Over quota');
}

@injectable()
export class Enforcement extends Component {
  constructor(
    @inject(CONFIG) private readonly config: QuotaConfig,
    @inject(HOOKS) private readonly hooks: HookBus,
    @inject(QUOTA_LEDGER) private readonly ledger: Ledger,
  ) {
    super();
  }

  override start(): void {
    const { hooks } = this;
    this.own(hooks.tap('message.appending', (batch) => this.appending(batch)));
    this.own(hooks.tap('message.annotating', (batch) => this.annotating(batch)));
    // Late: a tap before may have changed what is asked for.
    this.own(hooks.tap('mailbox.creating', (creation) => this.creating(creation), { stage: 'late' }));
    this.own(hooks.tap('mailbox.created', (entry) => this.created(entry), { stage: 'first' }));
    this.own(hooks.tap('mailbox.renaming', (from, to) => this.renaming(from, to)));
    this.own(hooks.tap('mailbox.renamed', (renamed) => this.renamed(renamed), { stage: 'first' }));
    this.own(hooks.tap('mailbox.deleted', (entry) => this.deleted(entry), { stage: 'first' }));
  }

  private async appending(batch: AppendBatch): Promise<void> {
    const { quotaRoot } = batch.mailbox;
    if (quotaRoot === undefined || batch.ignoresQuota === true) return;
    const limits = await this.ledger.limits(quotaRoot);
    if (limits === undefined) return;
    const mayCross = !this.config.lmtp_strict_quota && batch.origin?.operation === 'delivery';
    const limit = toUsageLimit(quotaRoot, limits, mayCross);
    if (limit !== undefined) batch.limits = [...batch.limits, limit];
  }

  private async annotating(batch: AnnotationBatch): Promise<void> {
    const { quotaRoot } = batch.mailbox;
    if (quotaRoot === undefined) return;
    const { annotationBytes } = (await this.ledger.limits(quotaRoot)) ?? {};
    if (annotationBytes !== undefined) batch.limits = [...batch.limits, { quotaRoot, annotationBytes }];
  }

  private async creating(creation: MailboxCreation): Promise<void> {
    const { name } = creation;
    const { quotaRoot: _parents, maxMailboxes: _none, ...options } = creation.options;
    const own = options.attributes?.[LIMITS_ATTRIBUTE] === undefined && this.ledger.defaultsFor(name);
    const nearest = await this.ledger.nearestRoot(name);
    if (own && nearest !== mailboxKey(name)) {
      const attributes = { ...options.attributes, [LIMITS_ATTRIBUTE]: DEFAULT_LIMITS };
      creation.options = await this.withRoot({ ...options, attributes }, mailboxKey(name), own);
      return;
    }
    const limits = nearest === undefined ? undefined : await this.ledger.limits(nearest);
    creation.options = await this.withRoot(options, nearest, limits);
  }

  /** @throws MailError OVERQUOTA. The store looks again when it writes; this look is for undelete, which has no options. */
  private async withRoot(
    options: CreateMailbox,
    quotaRoot: string | undefined,
    limits: QuotaLimits | undefined,
  ): Promise<CreateMailbox> {
    if (quotaRoot === undefined) return options;
    const { mailboxes } = limits ?? {};
    if (mailboxes === undefined) return { ...options, quotaRoot };
    if ((await this.ledger.usage(quotaRoot)).mailboxes >= mailboxes) throw overQuota();
    return { ...options, quotaRoot, maxMailboxes: mailboxes };
  }

  /**
   * Limits may have been set after the look at them and before the mailbox was there, and what comes back from a deletion
   * has the root it had.
   */
  private async created(entry: MailboxEntry): Promise<void> {
    await this.ledger.place(entry);
    if (entry.attributes[LIMITS_ATTRIBUTE] !== undefined) await this.ledger.assignBelow(entry.name);
  }

  /** Would what moves under another root still fit there? Exact but for what arrives at the same moment. */
  private async renaming(from: MailboxEntry, to: MailboxName): Promise<void> {
    if (sameMailbox(from.name, to)) return;
    const { ledger } = this;
    const { store } = ledger;
    const moving = await store.catalogue.list({ below: from.name });
    const keys = new Set(moving.map(({ name }) => mailboxKey(name)));
    const target = await ledger.nearestRoot(to);
    const limits = target === undefined ? undefined : await ledger.limits(target);
    if (target === undefined || limits === undefined) return;
    const newcomers = moving.filter(
      ({ quotaRoot }) => quotaRoot !== target && (quotaRoot === undefined || !keys.has(quotaRoot)),
    );
    if (newcomers.length === 0) return;
    const used = await store.usage(target);
    let { bytes, messages } = used;
    for (const status of await store.status(newcomers.map(({ id }) => id))) {
      bytes += status?.bytes ?? 0;
      messages += status?.messages ?? 0;
    }
    const isOver =
      (bytes > used.bytes && bytes > (limits.bytes ?? Number.POSITIVE_INFINITY)) ||
      (messages > used.messages && messages > (limits.messages ?? Number.POSITIVE_INFINITY)) ||
      used.mailboxes + newcomers.length > (limits.mailboxes ?? Number.POSITIVE_INFINITY);
    if (isOver) throw overQuota();
  }

  private async renamed(renamed: readonly Renamed[]): Promise<void> {
    for (const { entry } of renamed) await this.ledger.adopt(entry);
    await this.ledger.assign(renamed.map(({ entry }) => entry));
  }

  /** Its root goes with it; children that stay are counted by the next one up. */
  private async deleted({ name, attributes }: MailboxEntry): Promise<void> {
    if (attributes[LIMITS_ATTRIBUTE] !== undefined) await this.ledger.assignBelow(name);
  }
}

function toUsageLimit(
  quotaRoot: string,
  { bytes, messages, annotationBytes }: QuotaLimits,
  mayCross: boolean,
): UsageLimit | undefined {
  if (bytes === undefined && messages === undefined && annotationBytes === undefined) return undefined;
  return {
    quotaRoot,
    ...(bytes === undefined ? {} : { bytes }),
    ...(messages === undefined ? {} : { messages }),
    ...(annotationBytes === undefined ? {} : { annotationBytes }),
    ...(mayCross ? { mayCross } : {}),
  };
}
