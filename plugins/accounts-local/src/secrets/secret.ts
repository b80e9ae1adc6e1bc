/** What is kept of a password: a scrypt hash, SCRAM keys and the password itself if the manifest wants them. */
import { preparePassword, type ScramHash, type UserId } from '@angarium/sdk';
import type { PlainBox } from './plain-box.js';
import { type StoredScramKeys, scramKeysOf } from './scram.js';
import { hashPassword, hasParameters, type ScryptParameters, type ScryptSecret } from './scrypt.js';

export interface StoredSecret {
  /** Absent while only another system's hash is known. */
  readonly scrypt?: ScryptSecret;
  readonly scram: { readonly [H in ScramHash]?: StoredScramKeys };
  /** As another system hashed it, until the first login. */
  readonly foreign?: string;
  /** Sealed by PlainBox. */
  readonly plain?: string;
}

export interface SecretPolicy {
  readonly scrypt: ScryptParameters;
  readonly scram: readonly ScramHash[];
  readonly scramIterations: number;
  readonly plainSecrets: boolean;
}

/** @param typed as the user types it. */
export async function makeSecret(
  user: UserId,
  typed: string,
  policy: SecretPolicy,
  box: PlainBox | undefined,
): Promise<StoredSecret> {
  const password = preparePassword(typed);
  const scrypt = await hashPassword(password, policy.scrypt);
  const scram: { [H in ScramHash]?: StoredScramKeys } = {};
  for (const hash of policy.scram) scram[hash] = await scramKeysOf(password, hash, policy.scramIterations);
  return { scrypt, scram, ...(box === undefined ? {} : { plain: box.seal(user, typed) }) };
}

/** False: it was made under another policy and is to be made anew when the password is at hand. */
export function isCurrent(secret: StoredSecret, policy: SecretPolicy): boolean {
  const kept = Object.entries(secret.scram);
  return (
    secret.foreign === undefined &&
    secret.scrypt !== undefined &&
    (secret.plain !== undefined) === policy.plainSecrets &&
    hasParameters(secret.scrypt, policy.scrypt) &&
    kept.length === policy.scram.length &&
    policy.scram.every((hash) => secret.scram[hash]?.iterations === policy.scramIterations)
  );
}
