import type {
  AccessPolicy,
  Accounts,
  Authentication,
  ChangeFeed,
  Clock,
  Host,
  InboxProvision,
  Logger,
  MailStore,
  Namespace,
  Referrals,
  Registry,
} from '@angarium/sdk';
import type { ImapConfig } from './config.js';
import type { Progress } from './progress.js';
import type { Features } from './registry.js';

/** What sessions work with; one for all of a worker. */
export interface ImapServices {
  readonly config: ImapConfig;
  readonly features: Features;
  readonly store: MailStore;
  readonly changes: ChangeFeed | undefined;
  readonly access: AccessPolicy;
  readonly accounts: Accounts | undefined;
  readonly referrals: Referrals | undefined;
  readonly namespace: Namespace;
  readonly authentication: Authentication;
  readonly host: Host;
  readonly clock: Clock;
  readonly provisions: Registry<InboxProvision>;
  readonly log: Logger;
  readonly progress: Progress;
}
