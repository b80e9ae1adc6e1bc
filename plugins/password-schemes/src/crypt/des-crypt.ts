/**
 * DES-CRYPT: the crypt(3) of Version 7 Unix, eight characters of seven bits and twelve bits of salt. It is here so that old
 * password files can be taken over; each password is hashed anew at its first login. Bits are octets, as in the original.
 */
import { alphabet } from './alphabet.js';

const ITERATIONS = 25;

const initial = blocks('58 60 62 64 57 59 61 63').flatMap((n) =>
  Array.from({ length: 8 }, (_, i) => n - 8 * i),
);
const expansion = Array.from({ length: 48 }, (_, i) => ((Math.floor(i / 6) * 4 + (i % 6) + 31) % 32) + 1);
const choice1 = blocks(
  '57 49 41 33 25 17 9 1 58 50 42 34 26 18 10 2 59 51 43 35 27 19 11 3 60 52 44 36 ' +
    '63 55 47 39 31 23 15 7 62 54 46 38 30 22 14 6 61 53 45 37 29 21 13 5 28 20 12 4',
);
const choice2 = blocks(
  '14 17 11 24 1 5 3 28 15 6 21 10 23 19 12 4 26 8 16 7 27 20 13 2 ' +
    '41 52 31 37 47 55 30 40 51 45 33 48 44 49 39 56 34 53 46 42 50 36 29 32',
);
const shifts = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];
const permutation = blocks(
  '16 7 20 21 29 12 28 17 1 15 23 26 5 18 31 10 2 8 24 14 32 27 3 9 19 13 30 6 22 11 4 25',
);

/** FIPS 46-3: four rows of sixteen a box, in hexadecimal. */
const boxes = [
  'e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d',
  'f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9',
  'a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c',
  '7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e',
  '2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453',
  'c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d',
  '4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c',
  'd2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b',
].map((rows) => Array.from(rows, (digit) => Number.parseInt(digit, 16)));

type Bits = number[];

/** The hash of `password` with the salt of `setting` (its first two letters); undefined when that is no salt. */
export function desCrypt(password: string, setting: string): string | undefined {
  const salt = setting.slice(0, 2);
  if (!/^[./A-Za-z0-9]{2}$/.test(salt)) return undefined;
  const keys = schedule(keyBits(password));
  const expand = salted(salt);
  let block: Bits = new Array<number>(64).fill(0);
  for (let n = 0; n < ITERATIONS; n++) block = encrypt(block, keys, expand);
  return salt + lettersOf(block);
}

/** Seven bits a character, the parity bit last and zero. */
function keyBits(password: string): Bits {
  const octets = Buffer.from(password).subarray(0, 8);
  return Array.from({ length: 64 }, (_, at) => {
    const bit = at % 8;
    return bit === 7 ? 0 : ((octets[at >> 3] ?? 0) >> (6 - bit)) & 1;
  });
}

/** The expansion, with those of its halves swapped that the salt says. */
function salted(salt: string): readonly number[] {
  const expand = [...expansion];
  for (let i = 0; i < 2; i++) {
    const value = alphabet.indexOf(salt[i] ?? '.');
    for (let bit = 0; bit < 6; bit++) {
      if (((value >> bit) & 1) === 0) continue;
      const at = 6 * i + bit;
      [expand[at], expand[at + 24]] = [expand[at + 24] ?? 0, expand[at] ?? 0];
    }
  }
  return expand;
}

/** The sixteen keys of 48 bits. */
function schedule(key: Bits): Bits[] {
  let halves = pick(key, choice1);
  return shifts.map((shift) => {
    const c = halves.slice(0, 28);
    const d = halves.slice(28);
    halves = [...c.slice(shift), ...c.slice(0, shift), ...d.slice(shift), ...d.slice(0, shift)];
    return pick(halves, choice2);
  });
}

function encrypt(block: Bits, keys: readonly Bits[], expand: readonly number[]): Bits {
  const mixed = pick(block, initial);
  let left = mixed.slice(0, 32);
  let right = mixed.slice(32);
  for (const key of keys) {
    const turned = pick(substitute(pick(right, expand), key), permutation);
    const next = left.map((bit, at) => bit ^ (turned[at] ?? 0));
    left = right;
    right = next;
  }
  const output: Bits = new Array<number>(64).fill(0);
  // The final permutation is the inverse of the initial one.
  for (const [at, from] of initial.entries()) output[from - 1] = (at < 32 ? right[at] : left[at - 32]) ?? 0;
  return output;
}

function substitute(expanded: Bits, key: Bits): Bits {
  return boxes.flatMap((box, n) => {
    const bit = (at: number) => (expanded[6 * n + at] ?? 0) ^ (key[6 * n + at] ?? 0);
    const row = (bit(0) << 1) | bit(5);
    const column = (bit(1) << 3) | (bit(2) << 2) | (bit(3) << 1) | bit(4);
    const value = box[16 * row + column] ?? 0;
    return [value >> 3, (value >> 2) & 1, (value >> 1) & 1, value & 1];
  });
}

/** 64 bits and two zeros, six a letter, highest first. */
function lettersOf(block: Bits): string {
  let text = '';
  for (let at = 0; at < 66; at += 6) {
    let value = 0;
    for (let bit = 0; bit < 6; bit++) value = (value << 1) | (block[at + bit] ?? 0);
    text += alphabet[value];
  }
  return text;
}

/** Positions count from 1, as in the standard. */
function pick(bits: Bits, positions: readonly number[]): Bits {
  return positions.map((position) => bits[position - 1] ?? 0);
}

function blocks(text: string): number[] {
  return text.split(' ').map(Number);
}
