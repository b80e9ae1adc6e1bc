import type { ListenEntry } from '@angarium/sdk';

/** As config.schema.json has it, defaults filled in. */
export interface LmtpConfig {
  readonly listen: readonly ListenEntry[];
  readonly deliverers: readonly string[];
  readonly trustedNetworks: readonly string[];
  readonly maxMessageBytes: number;
  readonly maxRecipients: number;
  readonly idleTimeoutSeconds: number;
  readonly transactionTimeoutSeconds: number;
  readonly malformed: 'reject' | 'repair';
  readonly overQuotaPermFailure: boolean;
  readonly eightBitHeaders: 'keep' | 'munge' | 'reject';
}
