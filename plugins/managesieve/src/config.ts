import type { ListenEntry } from '@angarium/sdk';

/** The plugin's configuration; config.schema.json has the sentences and the defaults. */
export interface ManageSieveConfig {
  readonly listen: readonly ListenEntry[];
  /** Minutes. */
  readonly idleTimeout: number;
  /** Seconds. */
  readonly loginTimeout: number;
  /** The IMPLEMENTATION capability. */
  readonly implementation: string;
}
