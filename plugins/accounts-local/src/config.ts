import type { SecretPolicy } from './secrets/secret.js';

/** As config.schema.json has it, defaults filled in. */
export interface LocalAccountsConfig extends SecretPolicy {
  readonly maxConcurrentHashes: number;
  readonly maxWaitingHashes: number;
  readonly verificationCache: { readonly maxUsers: number; readonly ttlSeconds: number };
}
