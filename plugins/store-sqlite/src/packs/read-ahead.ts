/** Reads that are on their way while the consumer is busy with what has come. */
import type { ReadGroup } from './arrivals.js';
import type { ExtentRequest, Span } from './spans.js';

const READS_IN_FLIGHT = 8;
/** As long as the consumer never had to wait: more would only be memory. */
const FIRST_READS_IN_FLIGHT = 2;
const PREFETCH_BYTES = 8 * 1024 * 1024;

/**
 * Groups in the order of their spans. Two reads are in flight, up to 8 where the consumer had to wait for them, and not more
 * than 8 MB beyond what was taken (one larger read goes alone).
 * @param read must not reject
 */
export async function* readAhead<R extends ExtentRequest>(
  spans: Generator<Span<R>>,
  read: (span: Span<R>) => Promise<ReadGroup>,
): AsyncGenerator<ReadGroup> {
  const flying: Flight[] = [];
  let flyingBytes = 0;
  let depth = FIRST_READS_IN_FLIGHT;
  let waiting: Span<R> | undefined;
  try {
    for (;;) {
      while (flying.length < depth) {
        waiting ??= spans.next().value as Span<R> | undefined;
        if (waiting === undefined) break;
        const { bytes } = waiting;
        if (flying.length > 0 && flyingBytes + bytes > PREFETCH_BYTES) break;
        flying.push(flightOf(bytes, read(waiting)));
        flyingBytes += bytes;
        waiting = undefined;
      }
      const first = flying.shift();
      if (first === undefined) return;
      if (!first.hasLanded && depth < READS_IN_FLIGHT) depth++;
      yield await first.group;
      flyingBytes -= first.bytes;
    }
  } finally {
    spans.return(undefined);
  }
}

/** A read on its way. */
interface Flight {
  readonly bytes: number;
  readonly group: Promise<ReadGroup>;
  hasLanded: boolean;
}

function flightOf(bytes: number, group: Promise<ReadGroup>): Flight {
  const flight = { bytes, group, hasLanded: false };
  void group.then(() => {
    flight.hasLanded = true;
  });
  return flight;
}
