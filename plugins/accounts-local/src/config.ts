import type { ScramHash } from './secrets/scram.js';
import type { ScryptParameters } from './secrets/scrypt.js';

/** As config.schema.json has it, defaults filled in. */
export interface LocalAccountsConfig {
  readonly scrypt: ScryptParameters;
  readonly scram: readonly ScramHash[];
  readonly scramIterations: number;
  readonly maxConcurrentHashes: number;
  readonly maxWaitingHashes: number;
  readonly verificationCache: { readonly maxUsers: number; readonly ttlSeconds: number };
}
