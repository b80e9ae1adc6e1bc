/**
 * Bodies that are compressed (zstd), encrypted (AES-256-GCM), or both. They are cut into blocks of 256 KB that stand for
 * themselves, so that a range costs the blocks it touches, and a large body is written and read in bounded memory.
 *
 *     body    = blocks, trailer
 *     block   = zstd frame with its own check sum, or as it came; when encrypted, that under AES-GCM, then the tag (16 B)
 *     trailer = stored length of each block u32 (highest bit: compressed)
 *               when encrypted: random 16 B, key id u32 (both of the pack: copies of what its header says)
 *               length of the body as it came u32
 *
 * The key of a pack is HKDF-SHA256 of the partition's key over the pack's random octets. The nonce is the record's
 * offset and the block's number: no place in a pack is written twice with different content. GUID, length and type are
 * authenticated with each block. A key's id is made from the key itself, so a wrong one is never tried.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { PackError } from './errors.js';

export const CODEC_COMPRESSED = 1;
export const CODEC_ENCRYPTED = 2;
export const BLOCK_BYTES = 256 * 1024;
/** A reader takes so much more than the body has when it may be encrypted. */
export const CODED_OVERHEAD_BYTES = 64;
export const PACK_RANDOM_BYTES = 16;

const KEY_BYTES = 32;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const COMPRESSED_BIT = 0x8000_0000;
/** What saves less than this part is stored as it came: reading it is cheaper. */
const MIN_SAVING = 1 / 16;
/** Keys of packs, kept from record to record. */
const MAX_DERIVED = 256;

export interface PackKey {
  /** Made from the key: `keyId`. */
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** How a partition writes its packs, and with what keys it reads them. */
export interface PackCodec {
  readonly isCompressed: boolean;
  /** Of `keys`; undefined: not encrypted. */
  readonly writeKey: number | undefined;
  readonly keys: readonly PackKey[];
}

export const plainCodec: PackCodec = { isCompressed: false, writeKey: undefined, keys: [] };

/** @throws RangeError when the key has not 32 octets */
export function packKey(bytes: Uint8Array): PackKey {
  if (bytes.length !== KEY_BYTES) throw new RangeError('a key has 32 octets');
  const id = createHash('sha256').update('angarium pack key').update(bytes).digest().readUInt32LE(0);
  return { id, bytes };
}

export function keyName(id: number): string {
  return id.toString(16).padStart(8, '0');
}

/** What a record's blocks are bound to. */
export interface RecordBinding {
  readonly offset: number;
  readonly type: number;
  readonly guid: Buffer;
  /** Of the body as it came. */
  readonly length: number;
}

function additional({ guid, length, type }: RecordBinding): Buffer {
  const data = Buffer.alloc(guid.length + 5);
  guid.copy(data);
  data.writeUInt32LE(length, guid.length);
  data[guid.length + 4] = type;
  return data;
}

function nonceOf(offset: number, block: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeDoubleLE(offset, 0);
  nonce.writeUInt32LE(block, 8);
  return nonce;
}

function derive(key: Uint8Array, random: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, random, 'angarium pack', KEY_BYTES));
}

function blocksOf(length: number): number {
  return Math.ceil(length / BLOCK_BYTES);
}

/** Bytes of the trailer of a body that came with `length`. */
export function trailerBytes(codec: number, length: number): number {
  return 4 * blocksOf(length) + ((codec & CODEC_ENCRYPTED) === 0 ? 0 : PACK_RANDOM_BYTES + 4) + 4;
}

/** The writing side, for one pack. */
export class PackEncoder {
  private readonly key: Buffer | undefined;
  /** What the pack's header says; 0 when nothing is encrypted. */
  readonly keyId: number;

