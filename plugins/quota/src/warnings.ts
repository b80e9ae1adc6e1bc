/**
 * The job that tells users by mail. Once a root and resource: a record of the user's says that it was sent, written first and
 * only where it was absent, so that nobody is told twice; it goes, and the warning is armed again, when the use has
 * fallen a little below the threshold.
 */
import { randomUUID } from 'node:crypto';
import {
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  HOST,
  type Host,
  inject,
  injectable,
  JOBS,
  type Job,
  LOGGER,
  type Logger,
  mailboxFromKey,
  noFlags,
  ownerOf,
  personalMailbox,
  QUOTA_LEDGER,
  RECORDS,
  type RecordSpace,
  type Records,
  type Registry,
  type UserId,
} from '@angarium/sdk';
import { parseDurationMs, type QuotaConfig } from './config.js';
import type { Ledger } from './ledger.js';
import { isNearlyFull, shares, type Warning } from './thresholds.js';

/** Percentage points below the threshold at which a warning is armed again: use that goes to and fro is told once. */
const REARM_POINTS = 5;

@injectable()
export class QuotaWarnings extends Component implements Job {
  readonly name = 'quota-warnings';
  readonly schedule: { readonly everyMs: number };
  private readonly records: RecordSpace;

  constructor(
    @inject(CONFIG) private readonly config: QuotaConfig,
    @inject(JOBS) private readonly jobs: Registry<Job>,
    @inject(QUOTA_LEDGER) private readonly ledger: Ledger,
    @inject(RECORDS) records: Records,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(HOST) private readonly host: Host,
    @inject(LOGGER) private readonly log: Logger,
  ) {
    super();
    this.schedule = { everyMs: parseDurationMs(config.warnEvery) };
    this.records = records.space('quota');
  }

  override start(): void {
    if (this.config.warnByMail) this.own(this.jobs.add(this));
  }

  /** Roots of users; for what is shared there is nobody to be told. */
  async run(signal: AbortSignal): Promise<void> {
    const { ledger } = this;
    for (const root of await ledger.roots(await ledger.store.catalogue.list({}))) {
      signal.throwIfAborted();
      const owner = ownerOf(mailboxFromKey(root));
      const limits = owner === undefined ? undefined : await ledger.limits(root);
      if (owner === undefined || limits === undefined) continue;
      for (const share of shares(limits, await ledger.usage(root))) await this.look(owner, root, share);
    }
  }

  private async look(owner: UserId, root: string, share: Warning): Promise<void> {
    const key = `warned:${root}:${share.resource}`;
    const isLow = share.percent <= this.config.quotawarnpercent - REARM_POINTS || share.percent === 0;
    if (isLow) {
      if ((await this.records.get(owner, key)) !== undefined)
        await this.records.write(owner, [{ key, value: undefined }]);
      return;
    }
    if (!share.isOver && !isNearlyFull(this.config, share)) return;
    const value = Buffer.from(new Date(this.clock.now()).toISOString());
    if (!(await this.records.write(owner, [{ key, value, expect: 'absent' }]))) return;
    try {
      await this.send(owner, share);
    } catch (error) {
      await this.records.write(owner, [{ key, value: undefined }]);
      this.log.warn('a quota warning could not be filed', { user: owner, err: error });
    }
  }

  private async send(owner: UserId, share: Warning): Promise<void> {
    const { store } = this.ledger;
    const inbox = await store.catalogue.find(personalMailbox(owner));
    if (inbox === undefined) return;
    const bytes = Buffer.from(this.message(owner, share));
    await using message = await store.stage([bytes], { maxBytes: bytes.length, sizeHint: bytes.length });
    const item = { message, flags: noFlags, internalDateMs: this.clock.now() };
    const [outcome] = await store.append([{ mailbox: inbox.id, items: [item], ignoresQuota: true }]);
    if (outcome?.ok !== true) throw outcome?.error ?? new Error('the store did not answer');
    this.log.info('a user was told about his quota', {
      user: owner,
      resource: share.resource,
      percent: share.percent,
    });
  }

  private message(owner: UserId, share: Warning): string {
    const { serverName } = this.host;
    const sender = this.config.warnSender === '' ? `postmaster@${serverName}` : this.config.warnSender;
    const date = new Date(this.clock.now()).toUTCString().replace('GMT', '+0000');
    const to = owner.includes('@') ? owner : `${owner}@${serverName}`;
    const subject = share.isOver ? 'Your mailbox is full' : `Your mailbox is ${share.percent}% full`;
    const what =
      share.resource === 'STORAGE'
        ? `${toKib(share.used)} of ${toKib(share.limit)} KiB`
        : `${share.used} of ${share.limit} messages`;
    return [
      `From: ${sender}`,
      `To: ${encodeAddress(to)}`,
      `Subject: ${subject}`,
      `Date: ${date}`,
      `Message-ID: <quota.${randomUUID()}@${serverName}>`,
      'Auto-Submitted: auto-generated',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      '',
      `Your mailboxes hold ${what}.`,
      share.isOver
        ? 'No new mail can be delivered until you have deleted some of it.'
        : 'When the limit is reached, no new mail can be delivered. Please delete what you do not need any more.',
      '',
    ].join('\r\n');
  }
}

function toKib(bytes: number): number {
  return Math.floor(bytes / 1024);
}

/** A local part that is no dot-atom is quoted (RFC 5322 §3.4.1). */
function encodeAddress(address: string): string {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at);
  if (/^[^\s()<>[\]:;@\\,."]+(\.[^\s()<>[\]:;@\\,."]+)*$/.test(local)) return address;
  return `"${local.replace(/["\\]/g, '\\$&')}"${address.slice(at)}`;
}
