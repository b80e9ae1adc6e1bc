/**
 * Compaction of one pack: live records are copied to new packs, then the old file goes. The caller (the SQLite part)
 * knows what is live, moves its rows after each batch, waits its grace, checks that no row is left, and unlinks.
 */
import type { PackCodec } from './codec.js';
import { errnoOf, PackError } from './errors.js';
import { nodeFs, type PackFs } from './fs.js';
import type { JournalEntry } from './journal.js';
import { packPath, seriesDir, splitPackId } from './names.js';
import type { PackReader } from './reader.js';
import { scanPack } from './scan.js';
import { readSeals } from './series.js';
import type { PackId, PackRecord, PackRef } from './types.js';
import type { PackWriter } from './writer.js';

export interface LiveRecord {
  readonly guid: Buffer;
  readonly offset: number;
  readonly length: number;
}

/** A record's new place; or why it could not be copied, in which case the old pack must stay. */
export type Moved =
  | { readonly guid: Buffer; readonly from: PackRef; readonly to: PackRef }
  | { readonly guid: Buffer; readonly from: PackRef; readonly error: PackError };

export interface CompactOptions {
  readonly packsDir: string;
  readonly pack: PackId;
  /** What to keep, in the order in which it is to lie (grouped by mailbox, say). */
  readonly live: AsyncIterable<LiveRecord>;
  readonly writer: PackWriter;
  readonly reader: PackReader;
  /** Journal entries of the old pack: the one to keep (it may be reduced), or undefined. Default keeps all. */
  readonly keepJournal?: (entry: JournalEntry) => JournalEntry | undefined;
  /** For the journal, where it is encrypted. */
  readonly codec?: PackCodec;
  readonly fs?: PackFs;
}

const BATCH_BYTES = 8 * 1024 * 1024;
const BATCH_RECORDS = 512;
const READS_IN_FLIGHT = 8;
const JOURNAL_BATCH = 4096;

/**
 * Copies the live records. Yields batches whose copies are durable, so that the caller moves its rows as it goes; the
 * journal is copied first. Throws PackError: `busy` when the pack is still being written, `missing`, and what
 * appending throws. Stopping early, or a crash, leaves copies that no row points to, and the old pack whole.
 */
export async function* compactPack(options: CompactOptions): AsyncGenerator<Moved[]> {
  const { packsDir, pack, writer } = options;
  await assertSealed(options.fs ?? nodeFs, packsDir, pack);
  await copyJournal(options);
  let batch: LiveRecord[] = [];
  let bytes = 0;
  for await (const record of options.live) {
    if (batch.length > 0 && (bytes + record.length > BATCH_BYTES || batch.length === BATCH_RECORDS)) {
      yield await copyBatch(options, batch);
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += record.length;
  }
  if (batch.length > 0) yield await copyBatch(options, batch);
  await writer.flush();
}

/**
 * Removes a sealed pack, for good. The caller has waited its grace, found no row that points to it, and no error in
 * compaction. No error when it is gone already. Throws PackError `busy`, `io`.
 */
export async function unlinkPack(packsDir: string, pack: PackId, fs: PackFs = nodeFs): Promise<void> {
  await assertSealed(fs, packsDir, pack);
  try {
    await fs.unlink(packPath(packsDir, pack));
    await fs.syncDir(seriesDir(packsDir, splitPackId(pack).series));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw PackError.from(error, `unlink pack ${pack}`);
  }
}

async function assertSealed(fs: PackFs, packsDir: string, pack: PackId): Promise<void> {
  const { series, number } = splitPackId(pack);
  const seals = await readSeals(fs, seriesDir(packsDir, series));
  if (!seals.has(number)) throw new PackError('busy', `pack ${pack} is not sealed`);
}

/** Many small journal records of the old pack become few in the new one. */
async function copyJournal({
  packsDir,
  pack,
  writer,
  keepJournal,
  codec,
  fs,
}: CompactOptions): Promise<void> {
  let kept: JournalEntry[] = [];
  let messages = 0;
  const write = async () => {
    writer.journal(kept, { lane: 'bulk' });
    kept = [];
    messages = 0;
    await writer.flush();
  };
  for await (const event of scanPack(packsDir, pack, {
    ...(fs === undefined ? {} : { fs }),
    ...(codec === undefined ? {} : { codec }),
  })) {
    if (event.kind === 'locked') throw new PackError('locked', event.reason);
    if (event.kind !== 'journal') continue;
    for (const entry of event.entries) {
      const reduced = keepJournal === undefined ? entry : keepJournal(entry);
      if (reduced === undefined) continue;
      kept.push(reduced);
      messages += reduced.kind === 'filed' ? reduced.messages.length : 1;
      if (messages >= JOURNAL_BATCH) await write();
    }
  }
  if (kept.length > 0) await write();
}

async function copyBatch(options: CompactOptions, batch: readonly LiveRecord[]): Promise<Moved[]> {
  const { pack, reader, writer } = options;
  const moved: Moved[] = new Array(batch.length);
  const copied: { readonly index: number; readonly record: PackRecord }[] = [];
  const readOne = async (index: number): Promise<void> => {
    const { guid, offset, length } = batch[index]!;
    const from: PackRef = { pack, offset, length };
    try {
      const { body, meta } = await reader.readWhole(from, guid);
      copied.push({ index, record: { guid, meta, body: { chunks: [body] } } });
    } catch (error) {
      moved[index] = { guid, from, error: PackError.from(error, 'compact') };
    }
  };
  for (let at = 0; at < batch.length; at += READS_IN_FLIGHT) {
    const count = Math.min(READS_IN_FLIGHT, batch.length - at);
    await Promise.all(Array.from({ length: count }, (_, index) => readOne(at + index)));
  }
  copied.sort((a, b) => a.index - b.index);
  const places = await writer.append(
    copied.map(({ record }) => record),
    { lane: 'bulk' },
  );
  copied.forEach(({ index }, at) => {
    const { guid, offset, length } = batch[index]!;
    moved[index] = { guid, from: { pack, offset, length }, to: places[at]! };
  });
  return moved;
}