  constructor(
    private readonly codec: PackCodec,
    readonly random: Buffer,
  ) {
    const { writeKey, keys } = codec;
    const found = keys.find(({ id }) => id === writeKey);
    if (writeKey !== undefined && found === undefined)
      throw new PackError('locked', `there is no key ${keyName(writeKey)}`);
    this.keyId = writeKey ?? 0;
    this.key = found === undefined ? undefined : derive(found.bytes, random);
  }

  get isPlain(): boolean {
    return !this.codec.isCompressed && this.key === undefined;
  }

  /** The codec of a record that is written in blocks. */
  get number(): number {
    return (this.codec.isCompressed ? CODEC_COMPRESSED : 0) | (this.key === undefined ? 0 : CODEC_ENCRYPTED);
  }

  begin(binding: RecordBinding): BodyEncoder {
    return new BodyEncoder(this.codec.isCompressed, this.key, this.random, this.keyId, binding);
  }

  /** The stored form of a body in memory; undefined when it is better stored as it came. */
  encode(body: Buffer, binding: RecordBinding): Buffer[] | undefined {
    if (this.isPlain) return undefined;
    const encoder = this.begin(binding);
    const stored: Buffer[] = [];
    for (let at = 0; at < body.length; at += BLOCK_BYTES)
      stored.push(encoder.block(body.subarray(at, at + BLOCK_BYTES)));
    if (this.key === undefined && !encoder.hasSaved) return undefined;
    stored.push(encoder.end());
    return stored;
  }
}

export class BodyEncoder {
  private readonly words: number[] = [];
  private readonly bound: Buffer;
  hasSaved = false;

  constructor(
    private readonly isCompressed: boolean,
    private readonly key: Buffer | undefined,
    private readonly random: Buffer,
    private readonly keyId: number,
    private readonly binding: RecordBinding,
  ) {
    this.bound = additional(binding);
  }

  /** The next block, in order; all but the last have BLOCK_BYTES. */
  block(raw: Buffer): Buffer {
    let bytes = raw;
    let flag = 0;
    if (this.isCompressed) {
      const smaller = zstdCompressSync(raw, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
      if (smaller.length <= raw.length * (1 - MIN_SAVING)) {
        bytes = smaller;
        flag = COMPRESSED_BIT;
        this.hasSaved = true;
      }
    }
    if (this.key !== undefined) bytes = this.seal(this.key, bytes);
    this.words.push(bytes.length + flag);
    return bytes;
  }

  private seal(key: Buffer, bytes: Buffer): Buffer {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(this.binding.offset, this.words.length));
    cipher.setAAD(this.bound);
    return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }

  end(): Buffer {
    const codec = this.key === undefined ? CODEC_COMPRESSED : CODEC_ENCRYPTED;
    const trailer = Buffer.alloc(trailerBytes(codec, this.binding.length));
    let at = 0;
    for (const word of this.words) at = trailer.writeUInt32LE(word, at);
    if (this.key !== undefined) {
      at += this.random.copy(trailer, at);
      at = trailer.writeUInt32LE(this.keyId, at);
    }
    trailer.writeUInt32LE(this.binding.length, at);
    return trailer;
  }
}

/** Where the blocks of a body are. */
export interface BlockMap {
  readonly binding: RecordBinding;
  readonly isEncrypted: boolean;
  /** Start of each block in the stored body, and the end of the last. */
  readonly starts: readonly number[];
  readonly compressed: readonly boolean[];
  readonly random: Buffer;
  readonly keyId: number;
}

/** The reading side, for all packs of a partition. */
export class PackDecoder {
  private readonly derived = new Map<string, Buffer>();

  constructor(private readonly codec: PackCodec) {}

