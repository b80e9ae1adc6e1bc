import type { Decoder } from './transfer.js';

/** What becomes of a CR that stands alone. */
export interface LineEndOptions {
  /**
   * A CR that no LF follows. 'keep' (default): it is data; making it a line end would let a sender write header
   * lines that no other agent sees. 'crlf': for files of systems whose line end is CR.
   */
  readonly bareCr?: 'keep' | 'crlf';
}

const CR = 13;
const LF = 10;
const EMPTY = Buffer.alloc(0);
const CRLF = Buffer.from('\r\n');

/** Makes every bare LF a CRLF, chunk by chunk. A chunk with nothing to change is handed on as it is. */
export class LineEndNormaliser implements Decoder {
  private lastWasCr = false;
  private readonly keep: boolean;

  constructor(options?: LineEndOptions) {
    this.keep = options?.bareCr !== 'crlf';
  }

  push(chunk: Buffer): Buffer {
    if (chunk.length === 0) return chunk;
    const unchanged = this.keep && !this.hasBareLf(chunk);
    const out = unchanged ? chunk : this.rewrite(chunk);
    this.lastWasCr = chunk[chunk.length - 1] === CR;
    return out;
  }

  end(): Buffer {
    const pending = this.lastWasCr && !this.keep;
    this.lastWasCr = false;
    return pending ? CRLF : EMPTY;
  }

  private hasBareLf(chunk: Buffer): boolean {
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
      if (at === 0 ? !this.lastWasCr : chunk[at - 1] !== CR) return true;
    }
    return false;
  }

  /** With 'crlf' a CR at the end of a chunk waits for the next one, as it may have its LF there. */
  private rewrite(chunk: Buffer): Buffer {
    const out = Buffer.allocUnsafe(chunk.length * 2 + 2);
    let length = 0;
    let afterCr = this.lastWasCr;
    for (let i = 0; i < chunk.length; i++) {
      const c = chunk[i] as number;
      if (!this.keep) {
        if (afterCr || c === LF) {
          out[length++] = CR;
          out[length++] = LF;
        }
        if (c !== CR && c !== LF) out[length++] = c;
      } else {
        if (c === LF && !afterCr) out[length++] = CR;
        out[length++] = c;
      }
      afterCr = c === CR;
    }
    return out.subarray(0, length);
  }
}

/** The normaliser over a stream of chunks; empty chunks are left out. */
export async function* normaliseLineEnds(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  options?: LineEndOptions,
): AsyncGenerator<Buffer> {
  const normaliser = new LineEndNormaliser(options);
  for await (const chunk of source) {
    const out = normaliser.push(chunk);
    if (out.length > 0) yield out;
  }
  const rest = normaliser.end();
  if (rest.length > 0) yield rest;
}
