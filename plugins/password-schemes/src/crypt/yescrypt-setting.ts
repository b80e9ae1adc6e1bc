/**
 * How yescrypt writes its parameters: `$y$`, flavour, N, r and, rarely, more; `$`, the salt. Numbers have a length that their first
 * letter tells, octets are written least significant first.
 */
import { alphabet } from './alphabet.js';

export interface YescryptSetting {
  /** A power of two. */
  readonly N: number;
  readonly r: number;
  /** More time at the same memory. */
  readonly t: number;
  readonly salt: Uint8Array;
  /** With its last `$`. */
  readonly prefix: string;
}

/** The only flavour in use: read and write, six rounds, S-boxes of 12 KB. */
const FLAVOUR = 47;
/** What `p`, `g` and a ROM would say; nobody writes them. */
const ONLY_T = 2;
/** Octets that one check may take. */
const MAX_MEMORY = 256 * 1024 * 1024;
const MAX_T = 8;
const MAX_SALT_BYTES = 64;

/** Undefined: it is none, it costs too much, or is of a kind that nobody writes. */
export function readYescryptSetting(hash: string): YescryptSetting | undefined {
  const [prefix, parameters = '', saltText = ''] =
    /^\$y\$([./A-Za-z0-9]+)\$([./A-Za-z0-9]*)\$/.exec(hash) ?? [];
  if (prefix === undefined) return undefined;
  const numbers = new Numbers(parameters);
  const [flavour, logN, r] = [numbers.next(0), numbers.next(1), numbers.next(1)];
  const more = numbers.isAtEnd ? 0 : numbers.next(1);
  const t = more === ONLY_T ? numbers.next(1) : 0;
  const salt = decodeOctets(saltText);
  if (flavour !== FLAVOUR || (more !== 0 && more !== ONLY_T) || !numbers.isAtEnd) return undefined;
  if (!(logN >= 2 && logN <= 24 && r >= 1 && t <= MAX_T) || 128 * r * 2 ** logN > MAX_MEMORY)
    return undefined;
  if (salt === undefined || salt.length > MAX_SALT_BYTES) return undefined;
  return { N: 2 ** logN, r, t, salt, prefix };
}

/** Reads one number after the other; NaN for what is none. */
class Numbers {
  private at = 0;
  constructor(private readonly text: string) {}

  get isAtEnd(): boolean {
    return this.at === this.text.length;
  }

  /** The first letter's range says how many follow: 48 values alone, then 8 × 64, 4 × 64², … */
  next(least: number): number {
    let [start, end, following] = [0, 47, 0];
    const first = this.letter();
    let value = least;
    while (first > end) {
      value += (end + 1 - start) * 64 ** following;
      start = end + 1;
      end = start + Math.floor((62 - end) / 2);
      following++;
    }
    value += (first - start) * 64 ** following;
    while (following-- > 0) value += this.letter() * 64 ** following;
    return value;
  }

  private letter(): number {
    const value = alphabet.indexOf(this.text.charAt(this.at++) || ' ');
    return value < 0 ? Number.NaN : value;
  }
}

/** Undefined when letters or bits are left over. */
export function decodeOctets(text: string): Buffer | undefined {
  const octets: number[] = [];
  for (let at = 0; at < text.length; at += 4) {
    const group = text.slice(at, at + 4);
    if (group.length === 1) return undefined;
    let value = [...group].reduceRight((sum, letter) => sum * 64 + alphabet.indexOf(letter), 0);
    for (let left = group.length - 1; left > 0; left--) {
      octets.push(value & 255);
      value >>>= 8;
    }
    if (value !== 0) return undefined;
  }
  return Buffer.from(octets);
}

export function encodeOctets(octets: Uint8Array): string {
  let text = '';
  for (let at = 0; at < octets.length; at += 3) {
    const group = octets.subarray(at, at + 3);
    let value = group.reduceRight((sum, octet) => sum * 256 + octet, 0);
    for (let left = group.length + 1; left > 0; left--) {
      text += alphabet[value & 63];
      value >>>= 6;
    }
  }
  return text;
}
