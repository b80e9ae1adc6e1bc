/** Delivery: whoever is over quota is told so at RCPT, before the message travels. Filing checks again, exactly. */
import {
  CONFIG,
  Component,
  DELIVERY_STAGES,
  type DeliveryBatch,
  type DeliveryStage,
  type FilingTarget,
  inject,
  injectable,
  QUOTA_LEDGER,
  type Recipient,
  type Registry,
} from '@angarium/sdk';
import type { QuotaConfig } from './config.js';
import { overQuota } from './enforcement.js';
import type { Ledger } from './ledger.js';

@injectable()
export class QuotaAdmission extends Component implements DeliveryStage {
  readonly name = 'quota';
  readonly phase = 'admit';
  /** After rights: who may not post does not learn about quotas. */
  readonly order = 200;

  constructor(
    @inject(CONFIG) private readonly config: QuotaConfig,
    @inject(DELIVERY_STAGES) private readonly stages: Registry<DeliveryStage>,
    @inject(QUOTA_LEDGER) private readonly ledger: Ledger,
  ) {
    super();
  }

  override start(): void {
    this.own(this.stages.add(this));
  }

  async run({ recipients }: DeliveryBatch): Promise<void> {
    for (const recipient of recipients) await this.admit(recipient);
  }

  private async admit(recipient: Recipient): Promise<void> {
    if (ignoresQuota(recipient)) {
      recipient.trace.push({ stage: this.name, decision: 'IGNOREQUOTA' });
      return;
    }
    for (const target of recipient.targets) {
      if (!(await this.isOver(target))) continue;
      recipient.outcome = { is: 'refused', error: overQuota() };
      return;
    }
  }

  /** Cyrus's rule: what is over already takes no more; with `lmtp_strict_quota` a message must still fit. */
  private async isOver({ mailbox }: FilingTarget): Promise<boolean> {
    const { ledger } = this;
    const entry = await ledger.store.catalogue.find(mailbox);
    const root = entry === undefined ? await ledger.nearestRoot(mailbox) : entry.quotaRoot;
    const limits = root === undefined ? undefined : await ledger.limits(root);
    if (root === undefined || limits === undefined) return false;
    const { bytes = Number.POSITIVE_INFINITY, messages = Number.POSITIVE_INFINITY } = limits;
    if (bytes === Number.POSITIVE_INFINITY && messages === Number.POSITIVE_INFINITY) return false;
    const used = await ledger.usage(root);
    const more = this.config.lmtp_strict_quota ? 1 : 0;
    return used.bytes + more > bytes || used.messages + more > messages;
  }
}

/** RCPT parameter of Cyrus's LMTP (draft-murchison-lmtp-ignorequota). */
export function ignoresQuota({ address }: Recipient): boolean {
  return 'IGNOREQUOTA' in address.parameters;
}
