import type {
  AccessPolicy,
  Authentication,
  Clock,
  Host,
  InboxProvision,
  Logger,
  MailStore,
  Namespace,
  RecordSpace,
  Referrals,
  Registry,
} from '@angarium/sdk';
import type { Apop } from './apop.js';
import type { Pop3Config } from './config.js';
import type { DropLocks } from './maildrop/lock.js';
import type { PollLimit } from './maildrop/polls.js';

/** What sessions work with; one for all of a worker. */
export interface Pop3Environment {
  readonly config: Pop3Config;
  readonly store: MailStore;
  readonly records: RecordSpace;
  readonly access: AccessPolicy;
  readonly namespace: Namespace;
  readonly authentication: Authentication;
  readonly referrals: Referrals | undefined;
  readonly provisions: Registry<InboxProvision>;
  readonly locks: DropLocks;
  readonly polls: PollLimit;
  /** Undefined: APOP is off. */
  readonly apop: Apop | undefined;
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Logger;
}
