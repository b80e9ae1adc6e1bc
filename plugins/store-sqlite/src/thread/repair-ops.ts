/** Repairs of one shard: indexes against cold rows, reference counts, quota use, and messages brought back from packs. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { NumberSet, SummaryView, summarise } from '@angarium/sdk';
import { type Columns, copyMessage, decodeColumns, emptyColumns, maxOf } from '../model/chunk.js';
import { MAX_UID, rowOf, uidOfRow } from '../model/ids.js';
import { pluck, raw, sql } from '../sql/statements.js';
import { asBuffer } from './append.js';
import type { WriteContext } from './context.js';
import { allocateBits } from './keywords.js';
import type { OperationTable } from './operations.js';
import type { In, RepairReport, RestoredMessage, WrongUsage } from './protocol.js';
import type { MailboxRow, ShardWriter } from './shard.js';

type RepairOperations = Pick<OperationTable, 'reconstruct' | 'restore' | 'repairBlobs' | 'repairUsage'>;

export function repairOperations(context: WriteContext): RepairOperations {
  return {
    reconstruct: (input) => reconstruct(context, input),
    restore: async (input) => {
      const { queue, shard } = context.shard(input.ref.shard);
      const messages = await gathered(context, input);
      await queue.run(() => restore(shard, { ...input, messages }));
      return undefined;
    },
    repairBlobs: ({ shard: number, isDry }) => {
      const { queue, shard } = context.shard(number);
      return queue.run(() => repairBlobs(shard, isDry));
    },
    repairUsage: ({ shard: number, isDry }) => {
      const { queue, shard } = context.shard(number);
      return queue.run(() => repairUsage(shard, isDry));
    },
  };
}

async function reconstruct(context: WriteContext, input: In<'reconstruct'>): Promise<RepairReport> {
  const { queue, shard } = context.shard(input.ref.shard);
  const faults: string[] = input.isFull ? await reparse(context, shard, input) : [];
  const report = await queue.run(() => new IndexRepair(shard, input).run());
  if (report.faults.length > 0 && !input.isDry) {
    const row = shard.peek(input.ref.id);
    context.tell({
      mailbox: input.ref.id,
      kind: 'flags',
      from: 0,
      modSeq: row?.highestModSeq ?? 0,
      chunks: undefined,
    });
  }
  return { messages: report.messages, faults: [...faults, ...report.faults] };
}

/** Compares each message's body with its GUID, and its summary with what the body says now. */
async function reparse(
  context: WriteContext,
  shard: ShardWriter,
  input: In<'reconstruct'>,
): Promise<string[]> {
  const row = shard.peek(input.ref.id);
  if (row === undefined) return [];
  const faults: string[] = [];
  const { queue } = context.shard(input.ref.shard);
  const ids = pluck(shard.db, 'SELECT id FROM cold WHERE id BETWEEN ? AND ?').all(
    rowOf(row.id, 0),
    rowOf(row.id, MAX_UID),
  );
  for (const id of ids as number[]) {
    const cold = shard.cold(id);
    const place = cold === undefined ? undefined : shard.blobPlace(row.partition, cold.guid);
    if (cold === undefined) continue;
    const uid = uidOfRow(id);
    if (place === undefined) {
      faults.push(`message ${uid} has no body`);
      continue;
    }
    try {
      const { body } = await context.packReader(row.partition).readWhole(place, cold.guid);
      if (!createHash('sha256').update(body).digest().equals(cold.guid))
        throw new Error('the body is another one');
      const { internalDateMs, saveDateMs } = datesOf(cold.summary);
      const summary = summarise(body, { guid: cold.guid, internalDateMs, saveDateMs });
      if (summary.equals(cold.summary)) continue;
      faults.push(`message ${uid} had an outdated summary`);
      if (!input.isDry)
        await queue.run(() => sql(shard.db, 'UPDATE cold SET b = ? WHERE id = ?').run(summary, id));
    } catch (error) {
      faults.push(`message ${uid} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return faults;
}

function datesOf(summary: Buffer): { internalDateMs: number; saveDateMs: number } {
  try {
    return new SummaryView(summary);
  } catch {
    return { internalDateMs: 0, saveDateMs: 0 };
  }
}

/** Checks the chunks of a mailbox one by one, and the row against what they hold. */
class IndexRepair {
  private readonly faults: string[] = [];
  private readonly lost: number[] = [];
  private readonly count = { messages: 0, unseen: 0, deleted: 0, deletedBytes: 0, bytes: 0 };
  private lastUid = 0;
  private maxModSeq = 0;

  constructor(
    private readonly shard: ShardWriter,
    private readonly input: In<'reconstruct'>,
  ) {}

  run(): RepairReport {
    const { shard, input } = this;
    const row = shard.peek(input.ref.id);
    if (row === undefined) return { messages: 0, faults: [] };
    const rows = raw(shard.db, 'SELECT id, b FROM hot WHERE id BETWEEN ? AND ? ORDER BY id').all(
      rowOf(row.id, 0),
      rowOf(row.id, MAX_UID),
    ) as [number, Buffer][];
    rows.forEach(([id, bytes], index) => {
      const end = rows[index + 1]?.[0] ?? rowOf(row.id, MAX_UID) + 1;
      this.chunk(row, id, bytes, end);
    });
    this.compareRow(row);
    return { messages: this.count.messages, faults: this.faults };
  }

  private chunk(row: MailboxRow, id: number, bytes: Buffer, end: number): void {
    let columns: Columns;
    let isChanged = false;
    try {
      columns = decodeColumns(bytes);
    } catch (error) {
      this.faults.push(
        `index from UID ${uidOfRow(id)}: ${error instanceof Error ? error.message : String(error)}`,
      );
      columns = this.fromCold(row, id, end);
      isChanged = true;
    }
    const kept: number[] = [];
    for (let i = 0; i < columns.count; i++) {
      const uid = columns.uids[i]!;
      if (uid <= this.lastUid) this.faults.push(`UID ${uid} is out of order`);
      else if (this.shard.cold(rowOf(row.id, uid)) === undefined) {
        this.faults.push(`message ${uid} has no record`);
        this.lost.push(uid);
      } else {
        kept.push(i);
        this.lastUid = uid;
        this.add(columns, i);
      }
    }
    if (!isChanged && kept.length === columns.count) return;
    if (this.input.isDry) return;
    const repaired = emptyColumns(kept.length);
    for (const [to, from] of kept.entries()) copyMessage(columns, from, repaired, to);
    if (kept.length === 0) this.shard.deleteChunk(id);
    else this.shard.putChunk(id, repaired, row.highestModSeq + 1);
  }

  private add(columns: Columns, i: number): void {
    const { count } = this;
    const size = columns.sizes[i]!;
    const flags = columns.flags[i]!;
    count.messages++;
    count.bytes += size;
    if ((flags & 1) === 0) count.unseen++;
    if ((flags & 8) !== 0) {
      count.deleted++;
      count.deletedBytes += size;
    }
    this.maxModSeq = Math.max(this.maxModSeq, columns.modseqs[i]!);
  }

  /** The messages of a chunk that cannot be read, without their flags. */
  private fromCold(row: MailboxRow, from: number, end: number): Columns {
    const expunged = new Set<number>();
    for (const bytes of pluck(this.shard.db, 'SELECT b FROM expunged WHERE mbx = ?').all(
      row.id,
    ) as Buffer[]) {
      for (const uid of decodeColumns(bytes).uids) expunged.add(uid);
    }
    const ids = pluck(this.shard.db, 'SELECT id FROM cold WHERE id >= ? AND id < ? ORDER BY id').all(
      from,
      end,
    ) as number[];
    const present = ids.filter((id) => !expunged.has(uidOfRow(id)));
    const columns = emptyColumns(present.length);
    for (const [i, id] of present.entries()) {
      const { summary } = this.shard.cold(id)!;
      const view = new SummaryView(summary);
      columns.uids[i] = uidOfRow(id);
      columns.sizes[i] = view.size;
      columns.dates[i] = Math.floor(view.internalDateMs / 1000);
      columns.modseqs[i] = row.highestModSeq + 1;
    }
    return columns;
  }

  private compareRow(row: MailboxRow): void {
    const { count, faults, shard } = this;
    const compare = (what: string, has: number, should: number) => {
      if (has !== should) faults.push(`the row says ${has} ${what}, the index ${should}`);
    };
    compare('messages', row.exists, count.messages);
    compare('unseen', row.unseen, count.unseen);
    compare('deleted', row.deleted, count.deleted);
    compare('octets', row.bytes, count.bytes);
    if (row.uidNext <= this.lastUid) faults.push(`UIDNEXT ${row.uidNext} is not above UID ${this.lastUid}`);
    if (row.highestModSeq < this.maxModSeq)
      faults.push(`HIGHESTMODSEQ ${row.highestModSeq} is below ${this.maxModSeq}`);
    if (faults.length === 0 || this.input.isDry) return;
    shard.addUsage(row.quotaRoot, count.bytes - row.bytes, count.messages - row.exists);
    row.exists = count.messages;
    row.unseen = count.unseen;
    row.deleted = count.deleted;
    row.deletedBytes = count.deletedBytes;
    row.bytes = count.bytes;
    row.uidNext = Math.max(row.uidNext, this.lastUid + 1);
    row.highestModSeq = Math.max(row.highestModSeq, this.maxModSeq) + 1;
    if (this.lost.length > 0) {
      const uids = NumberSet.of(...this.lost).toString();
      sql(shard.db, 'INSERT INTO vanished (mbx, modseq, uids) VALUES (?, ?, ?)').run(
        row.id,
        row.highestModSeq,
        uids,
      );
    }
    shard.save(row);
  }
}

/** Bodies that lie in other partitions are copied to the mailbox's. */
async function gathered(
  context: WriteContext,
  { ref: { partition, id }, messages }: In<'restore'>,
): Promise<RestoredMessage[]> {
  const all: RestoredMessage[] = [];
  for (const message of messages) {
    if (message.from === partition) all.push(message);
    else {
      const guid = asBuffer(message.guid);
      const { body, meta } = await context.packReader(message.from).readWhole(message.place, guid);
      const writer = await context.packWriter(partition);
      const record = { guid, body: { chunks: [body] }, meta: { ...meta, mailboxHint: crc32(id) } };
      const [place] = await writer.append([record], { lane: 'bulk' });
      all.push({ ...message, place: place!, from: partition });
    }
  }
  return all;
}

/** Makes the row of a mailbox that has none, and files the messages under their old UIDs. */
function restore(shard: ShardWriter, { ref, messages, uidNext, modSeq }: In<'restore'>): void {
  if (shard.peek(ref.id) !== undefined) return;
  const row = shard.mailbox(ref);
  row.highestModSeq = modSeq;
  row.vanishedFrom = modSeq;
  for (let from = 0; from < messages.length; from += 100) {
    const part = messages.slice(from, from + 100);
    const columns = emptyColumns(part.length);
    for (const [i, message] of part.entries()) {
      const summary = asBuffer(message.summary);
      columns.uids[i] = message.uid;
      columns.flags[i] = message.flags;
      columns.sizes[i] = message.place.length;
      columns.dates[i] = Math.max(0, Math.floor(message.internalDateMs / 1000));
      columns.modseqs[i] = modSeq;
      columns.keywords.set(allocateBits(shard, row, message.keywords), 4 * i);
      shard.addBlobRef(row.partition, asBuffer(message.guid), message.place);
      shard.putCold(rowOf(row.id, message.uid), asBuffer(message.guid), summary);
      row.exists++;
      row.bytes += message.place.length;
      if ((message.flags & 1) === 0) row.unseen++;
      if ((message.flags & 8) !== 0) {
        row.deleted++;
        row.deletedBytes += message.place.length;
      }
    }
    shard.putChunk(rowOf(row.id, part[0]!.uid), columns, Math.max(modSeq, maxOf(columns.modseqs)));
  }
  row.uidNext = Math.max(uidNext, (messages.at(-1)?.uid ?? 0) + 1);
  row.recentFrom = row.uidNext;
  shard.addUsage(row.quotaRoot, row.bytes, row.exists);
  shard.save(row);
}

/** Reference counts against cold rows. */
function repairBlobs(
  shard: ShardWriter,
  isDry: boolean,
): { wrongRefs: number; orphans: number; missing: number } {
  const { db } = shard;
  db.exec('DROP TABLE IF EXISTS temp.wanted');
  db.exec(
    `CREATE TEMP TABLE wanted AS SELECT part, guid, count(*) AS refs FROM (
       SELECT m.partition AS part, c.guid AS guid FROM cold c JOIN mbx m ON m.id = c.id / 4294967296
       UNION ALL SELECT v.other, c.guid FROM moving v
       JOIN cold c ON c.id BETWEEN v.mbx * 4294967296 + v.first AND v.mbx * 4294967296 + v.last
     ) GROUP BY 1, 2`,
  );
  db.exec('CREATE UNIQUE INDEX temp.wanted_key ON wanted (part, guid)');
  const count = (text: string) => db.prepare(text).pluck().get() as number;
  const join = 'FROM blob b LEFT JOIN temp.wanted w ON w.part = b.part AND w.guid = b.guid';
  const wrongRefs = count(`SELECT count(*) ${join} WHERE w.refs IS NOT NULL AND w.refs <> b.refs`);
  const orphans = count(`SELECT count(*) ${join} WHERE w.refs IS NULL`);
  const missing = count(
    'SELECT count(*) FROM temp.wanted w LEFT JOIN blob b ON w.part = b.part AND w.guid = b.guid WHERE b.guid IS NULL',
  );
  if (!isDry) {
    db.exec(
      `UPDATE blob SET refs = (SELECT w.refs FROM temp.wanted w WHERE w.part = blob.part AND w.guid = blob.guid)
       WHERE (part, guid) IN (SELECT part, guid FROM temp.wanted);
       DELETE FROM blob WHERE (part, guid) NOT IN (SELECT part, guid FROM temp.wanted)`,
    );
  }
  db.exec('DROP TABLE temp.wanted');
  return { wrongRefs, orphans, missing };
}

/** Use of quota roots against the mailboxes' rows; answers the roots that were wrong. */
function repairUsage(shard: ShardWriter, isDry: boolean): WrongUsage[] {
  const { db } = shard;
  const wanted = new Map(
    (
      db
        .prepare(
          `SELECT quota_root, sum(bytes), sum(exists_) FROM mbx WHERE state = 0 AND quota_root IS NOT NULL GROUP BY 1`,
        )
        .raw()
        .all() as [string, number, number][]
    ).map(([root, bytes, messages]) => [root, { bytes, messages }]),
  );
  const roots = new Set([...wanted.keys(), ...(pluck(db, 'SELECT root FROM quota_usage').all() as string[])]);
  const wrong: WrongUsage[] = [];
  for (const root of roots) {
    const was = shard.usage(root);
    const is = wanted.get(root) ?? { bytes: 0, messages: 0 };
    if (was.bytes === is.bytes && was.messages === is.messages) continue;
    wrong.push({ root, was, is });
    if (!isDry) shard.addUsage(root, is.bytes - was.bytes, is.messages - was.messages);
  }
  return wrong;
}