  /** Of a body stored in `stored` bytes, of which these are the last. @throws PackError corrupt */
  map(codec: number, stored: number, trailer: Buffer, binding: RecordBinding): BlockMap {
    const isEncrypted = (codec & CODEC_ENCRYPTED) !== 0;
    if (trailer.length === 0 || trailer.readUInt32LE(trailer.length - 4) !== binding.length)
      throw new PackError('corrupt', `offset ${binding.offset}: the record has another length`);
    const count = blocksOf(binding.length);
    const starts = [0];
    const compressed: boolean[] = [];
    for (let i = 0; i < count; i++) {
      const word = trailer.readUInt32LE(4 * i);
      starts.push(starts[i]! + (word % COMPRESSED_BIT));
      compressed.push(word >= COMPRESSED_BIT);
    }
    if (starts[count] !== stored - trailer.length)
      throw new PackError('corrupt', `offset ${binding.offset}: the blocks of the record do not fit`);
    const at = 4 * count;
    const random = Buffer.from(trailer.subarray(at, isEncrypted ? at + PACK_RANDOM_BYTES : at));
    const keyId = isEncrypted ? trailer.readUInt32LE(at + PACK_RANDOM_BYTES) : 0;
    return { binding, isEncrypted, starts, compressed, random, keyId };
  }

  /** @throws PackError corrupt, locked */
  block(map: BlockMap, number: number, stored: Buffer): Buffer {
    const { binding } = map;
    const expected = Math.min(BLOCK_BYTES, binding.length - number * BLOCK_BYTES);
    const bytes = map.isEncrypted ? this.open(map, number, stored) : stored;
    if (map.compressed[number] !== true) return sized(bytes, expected, binding);
    try {
      return sized(zstdDecompressSync(bytes, { maxOutputLength: BLOCK_BYTES }), expected, binding);
    } catch (cause) {
      if (cause instanceof PackError) throw cause;
      throw new PackError('corrupt', `offset ${binding.offset}: block ${number} cannot be decompressed`, {
        cause,
      });
    }
  }

  private open(map: BlockMap, number: number, stored: Buffer): Buffer {
    const { binding } = map;
    if (stored.length < TAG_BYTES)
      throw new PackError('corrupt', `offset ${binding.offset}: no room for a tag`);
    const key = this.keyOf(map);
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(binding.offset, number));
    decipher.setAAD(additional(binding));
    decipher.setAuthTag(stored.subarray(stored.length - TAG_BYTES));
    try {
      return Buffer.concat([
        decipher.update(stored.subarray(0, stored.length - TAG_BYTES)),
        decipher.final(),
      ]);
    } catch (cause) {
      throw new PackError('corrupt', `offset ${binding.offset}: block ${number} is not authentic`, { cause });
    }
  }

  hasKey({ isEncrypted, keyId }: BlockMap): boolean {
    return !isEncrypted || this.codec.keys.some(({ id }) => id === keyId);
  }

  private keyOf({ keyId, random }: BlockMap): Buffer {
    const name = `${keyId}:${random.toString('latin1')}`;
    const known = this.derived.get(name);
    if (known !== undefined) return known;
    const key = this.codec.keys.find(({ id }) => id === keyId);
    if (key === undefined)
      throw new PackError('locked', `encrypted with key ${keyName(keyId)}, which is not configured`);
    if (this.derived.size >= MAX_DERIVED) this.derived.clear();
    const derived = derive(key.bytes, random);
    this.derived.set(name, derived);
    return derived;
  }

  /** A whole body out of its stored form. @throws PackError corrupt, locked */
  decode(codec: number, stored: Buffer, binding: RecordBinding): Buffer {
    const size = trailerBytes(codec, binding.length);
    if (stored.length < size)
      throw new PackError('corrupt', `offset ${binding.offset}: the record is too short`);
    const map = this.map(codec, stored.length, stored.subarray(stored.length - size), binding);
    const blocks = map.compressed.map((_, i) =>
      this.block(map, i, stored.subarray(map.starts[i], map.starts[i + 1])),
    );
    return blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks);
  }
}

function sized(bytes: Buffer, expected: number, { offset }: RecordBinding): Buffer {
  if (bytes.length === expected) return bytes;
  throw new PackError('corrupt', `offset ${offset}: a block has ${bytes.length} bytes, not ${expected}`);
}
