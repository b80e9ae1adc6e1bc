import type { Identity } from '../model/identity.js';

/** Who caused a change and how; handed to hooks, so that quota, Sieve, audit and search know. */
export interface Origin {
  readonly identity: Identity;
  /** `imap`, `lmtp`, `cli`, … */
  readonly via: string;
  /** `Connection.id`, or a job's name. */
  readonly session?: string;
  /** The operation as the protocol names it: `APPEND`, `COPY`, `MOVE`, `REPLACE`, `delivery`, … */
  readonly operation?: string;
}
