import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { ScramHash, ScramKeys } from '@angarium/sdk';

/** RFC 5802 §3; binary values in base64. */
export interface StoredScramKeys {
  readonly salt: string;
  readonly iterations: number;
  readonly storedKey: string;
  readonly serverKey: string;
}

const digests: Readonly<Record<ScramHash, { readonly name: string; readonly bytes: number }>> = {
  'SHA-1': { name: 'sha1', bytes: 20 },
  'SHA-256': { name: 'sha256', bytes: 32 },
  'SHA-512': { name: 'sha512', bytes: 64 },
};

const derive = promisify(pbkdf2);

/** Of every salt that is made here. */
export const SCRAM_SALT_BYTES = 16;

/** @param password prepared (SASLprep). @param salt for tests; random otherwise. */
export async function scramKeysOf(
  password: string,
  hash: ScramHash,
  iterations: number,
  salt: Buffer = randomBytes(SCRAM_SALT_BYTES),
): Promise<StoredScramKeys> {
  const { name, bytes } = digests[hash];
  const salted = await derive(password, salt, iterations, bytes, name);
  const clientKey = createHmac(name, salted).update('Client Key').digest();
  return {
    salt: salt.toString('base64'),
    iterations,
    storedKey: createHash(name).update(clientKey).digest('base64'),
    serverKey: createHmac(name, salted).update('Server Key').digest('base64'),
  };
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
