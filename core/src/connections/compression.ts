/**
 * Raw deflate both ways over a connection's stream. Each batch of output is flushed so that the client sees it at
 * once. Inflating stops while nobody takes its output, so a small input that inflates to much meets the same
 * backpressure as any other fast sender. Native memory is freed by `destroy`, not by the garbage collector.
 */
import type { Duplex } from 'node:stream';
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib';

export interface Compression {
  /** Plain bytes from the client. */
  readonly source: InflateRaw;
  /** Takes plain bytes for the client. */
  readonly sink: DeflateRaw;
  destroy(): void;
}

/** Smaller than zlib's defaults, 80 KB in place of 264: a server has many of them and replies are repetitive anyway. */
const deflateOptions = { flush: constants.Z_SYNC_FLUSH, windowBits: 14, memLevel: 5 };
/** Clients may use the whole window. An end without a final block is how connections end. */
const inflateOptions = { finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 16 * 1024 };

/**
 * @param early compressed input that has been received already.
 * @param onBroken the client's input is no deflate stream.
 */
export function compress(stream: Duplex, early: Buffer, onBroken: (error: Error) => void): Compression {
  const source = createInflateRaw(inflateOptions);
  const sink = createDeflateRaw(deflateOptions);
  source.on('error', onBroken);
  sink.on('error', onBroken);
  if (early.length > 0) source.write(early);
  stream.pipe(source);
  sink.pipe(stream);
  return {
    source,
    sink,
    destroy() {
      stream.unpipe(source);
      source.destroy();
      sink.destroy();
    },
  };
}
