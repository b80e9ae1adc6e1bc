/** What tests of packs share: records, a scan as lists, a folder that goes away. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Arrivals } from './arrivals.js';
import { type PackCodec, packKey, plainCodec } from './codec.js';
import type { PackError } from './errors.js';
import type { PackFs } from './fs.js';
import type { JournalEntry } from './journal.js';
import type { PackReader, ReadRequest } from './reader.js';
import { type ScanEvent, scanPack } from './scan.js';
import { listPacks } from './seal.js';
import type { PackId, PackRecord, PackRef } from './types.js';

const key = packKey(Buffer.alloc(32, 'key'));
/** Also reads what any of `codecs` wrote. */
export const bothCodec: PackCodec = { isCompressed: true, writeKey: key.id, keys: [key] };
export const codecs: readonly (readonly [kind: string, codec: PackCodec])[] = [
  ['plain', plainCodec],
  ['compressed', { isCompressed: true, writeKey: undefined, keys: [] }],
  ['encrypted', { isCompressed: false, writeKey: key.id, keys: [key] }],
  ['compressed and encrypted', bothCodec],
];

export function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

/** A record whose body begins with `name` and has `bytes` bytes. */
export function record(name: string, bytes = 100): PackRecord {
  const body = Buffer.alloc(bytes, `${name} `);
  return recordOf(body);
}

export function recordOf(body: Buffer, chunks: readonly Buffer[] = [body]): PackRecord {
  return { guid: sha256(body), body: { chunks }, meta: { mailboxHint: 7, internalDateSec: 1_700_000_000 } };
}

export function filed(uid: number, guid: Buffer): JournalEntry {
  const message = { uid, guid, flags: 1, keywords: [], internalDateSec: 5, zoneMinutes: 60 };
  return { kind: 'filed', mailbox: 'm1', name: 'INBOX', modseq: uid, messages: [message] };
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

export interface Found {
  readonly events: ScanEvent[];
  /** Place of each message, by GUID in hex. */
  readonly messages: Map<string, PackRef[]>;
  readonly entries: JournalEntry[];
  readonly damage: ScanEvent[];
}

/** All that a scan of these packs (default: all there are) finds. */
export async function scanAll(fs: PackFs, packsDir: string, packs?: readonly PackId[]): Promise<Found> {
  const found: Found = { events: [], messages: new Map(), entries: [], damage: [] };
  for (const id of packs ?? (await listPacks(packsDir, fs)).map((pack) => pack.id)) {
    const events = await collect(scanPack(packsDir, id, { fs, verifyGuid: true, codec: bothCodec })).catch(
      () => [],
    );
    for (const event of events) {
      found.events.push(event);
      if (event.kind === 'damage') found.damage.push(event);
      if (event.kind === 'journal') found.entries.push(...event.entries);
      if (event.kind !== 'message') continue;
      const key = event.guid.toString('hex');
      found.messages.set(key, [...(found.messages.get(key) ?? []), event.ref]);
    }
  }
  return found;
}

export async function withTempDir(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'angarium-packs-'));
  try {
    await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A repeatable sequence of numbers in [0, 1). */
export function chances(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x9e37_79b9) >>> 0;
    return state / 2 ** 32;
  };
}

/** One item a request, in the order of the requests; memory is not given back. */
export async function* readMany(
  reader: PackReader,
  requests: Iterable<ReadRequest>,
): AsyncGenerator<Buffer | PackError> {
  const arrivals = new Arrivals();
  let number = 0;
  for await (const group of reader.readGroups(requests)) {
    arrivals.add(group);
    for (let next = arrivals.take(number); next !== undefined; next = arrivals.take(number)) {
      number++;
      yield next.item;
    }
  }
}
