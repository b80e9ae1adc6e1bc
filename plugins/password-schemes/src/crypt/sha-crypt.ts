/** SHA256-CRYPT and SHA512-CRYPT: "Unix crypt using SHA-256 and SHA-512", Ulrich Drepper, version 0.6; letters are its steps. */
import { createHash } from 'node:crypto';
import { permuted } from './alphabet.js';

const DEFAULT_ROUNDS = 5000;
const MIN_ROUNDS = 1000;
/** The scheme allows 999,999,999, which would take minutes. */
const MAX_ROUNDS = 10_000_000;
const MAX_SALT_LENGTH = 16;

interface Variant {
  readonly prefix: string;
  readonly hash: 'sha256' | 'sha512';
  readonly bytes: number;
  readonly order: readonly (readonly [number, number, number])[];
}

/** The orders run in three columns, each row turned one further than the one before. */
const sha512Order = Array.from({ length: 21 }, (_, row): [number, number, number] => {
  const columns = [row, row + 21, row + 42] as const;
  return [columns[row % 3] ?? 0, columns[(row + 1) % 3] ?? 0, columns[(row + 2) % 3] ?? 0];
});
const sha256Order = Array.from({ length: 10 }, (_, row): [number, number, number] => {
  const columns = [row, row + 10, row + 20] as const;
  const turn = (3 - (row % 3)) % 3;
  return [columns[turn] ?? 0, columns[(turn + 1) % 3] ?? 0, columns[(turn + 2) % 3] ?? 0];
});

const variants: readonly Variant[] = [
  { prefix: '$5$', hash: 'sha256', bytes: 32, order: [...sha256Order, [-1, 31, 30]] },
  { prefix: '$6$', hash: 'sha512', bytes: 64, order: [...sha512Order, [-1, -1, 63]] },
];

/** The hash of `password` with the salt and rounds of `setting`; undefined when it is none of this scheme. */
export function shaCrypt(password: string, setting: string): string | undefined {
  const variant = variants.find(({ prefix }) => setting.startsWith(prefix));
  const [, rounds, given] = /^\$[56]\$(?:rounds=(\d{1,9})\$)?([^$]*)/.exec(setting) ?? [];
  if (variant === undefined || given === undefined || Number(rounds) > MAX_ROUNDS) return undefined;
  const salt = Buffer.from(given).subarray(0, MAX_SALT_LENGTH);
  const count = rounds === undefined ? DEFAULT_ROUNDS : Math.max(MIN_ROUNDS, Number(rounds));
  const result = digestRounds(Buffer.from(password), salt, count, variant);
  const shownRounds = rounds === undefined ? '' : `rounds=${count}$`;
  return `${variant.prefix}${shownRounds}${salt.toString()}$${permuted(result, variant.order)}`;
}

function digestRounds(key: Buffer, salt: Buffer, rounds: number, { hash, bytes }: Variant): Buffer {
  const digest = (...parts: Buffer[]) => {
    const hasher = createHash(hash);
    for (const part of parts) hasher.update(part);
    return hasher.digest();
  };
  // Steps 4 to 8, then 9 to 12.
  const b = digest(key, salt, key);
  const bits: Buffer[] = [];
  for (let length = key.length; length > 0; length >>= 1) bits.push(length & 1 ? b : key);
  let a = digest(key, salt, repeated(b, key.length), ...bits);
  // Steps 13 to 20.
  const p = repeated(digest(...Array.from({ length: key.length }, () => key)), key.length);
  const s = repeated(digest(...Array.from({ length: 16 + (a[0] ?? 0) }, () => salt)), salt.length);
  for (let round = 0; round < rounds; round++) {
    const isOdd = round % 2 === 1;
    const parts = [isOdd ? p : a];
    if (round % 3 !== 0) parts.push(s);
    if (round % 7 !== 0) parts.push(p);
    parts.push(isOdd ? a : p);
    a = digest(...parts);
  }
  return a.subarray(0, bytes);
}

/** `length` octets of the block, again and again. */
function repeated(block: Buffer, length: number): Buffer {
  return Buffer.alloc(length, length === 0 ? undefined : block);
}
