/** What is kept of a password: a scrypt hash, and SCRAM keys if the manifest wants them. */
import { type ScramHash, type StoredScramKeys, scramKeysOf } from './scram.js';
import { hashPassword, hasParameters, type ScryptParameters, type ScryptSecret } from './scrypt.js';

export interface StoredSecret {
  readonly scrypt: ScryptSecret;
  readonly scram: { readonly [H in ScramHash]?: StoredScramKeys };
}

export interface SecretPolicy {
  readonly scrypt: ScryptParameters;
  readonly scram: readonly ScramHash[];
  readonly scramIterations: number;
}

/** @param password prepared. */
export async function makeSecret(password: string, policy: SecretPolicy): Promise<StoredSecret> {
  const scrypt = await hashPassword(password, policy.scrypt);
  const scram: { [H in ScramHash]?: StoredScramKeys } = {};
  for (const hash of policy.scram) scram[hash] = await scramKeysOf(password, hash, policy.scramIterations);
  return { scrypt, scram };
}

/** False: it was made under another policy and is to be made anew when the password is at hand. */
export function isCurrent(secret: StoredSecret, policy: SecretPolicy): boolean {
  const kept = Object.entries(secret.scram);
  return (
    hasParameters(secret.scrypt, policy.scrypt) &&
    kept.length === policy.scram.length &&
    policy.scram.every((hash) => secret.scram[hash]?.iterations === policy.scramIterations)
  );
}
