/** Runs in a thread of its own: hashes that take milliseconds to seconds and that OpenSSL does not know. */
import { timingSafeEqual } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import bcrypt from 'bcryptjs';
import { desCrypt } from './des-crypt.js';
import { md5Crypt } from './md5-crypt.js';
import { shaCrypt } from './sha-crypt.js';
import { yescrypt } from './yescrypt.js';

export interface CryptQuestion {
  readonly id: number;
  readonly hash: string;
  readonly password: string;
}

export interface CryptAnswer {
  readonly id: number;
  /** Undefined: the hash is damaged. */
  readonly isRight: boolean | undefined;
}

/** Each step doubles the time; 16 takes several seconds. */
const MAX_BCRYPT_COST = 16;

parentPort?.on('message', ({ id, hash, password }: CryptQuestion) => {
  const answer: CryptAnswer = { id, isRight: check(hash, password) };
  parentPort?.postMessage(answer);
});

function check(hash: string, password: string): boolean | undefined {
  if (hash.startsWith('$2')) return checkBcrypt(hash, password);
  const made = Buffer.from(schemeOf(hash)(password, hash) ?? '');
  const stored = Buffer.from(hash);
  return made.length === stored.length ? timingSafeEqual(made, stored) : undefined;
}

function schemeOf(hash: string): (password: string, setting: string) => string | undefined {
  if (hash.startsWith('$1$')) return md5Crypt;
  if (hash.startsWith('$y$')) return yescrypt;
  return hash.startsWith('$') ? shaCrypt : desCrypt;
}

function checkBcrypt(hash: string, password: string): boolean | undefined {
  const cost = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash)?.[1];
  if (cost === undefined || Number(cost) > MAX_BCRYPT_COST) return undefined;
  return bcrypt.compareSync(password, hash);
}
