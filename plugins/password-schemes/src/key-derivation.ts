/** Schemes that OpenSSL derives on the thread pool: PBKDF2, SCRAM, Argon2. Costs beyond reason count as damage. */
import { type Argon2Algorithm, argon2, createHash, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { fitsScramKeys, type ScramHash, type ScramKeys, scramDigests } from '@angarium/sdk';
import { damaged } from './damaged.js';

const MAX_ITERATIONS = 10_000_000;
/** KiB: a gigabyte. */
const MAX_ARGON2_MEMORY = 1024 * 1024;
const MAX_ARGON2_PASSES = 64;
const MAX_ARGON2_LANES = 64;

const derive = promisify(pbkdf2);

/** Dovecot's PBKDF2: `$1$salt$rounds$hex`, HMAC-SHA-1, 20 octets. */
export async function pbkdf2Matches(data: string, password: string): Promise<boolean> {
  const [, salt, rounds, hex] = /^\$1\$([^$]+)\$(\d{1,8})\$([0-9a-f]{40})$/i.exec(data) ?? [];
  if (salt === undefined || hex === undefined || !isReasonable(rounds)) throw damaged();
  const made = await derive(password, salt, Number(rounds), 20, 'sha1');
  return timingSafeEqual(made, Buffer.from(hex, 'hex'));
}

/** Dovecot's `iterations,salt,stored,server`, or `SCRAM-SHA-…$iterations:salt$stored:server` (RFC 5803 §2). */
export function readScramKeys(data: string, hash: ScramHash): ScramKeys {
  const [, iterations, salt, stored, server] =
    /^(?:SCRAM-SHA-\d+\$)?(\d{1,8})[,:]([^,:$]+)[,$]([^,:$]+)[,:]([^,:$]+)$/.exec(data) ?? [];
  const bytes = createHash(scramDigests[hash]).digest().length;
  const storedKey = Buffer.from(stored ?? '', 'base64');
  const serverKey = Buffer.from(server ?? '', 'base64');
  if (salt === undefined || !isReasonable(iterations)) throw damaged();
  if (storedKey.length !== bytes || serverKey.length !== bytes) throw damaged();
  return { salt: Buffer.from(salt, 'base64'), iterations: Number(iterations), storedKey, serverKey };
}

export async function scramMatches(data: string, hash: ScramHash, password: string): Promise<boolean> {
  return await fitsScramKeys(password, hash, readScramKeys(data, hash));
}

/** The PHC string: `$argon2id$v=19$m=65536,t=3,p=1$salt$hash`. */
export async function argon2Matches(data: string, password: string): Promise<boolean> {
  const [, algorithm, version, memory, passes, lanes, salt, hash] =
    /^\$(argon2(?:id|i|d))\$v=(\d+)\$m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,4})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(
      data,
    ) ?? [];
  if (algorithm === undefined || version !== '19' || salt === undefined || hash === undefined)
    throw damaged();
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(lanes) };
  const isTooMuch =
    cost.memory > MAX_ARGON2_MEMORY || cost.passes > MAX_ARGON2_PASSES || cost.parallelism > MAX_ARGON2_LANES;
  const stored = Buffer.from(hash, 'base64');
  const nonce = Buffer.from(salt, 'base64');
  if (isTooMuch || nonce.length < 8 || stored.length < 4) throw damaged();
  const parameters = { ...cost, message: password, nonce, tagLength: stored.length };
  const made = await new Promise<Buffer>((resolve, reject) => {
    argon2(algorithm as Argon2Algorithm, parameters, (error, result) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
  return timingSafeEqual(made, stored);
}

function isReasonable(count: string | undefined): boolean {
  return count !== undefined && Number(count) > 0 && Number(count) <= MAX_ITERATIONS;
}
