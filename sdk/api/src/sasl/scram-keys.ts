import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { ScramHash, ScramKeys } from '../contracts/accounts.js';
import { preparePassword } from './saslprep.js';

/** As `node:crypto` names them. */
export const scramDigests: Readonly<Record<ScramHash, string>> = {
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-512': 'sha512',
};

const derive = promisify(pbkdf2);

/** RFC 5802 §3. Hashing is done beside the event loop. @param password as `preparePassword` makes it */
export async function deriveScramKeys(
  password: string,
  hash: ScramHash,
  { salt, iterations }: Pick<ScramKeys, 'salt' | 'iterations'>,
): Promise<ScramKeys> {
  const digest = scramDigests[hash];
  const length = createHash(digest).digest().length;
  const salted = await derive(password, salt, iterations, length, digest);
  const hmac = (text: string) => createHmac(digest, salted).update(text).digest();
  const storedKey = createHash(digest).update(hmac('Client Key')).digest();
  return { salt, iterations, storedKey, serverKey: hmac('Server Key') };
}

/** Are these the keys of the password? In time that does not tell how wrong it is. @param password as it was typed */
export async function fitsScramKeys(password: string, hash: ScramHash, keys: ScramKeys): Promise<boolean> {
  const { storedKey } = await deriveScramKeys(preparePassword(password), hash, keys);
  return storedKey.length === keys.storedKey.length && timingSafeEqual(storedKey, keys.storedKey);
}
