/** MD5-CRYPT (`$1$`), as FreeBSD's crypt-md5.c of 1994 makes it. */
import { createHash } from 'node:crypto';
import { permuted } from './alphabet.js';

const ROUNDS = 1000;
const MAX_SALT_LENGTH = 8;

const order = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
  [-1, -1, 11],
] as const;

/** The hash of `password` with the salt of `setting`; undefined when it is none of this scheme. */
export function md5Crypt(password: string, setting: string): string | undefined {
  const given = /^\$1\$([^$]*)/.exec(setting)?.[1];
  if (given === undefined) return undefined;
  const salt = Buffer.from(given).subarray(0, MAX_SALT_LENGTH);
  const key = Buffer.from(password);
  const inner = md5(key, salt, key);
  const tail: Buffer[] = [];
  for (let left = key.length; left > 0; left -= 16) tail.push(inner.subarray(0, Math.min(16, left)));
  // The bit 1 of a length adds a zero octet, the bit 0 the first octet of the password.
  for (let length = key.length; length > 0; length >>= 1)
    tail.push(length & 1 ? Buffer.alloc(1) : key.subarray(0, 1));
  let hash = md5(key, Buffer.from('$1$'), salt, ...tail);
  for (let round = 0; round < ROUNDS; round++) {
    const isOdd = round % 2 === 1;
    const parts = [isOdd ? key : hash];
    if (round % 3 !== 0) parts.push(salt);
    if (round % 7 !== 0) parts.push(key);
    parts.push(isOdd ? hash : key);
    hash = md5(...parts);
  }
  return `$1$${salt.toString()}$${permuted(hash, order)}`;
}

function md5(...parts: Buffer[]): Buffer {
  const hasher = createHash('md5');
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}
