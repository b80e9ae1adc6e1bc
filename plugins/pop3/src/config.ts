import type { ListenEntry } from '@angarium/sdk';
import type { UidlFormat } from './maildrop/uidl-format.js';

/** As config.schema.json has it, defaults filled in. */
export interface Pop3Config {
  readonly listen: readonly ListenEntry[];
  /** Minutes. */
  readonly idleTimeout: number;
  /** Seconds. */
  readonly loginTimeout: number;
  /** Minutes; 0 for none. */
  readonly minPoll: number;
  /** Slots. */
  readonly pollPadding: number;
  /** Days; -1 for never. */
  readonly expireDays: number;
  readonly useAcl: boolean;
  readonly useImapFlags: boolean;
  readonly subfolders: boolean;
  readonly uidlFormat: UidlFormat;
  readonly apop: boolean;
  readonly utf8Headers: 'surrogate' | 'refuse' | 'keep';
  readonly language: string;
  readonly autocreateInbox: boolean;
}
