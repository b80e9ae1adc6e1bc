import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** RFC 7914 §2; `cost` is the binary logarithm of N. */
export interface ScryptParameters {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

/** A hashed password with all that is needed to check it; binary values in base64. */
export interface ScryptSecret extends ScryptParameters {
  readonly salt: string;
  readonly hash: string;
}

const HASH_BYTES = 32;
const SALT_BYTES = 16;

export async function hashPassword(password: string, parameters: ScryptParameters): Promise<ScryptSecret> {
  const salt = randomBytes(SALT_BYTES);
  const { cost, blockSize, parallelization } = parameters;
  const hash = await derive(password, salt, parameters);
  return { cost, blockSize, parallelization, salt: salt.toString('base64'), hash: hash.toString('base64') };
}

export async function matches(password: string, secret: ScryptSecret): Promise<boolean> {
  const hash = await derive(password, Buffer.from(secret.salt, 'base64'), secret);
  const stored = Buffer.from(secret.hash, 'base64');
  return hash.length === stored.length && timingSafeEqual(hash, stored);
}

/** As expensive as a check, for users who do not exist. */
export async function matchNothing(password: string, parameters: ScryptParameters): Promise<false> {
  await derive(password, Buffer.alloc(SALT_BYTES), parameters);
  return false;
}

export function hasParameters(secret: ScryptSecret, parameters: ScryptParameters): boolean {
  return (
    secret.cost === parameters.cost &&
    secret.blockSize === parameters.blockSize &&
    secret.parallelization === parameters.parallelization
  );
}

/** On the thread pool. */
function derive(password: string, salt: Buffer, parameters: ScryptParameters): Promise<Buffer> {
  const { cost, blockSize: r, parallelization: p } = parameters;
  const N = 2 ** cost;
  const maxmem = 128 * r * (N + p + 2) + 1024 * 1024;
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, { N, r, p, maxmem }, (error, hash) => {
      if (error) reject(error);
      else resolve(hash);
    });
  });
}
