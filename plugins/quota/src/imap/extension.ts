/** QUOTA in IMAP (RFC 9208): commands, capabilities, STATUS DELETED-STORAGE, and Cyrus's ALERT at SELECT. */
import {
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  IMAP_EXTENSIONS,
  type ImapExtensions,
  type ImapReply,
  type ImapSession,
  inject,
  injectable,
  QUOTA_LEDGER,
  Right,
} from '@angarium/sdk';
import type { QuotaConfig } from '../config.js';
import type { Ledger } from '../ledger.js';
import { resources } from '../resources.js';
import { isNearlyFull, shares, warningText } from '../thresholds.js';
import { quotaCommands } from './commands.js';

/** A client that goes from mailbox to mailbox is not told each time. */
const QUIET_MS = 10 * 60_000;
const warnedAt = Symbol('quota warnings of a session');

@injectable()
export class QuotaImap extends Component {
  constructor(
    @inject(CONFIG) private readonly config: QuotaConfig,
    @inject(IMAP_EXTENSIONS) private readonly extensions: ImapExtensions,
    @inject(QUOTA_LEDGER) private readonly ledger: Ledger,
    @inject(CLOCK) private readonly clock: Clock,
  ) {
    super();
  }

  override start(): void {
    const states = ['authenticated', 'selected'] as const;
    const words = ['QUOTA', ...resources.map(({ name }) => `QUOTA=RES-${name}`), 'QUOTASET'];
    this.own(
      this.extensions.add({
        name: 'QUOTA',
        capabilities: words.map((word) => ({ word, states })),
        commands: quotaCommands(this.ledger),
        statusItems: [
          // RFC 9208 §4.1.4, in octets; DELETED comes with STATUS itself.
          { name: 'DELETED-STORAGE', value: (_session, _mailbox, { deletedBytes }) => `${deletedBytes}` },
        ],
        onSelect: (session, reply) => this.warn(session, reply),
      }),
    );
  }

  /** Those who can make room are told that there is little of it. */
  private async warn(session: ImapSession, reply: ImapReply): Promise<void> {
    const { entry, rights } = session.selected;
    const root = entry.quotaRoot;
    if (root === undefined || (rights & Right.expunge) === 0) return;
    const times = session.local(warnedAt, () => new Map<string, number>());
    const now = this.clock.now();
    if (now - (times.get(root) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    const limits = await this.ledger.limits(root);
    if (limits === undefined || (limits.bytes === undefined && limits.messages === undefined)) return;
    times.set(root, now);
    for (const share of shares(limits, await this.ledger.usage(root))) {
      if (share.isOver || isNearlyFull(this.config, share)) reply.status('NO', warningText(share), 'ALERT');
    }
  }
}
