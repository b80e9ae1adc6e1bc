/** The mixing of blocks in yescrypt: BlockMix with Salsa20 (as in scrypt, RFC 7914 §3 and §4), and with pwxform. */

/** Words of one S-box: 256 entries of two 64-bit numbers. */
export const PWX_WORDS = 1024;
const PWX_ROUNDS = 6;
/** Selects an entry, in words. */
const ENTRY = 0x3fc;
/** Words that pwxform mixes at a time: 64 octets. */
const WIDTH = 16;

/** Three tables that change places with each use; the third is written meanwhile, at `w`. Offsets in words. */
export interface SBoxes {
  readonly words: Uint32Array;
  s0: number;
  s1: number;
  s2: number;
  w: number;
}

/** Salsa20/8 over a row of 128 octets, even and odd blocks parted afterwards. */
export function mixSalsa(x: Uint32Array, scratch: Uint32Array): void {
  const blocks = x.length / 16;
  const block = x.slice(x.length - 16);
  for (let i = 0; i < blocks; i++) {
    for (let k = 0; k < 16; k++) block[k] = (block[k] ?? 0) ^ (x[16 * i + k] ?? 0);
    salsa(block, 0, 8);
    scratch.set(block, 16 * ((i >> 1) + (i & 1) * (blocks / 2)));
  }
  x.set(scratch);
}

const chain = new Uint32Array(WIDTH);

/** pwxform over all of a row, chained, and Salsa20/2 over its last 64 octets. */
export function mixPwx(x: Uint32Array, boxes: SBoxes): void {
  const last = x.length - WIDTH;
  chain.set(x.subarray(last));
  for (let at = 0; at <= last; at += WIDTH) {
    for (let k = 0; k < WIDTH; k++) chain[k] = (chain[k] ?? 0) ^ (x[at + k] ?? 0);
    pwxform(chain, boxes);
    x.set(chain, at);
  }
  salsa(x, last, 2);
}

/** Six rounds of `x = (high × low + S0[low]) xor S1[high]` on four lanes of two numbers; the four in the middle go into S2. */
function pwxform(x: Uint32Array, boxes: SBoxes): void {
  const { words, s0, s1, s2 } = boxes;
  let write = s2 + boxes.w;
  for (let round = 0; round < PWX_ROUNDS; round++) {
    const isKept = round !== 0 && round !== PWX_ROUNDS - 1;
    for (let lane = 0; lane < WIDTH; lane += 4) {
      const p0 = s0 + (((x[lane] ?? 0) >>> 2) & ENTRY);
      const p1 = s1 + (((x[lane + 1] ?? 0) >>> 2) & ENTRY);
      for (let k = 0; k < 4; k += 2) {
        const a = x[lane + k] ?? 0;
        const b = x[lane + k + 1] ?? 0;
        // 32 × 32 bits in four halves; no sum leaves 32 bits.
        const a0 = a & 0xffff;
        const a1 = a >>> 16;
        const b0 = b & 0xffff;
        const b1 = b >>> 16;
        const middle = a0 * b1 + ((a0 * b0) >>> 16);
        const other = a1 * b0 + (middle & 0xffff);
        const high = a1 * b1 + (middle >>> 16) + (other >>> 16);
        const low = (Math.imul(a, b) >>> 0) + (words[p0 + k] ?? 0);
        const carry = low > 0xffffffff ? 1 : 0;
        const newLow = low ^ (words[p1 + k] ?? 0);
        const newHigh = (high + (words[p0 + k + 1] ?? 0) + carry) ^ (words[p1 + k + 1] ?? 0);
        x[lane + k] = newLow;
        x[lane + k + 1] = newHigh;
        if (!isKept) continue;
        words[write++] = newLow;
        words[write++] = newHigh;
      }
    }
  }
  boxes.w = (write - s2) & (PWX_WORDS - 1);
  boxes.s0 = s2;
  boxes.s1 = s0;
  boxes.s2 = s1;
}

const state = new Uint32Array(16);

/** The Salsa20 core on 16 words from `at`, which are in SIMD order. */
function salsa(x: Uint32Array, at: number, rounds: number): void {
  for (let i = 0; i < 16; i++) state[(i * 5) & 15] = x[at + i] ?? 0;
  for (let round = 0; round < rounds; round += 2) {
    for (let c = 0; c < 4; c++) quarter(5 * c, (5 * c + 4) & 15, (5 * c + 8) & 15, (5 * c + 12) & 15);
    for (let c = 0; c < 4; c++) {
      const row = 4 * c;
      quarter(5 * c, row + ((c + 1) & 3), row + ((c + 2) & 3), row + ((c + 3) & 3));
    }
  }
  for (let i = 0; i < 16; i++) x[at + i] = (x[at + i] ?? 0) + (state[(i * 5) & 15] ?? 0);
}

function quarter(a: number, b: number, c: number, d: number): void {
  turn(b, a, d, 7);
  turn(c, b, a, 9);
  turn(d, c, b, 13);
  turn(a, d, c, 18);
}

function turn(to: number, one: number, two: number, bits: number): void {
  const sum = ((state[one] ?? 0) + (state[two] ?? 0)) | 0;
  state[to] = (state[to] ?? 0) ^ ((sum << bits) | (sum >>> (32 - bits)));
}
