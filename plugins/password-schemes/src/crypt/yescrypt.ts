/**
 * yescrypt, by which newer Linux distributions write `/etc/shadow`: scrypt with a memory that is read and written, and a mixing step of
 * multiplications and S-boxes (pwxform) in the place of most of Salsa20. After the description and the reference implementation of
 * Alexander Peslyak (yescrypt 1.1), for p = 1, without a ROM and without hash upgrades, which is all that crypt(3) makes.
 * Blocks are kept as arrays of 32-bit words in the order in which SIMD code holds them.
 */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { mixPwx, mixSalsa, PWX_WORDS, type SBoxes } from './yescrypt-blocks.js';
import { encodeOctets, readYescryptSetting } from './yescrypt-setting.js';

const HASH_BYTES = 32;
/** Rows of 128 octets from which the S-boxes are made. */
const S_ROWS = (3 * PWX_WORDS * 4) / 128;

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly t: number;
}

/** The hash of `password` with the parameters and the salt of `setting`; undefined when it is none that we compute. */
export function yescrypt(password: string, setting: string): string | undefined {
  const read = readYescryptSetting(setting);
  if (read === undefined) return undefined;
  const { N, r, t, salt, prefix } = read;
  let secret: Buffer = Buffer.from(password);
  // A costly hash begins with a cheap one, so that a server can let clients do the rest.
  if (N >= 0x100 && N * r >= 0x20000)
    secret = derive('yescrypt-prehash', secret, salt, { N: N / 64, r, t: 0 });
  const derived = derive('yescrypt', secret, salt, { N, r, t });
  const clientKey = createHmac('sha256', derived).update('Client Key').digest();
  return prefix + encodeOctets(createHash('sha256').update(clientKey).digest());
}

function derive(purpose: string, secret: Uint8Array, salt: Uint8Array, cost: Cost): Buffer {
  const first = createHmac('sha256', purpose).update(secret).digest();
  const block = pbkdf2Sync(first, salt, 1, 128 * cost.r, 'sha256');
  const key = mix(block, block.subarray(0, HASH_BYTES), cost);
  return pbkdf2Sync(key, block, 1, HASH_BYTES, 'sha256');
}

/** SMix: changes `block`, answers the key for what follows. */
function mix(block: Buffer, seed: Uint8Array, { N, r, t }: Cost): Buffer {
  const start = Buffer.from(seed);
  const table = new Uint32Array(S_ROWS * 32);
  const head = unpack(block, 1);
  fillWithSalsa(head, table);
  pack(head, block);
  const boxes: SBoxes = { words: table, s0: 2 * PWX_WORDS, s1: PWX_WORDS, s2: 0, w: 0 };
  const key = createHmac('sha256', block.subarray(block.length - 64))
    .update(start)
    .digest();
  const x = unpack(block, r);
  const memory = new Uint32Array(32 * r * N);
  fill(x, memory, N, boxes);
  shuffle(x, memory, N, loops(N, t), boxes);
  pack(x, block);
  return key;
}

/** How often the second half reads and writes: a third of N, more with `t`, and an even number. */
function loops(N: number, t: number): number {
  const wanted = t === 0 ? Math.ceil(N / 3) : t === 1 ? Math.ceil((2 * N) / 3) : N * (t - 1);
  return wanted + (wanted % 2);
}

/** SMix1 of classic scrypt with r = 1: each row before the next is mixed. */
function fillWithSalsa(x: Uint32Array, rows: Uint32Array): void {
  const scratch = new Uint32Array(x.length);
  for (let row = 0; row < S_ROWS; row++) {
    rows.set(x, row * x.length);
    mixSalsa(x, scratch);
  }
}

/** SMix1: each row into memory, mixed with an earlier one. */
function fill(x: Uint32Array, memory: Uint32Array, N: number, boxes: SBoxes): void {
  const words = x.length;
  let power = 1;
  for (let i = 0; i < N; i++) {
    memory.set(x, i * words);
    if (i > 1) {
      if (i === power * 2) power = i;
      const j = (lowOf(x) & (power - 1)) + (i - power);
      xorRow(x, memory, j * words);
    }
    mixPwx(x, boxes);
  }
}

/** SMix2: rows by what the last says, each written back. */
function shuffle(x: Uint32Array, memory: Uint32Array, N: number, count: number, boxes: SBoxes): void {
  const words = x.length;
  for (let i = 0; i < count; i++) {
    const at = (lowOf(x) & (N - 1)) * words;
    xorRow(x, memory, at);
    memory.set(x, at);
    mixPwx(x, boxes);
  }
}

/** Integerify: the first word of the last 64 octets. */
function lowOf(x: Uint32Array): number {
  return x[x.length - 16] ?? 0;
}

function xorRow(x: Uint32Array, memory: Uint32Array, at: number): void {
  for (let i = 0; i < x.length; i++) x[i] = (x[i] ?? 0) ^ (memory[at + i] ?? 0);
}

/** The first 128 r octets as words, in SIMD order. */
function unpack(block: Buffer, r: number): Uint32Array {
  const x = new Uint32Array(32 * r);
  for (let i = 0; i < x.length; i++) x[i] = block.readUInt32LE(4 * simd(i));
  return x;
}

function pack(x: Uint32Array, block: Buffer): void {
  for (let i = 0; i < x.length; i++) block.writeUInt32LE(x[i] ?? 0, 4 * simd(i));
}

function simd(i: number): number {
  return (i & ~15) + (((i & 15) * 5) & 15);
}
