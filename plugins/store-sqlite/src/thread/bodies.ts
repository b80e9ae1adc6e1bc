/** Bodies copied from partition to partition, ahead of the transaction that refers to them. */
import { MailError } from '@angarium/sdk';
import { toMailError } from '../errors.js';
import type { PackRecord, PackRef } from '../packs/index.js';
import type { WriteContext } from './context.js';
import { placeKey } from './copy.js';
import { BodyNeeded } from './messages.js';
import type { ShardWriter } from './shard.js';

/** Bodies that vanish between the look and the commit, each for itself: more than this is no race. */
const MAX_ROUNDS = 1000;
const BATCH_BYTES = 8 * 1024 * 1024;
const BATCH = 256;
/** What no row refers to yet must be referred to before compaction may take it for garbage (`MIN_GRACE_MS`). */
const MAX_UNREFERRED_MS = 4 * 60_000;

export interface BodiesToCopy {
  readonly from: number;
  readonly to: number;
  /** For the packs: groups a mailbox's messages. */
  readonly hint: number;
  /** Knows where they are. */
  readonly shard: ShardWriter;
  readonly guids: readonly Buffer[];
  /** Gets where they are then. */
  readonly places: Map<string, PackRef>;
}

/** In batches that share a sync. @throws MailError; LIMIT when it took so long that the copies would not be safe */
export async function copyBodies(context: WriteContext, bodies: BodiesToCopy): Promise<void> {
  const { from, to, hint, shard, places } = bodies;
  if (bodies.guids.length === 0) return;
  const reader = context.packReader(from);
  const writer = await context.packWriter(to);
  const startMs = performance.now();
  let batch: PackRecord[] = [];
  let bytes = 0;
  const write = async () => {
    const written = await writer.append(batch, { lane: 'bulk' });
    for (const [i, { guid }] of batch.entries()) places.set(placeKey(to, guid), written[i]!);
    batch = [];
    bytes = 0;
    if (performance.now() - startMs > MAX_UNREFERRED_MS)
      throw new MailError('LIMIT', 'Too many messages for another partition at once');
  };
  const wanted = new Map(bodies.guids.map((guid) => [placeKey(to, guid), guid]));
  for (const guid of wanted.values()) {
    const place = shard.blobPlace(from, guid);
    // The last message that has it went meanwhile; whoever still needs it says so.
    if (place === undefined) continue;
    const { body, meta } = await reader.readWhole(place, guid).catch(async (error: unknown) => {
      // Compaction may have moved it after the look.
      const again = shard.blobPlace(from, guid);
      if (again === undefined || (again.pack === place.pack && again.offset === place.offset)) throw error;
      return await reader.readWhole(again, guid);
    });
    batch.push({ guid, body: { chunks: [body] }, meta: { ...meta, mailboxHint: hint } });
    bytes += body.length;
    if (bytes >= BATCH_BYTES || batch.length === BATCH) await write();
  }
  if (batch.length > 0) await write();
}

export interface BodySource {
  partition(): number;
  readonly hint: number;
  readonly shard: ShardWriter;
}

/** Runs; when a body is missing in the target's partition, copies it there from the source's and runs again. */
export async function withBodies<T>(
  context: WriteContext,
  source: BodySource,
  places: Map<string, PackRef>,
  run: () => Promise<T>,
): Promise<T> {
  for (let round = 1; ; round++) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof BodyNeeded) || round === MAX_ROUNDS) throw error;
      const { guid, partition: to } = error;
      const { hint, shard } = source;
      await copyBodies(context, { from: source.partition(), to, hint, shard, guids: [guid], places });
      if (!places.has(placeKey(to, guid)))
        throw toMailError(new Error('a message has no body in its partition'));
    }
  }
}
