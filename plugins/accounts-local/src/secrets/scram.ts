import { randomBytes } from 'node:crypto';
import { deriveScramKeys, type ScramHash, type ScramKeys } from '@angarium/sdk';

/** RFC 5802 §3; binary values in base64. */
export interface StoredScramKeys {
  readonly salt: string;
  readonly iterations: number;
  readonly storedKey: string;
  readonly serverKey: string;
}

/** Of every salt that is made here. */
export const SCRAM_SALT_BYTES = 16;

/** @param password prepared (SASLprep). @param salt for tests; random otherwise. */
export async function scramKeysOf(
  password: string,
  hash: ScramHash,
  iterations: number,
  salt: Buffer = randomBytes(SCRAM_SALT_BYTES),
): Promise<StoredScramKeys> {
  return encodeScramKeys(await deriveScramKeys(password, hash, { salt, iterations }));
}

export function decodeScramKeys(keys: StoredScramKeys): ScramKeys {
  return {
    salt: Buffer.from(keys.salt, 'base64'),
    iterations: keys.iterations,
    storedKey: Buffer.from(keys.storedKey, 'base64'),
    serverKey: Buffer.from(keys.serverKey, 'base64'),
  };
}

export function encodeScramKeys({ salt, iterations, storedKey, serverKey }: ScramKeys): StoredScramKeys {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return { salt: text(salt), iterations, storedKey: text(storedKey), serverKey: text(serverKey) };
}
