/** Reads of bodies that are compressed or encrypted: which of the stored octets a range needs, and what becomes of them. */
import {
  BLOCK_BYTES,
  CODED_OVERHEAD_BYTES,
  type PackCodec,
  PackDecoder,
  plainCodec,
  type RecordBinding,
  trailerBytes,
} from './codec.js';
import { PackError } from './errors.js';
import type { RecordHeader } from './format.js';
import type { Extent } from './spans.js';
import type { PackRef } from './types.js';

export class CodedBodies {
  private readonly decoder: PackDecoder;
  /** To be read beyond a body, whose stored form may be longer. */
  readonly extraBytes: number;

  constructor(codec: PackCodec = plainCodec) {
    this.decoder = new PackDecoder(codec);
    this.extraBytes = codec.writeKey === undefined ? 0 : CODED_OVERHEAD_BYTES;
  }

  /** A range of a body, by the blocks it touches. @param get reads a range of the stored body @throws PackError corrupt, locked */
  async range(
    { ref, start, end }: Extent,
    header: RecordHeader,
    get: (from: number, to: number) => Promise<Buffer>,
  ): Promise<Buffer> {
    const { length: stored, codec } = header;
    const size = trailerBytes(codec, ref.length);
    if (size > stored) throw new PackError('corrupt', `pack ${ref.pack}, offset ${ref.offset}: too short`);
    const map = this.decoder.map(codec, stored, await get(stored - size, stored), bindingOf(ref, header));
    if (end <= start) return Buffer.alloc(0);
    const first = Math.floor(start / BLOCK_BYTES);
    const last = Math.floor((end - 1) / BLOCK_BYTES);
    const from = map.starts[first]!;
    const bytes = await get(from, map.starts[last + 1]!);
    const blocks: Buffer[] = [];
    for (let i = first; i <= last; i++)
      blocks.push(
        this.decoder.block(map, i, bytes.subarray(map.starts[i]! - from, map.starts[i + 1]! - from)),
      );
    const body = blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks);
    return body.subarray(start - first * BLOCK_BYTES, end - first * BLOCK_BYTES);
  }

  /** A whole body out of all of its stored form. @throws PackError corrupt, locked */
  whole(ref: PackRef, header: RecordHeader, stored: Buffer): Buffer {
    return this.decoder.decode(header.codec, stored, bindingOf(ref, header));
  }
}

function bindingOf({ offset, length }: PackRef, { type, guid }: RecordHeader): RecordBinding {
  return { offset, length, type, guid };
}
