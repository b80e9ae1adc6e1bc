/**
 * The rebuild after a database was lost: packs tell which bodies there are, their journals where they were filed.
 * Mailboxes that have a row are left alone. One whose journal has gaps gets a new UIDVALIDITY, so that no client takes
 * a message for another; bodies that no journal names go to a mailbox of their own.
 */

import type { Clock } from '@angarium/sdk';
import { type MailboxId, mailboxKey, NumberSet, sharedMailbox, summarise } from '@angarium/sdk';
import type { StoreEngine } from '../engine.js';
import type { KnownPartition } from '../layout.js';
import { newMailboxId, shardOfId, shardOfName } from '../model/ids.js';
import { type JournalEntry, listPacks, type PackRef, scanPack } from '../packs/index.js';
import type { ListRow, RestoredMessage } from '../thread/protocol.js';

export interface RebuildReport {
  readonly packs: number;
  readonly bodies: number;
  /** Mailboxes and messages brought back. */
  readonly mailboxes: number;
  readonly messages: number;
  /** Mailboxes with a new UIDVALIDITY. */
  readonly renewed: number;
  /** Bodies nobody knew where to file. */
  readonly strays: number;
  readonly faults: readonly string[];
}

interface Body {
  readonly ref: PackRef;
  readonly partition: KnownPartition;
  readonly internalDateSec: number;
}

interface Filed {
  readonly guid: Buffer;
  flags: number;
  keywords: readonly string[];
  readonly internalDateSec: number;
}

/** A mailbox as its journal tells it. */
interface Told {
  readonly id: string;
  name: string;
  uidValidity: number | undefined;
  attributes: string | undefined;
  /** Of the list's row when it was journalled. */
  version: number;
  readonly messages: Map<number, Filed>;
  uidNext: number;
  modSeq: number;
  hasGaps: boolean;
}

export async function rebuild(
  engine: StoreEngine,
  clock: Clock,
  options: { readonly isDry: boolean; readonly note: (text: string) => void; readonly signal: AbortSignal },
): Promise<RebuildReport> {
  const found = await new PackSurvey(engine).run(options.signal);
  const told = [...found.mailboxes.values()].filter((mailbox) => isLost(engine, mailbox));
  const counts = { mailboxes: 0, messages: 0, renewed: 0 };
  for (const mailbox of told) {
    options.signal.throwIfAborted();
    options.note(`${mailbox.name.replaceAll('\u001f', '/')}: ${mailbox.messages.size} messages`);
    counts.mailboxes++;
    counts.messages += mailbox.messages.size;
    if (mailbox.hasGaps) counts.renewed++;
    if (!options.isDry) await restoreMailbox(engine, clock, found, mailbox);
  }
  const strays = await fileStrays(engine, clock, found, options.isDry);
  return { packs: found.packs, bodies: found.bodies.size, ...counts, strays, faults: found.faults };
}

/** The list may know it; its shard does not. */
function isLost(engine: StoreEngine, { id }: Told): boolean {
  const shard = shardOfId(id as MailboxId);
  return (
    shard !== undefined && engine.shards[shard] !== undefined && engine.shards[shard].head(id) === undefined
  );
}

class PackSurvey {
  /** By GUID, one for each partition that has it. */
  readonly bodies = new Map<string, Body[]>();
  readonly mailboxes = new Map<string, Told>();
  readonly faults: string[] = [];
  packs = 0;
  /** Bodies that a journal names, also of messages and mailboxes that are gone: those are no strays. */
  readonly named = new Set<string>();
  private readonly deleted = new Set<string>();
  private readonly entries = new Map<string, JournalEntry[]>();

  constructor(private readonly engine: StoreEngine) {}

  async run(signal: AbortSignal): Promise<this> {
    for (const partition of this.engine.knownPartitions) {
      for (const { id } of await listPacks(partition.packsDir)) {
        signal.throwIfAborted();
        await this.pack(partition, id);
      }
    }
    for (const [id, entries] of this.entries) if (!this.deleted.has(id)) this.replay(id, entries);
    return this;
  }

  private async pack(partition: KnownPartition, id: number): Promise<void> {
    this.packs++;
    try {
      for await (const event of scanPack(partition.packsDir, id, { codec: partition.codec })) {
        if (event.kind === 'message') {
          const { ref, internalDateSec } = event;
          const guid = event.guid.toString('latin1');
          const others = (this.bodies.get(guid) ?? []).filter((body) => body.partition !== partition);
          this.bodies.set(guid, [...others, { ref, partition, internalDateSec }]);
        } else if (event.kind === 'journal') for (const entry of event.entries) this.entry(entry);
        else if (event.kind === 'locked') this.faults.push(`pack ${id}: a journal record is ${event.reason}`);
        else if (event.kind === 'damage') this.faults.push(`pack ${id}: ${event.reason} at ${event.from}`);
      }
    } catch (error) {
      this.faults.push(`pack ${id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private entry(entry: JournalEntry): void {
    if (entry.kind === 'mailbox-deleted') this.deleted.add(entry.mailbox);
    if (entry.kind === 'filed')
      for (const { guid } of entry.messages) this.named.add(guid.toString('latin1'));
    const entries = this.entries.get(entry.mailbox) ?? [];
    this.entries.set(entry.mailbox, entries);
    entries.push(entry);
  }

  private replay(id: string, entries: JournalEntry[]): void {
    const told: Told = {
      id,
      name: '',
      uidValidity: undefined,
      attributes: undefined,
      version: 0,
      messages: new Map(),
      uidNext: 1,
      modSeq: 1,
      hasGaps: false,
    };
    entries.sort((a, b) => a.modseq - b.modseq);
    for (const entry of entries) apply(told, entry);
    if (told.uidValidity === undefined) told.hasGaps = true;
    this.mailboxes.set(id, told);
  }
}

function apply(told: Told, entry: JournalEntry): void {
  if (entry.modseq > told.modSeq + 1) told.hasGaps = true;
  told.modSeq = Math.max(told.modSeq, entry.modseq === Number.MAX_SAFE_INTEGER ? 0 : entry.modseq);
  switch (entry.kind) {
    case 'mailbox': {
      const { version } = JSON.parse(entry.attributes) as JournalledAttributes;
      if (version < told.version) break;
      told.version = version;
      told.name = entry.name;
      told.uidValidity = entry.uidValidity;
      told.attributes = entry.attributes;
      break;
    }
    case 'filed':
      if (told.name === '') told.name = entry.name;
      for (const { uid, guid, flags, keywords, internalDateSec } of entry.messages) {
        told.messages.set(uid, { guid, flags, keywords, internalDateSec });
        told.uidNext = Math.max(told.uidNext, uid + 1);
      }
      break;
    case 'flags':
      eachUid(entry.uids, told.messages, (message) => {
        message.flags = entry.flags;
        message.keywords = entry.keywords;
      });
      break;
    case 'expunged': {
      const gone = NumberSet.fromRanges(entry.uids);
      for (const uid of [...told.messages.keys()]) if (gone.has(uid)) told.messages.delete(uid);
      break;
    }
    default:
      break;
  }
}

function eachUid(
  ranges: readonly (readonly [number, number])[],
  messages: ReadonlyMap<number, Filed>,
  change: (message: Filed) => void,
): void {
  const uids = NumberSet.fromRanges(ranges);
  for (const [uid, message] of messages) if (uids.has(uid)) change(message);
}

async function restoreMailbox(
  engine: StoreEngine,
  clock: Clock,
  found: PackSurvey,
  told: Told,
): Promise<void> {
  const { writer, list } = engine;
  if (list.row(told.id) === undefined)
    await writer.run('listRestore', { rows: [toListRow(engine, clock, found, told)] });
  let row = list.row(told.id);
  if (row === undefined || row.state !== 0) return;
  if (told.hasGaps) row = await writer.run('listNewUidValidity', { id: told.id, nowMs: clock.now() });
  const uids = [...told.messages.keys()].sort((a, b) => a - b);
  const messages: RestoredMessage[] = [];
  for (const uid of uids) {
    const message = await toRestored(engine, clock, found, row.partition, uid, told.messages.get(uid)!);
    if (message !== undefined) messages.push(message);
  }
  const { ref } = list.toListed(row);
  await writer.run('restore', { ref, messages, uidNext: told.uidNext, modSeq: told.modSeq + 1 });
}

async function toRestored(
  engine: StoreEngine,
  clock: Clock,
  found: PackSurvey,
  partition: number,
  uid: number,
  { guid, flags, keywords, internalDateSec }: Filed,
): Promise<RestoredMessage | undefined> {
  const bodies = found.bodies.get(guid.toString('latin1')) ?? [];
  const body = bodies.find((one) => one.partition.id === partition) ?? bodies[0];
  if (body === undefined) {
    found.faults.push(`a message that was filed as UID ${uid} has no body`);
    return undefined;
  }
  const from = body.partition.id;
  const bytes = (await engine.packs(from).readWhole(body.ref, guid)).body;
  const internalDateMs = internalDateSec * 1000;
  const summary = summarise(bytes, { guid, internalDateMs, saveDateMs: clock.now() });
  return { uid, guid, place: body.ref, from, flags, keywords, internalDateMs, summary };
}

interface JournalledAttributes {
  readonly acl: string;
  readonly quotaRoot: string | null;
  readonly specialUse: string;
  readonly sharedSeen: number;
  readonly createdMs: number;
  /** Its name; earlier versions did not write it. */
  readonly partition?: string;
  readonly attributes: string;
  readonly version: number;
}

/** The one the journal tells, as long as it is there; else the one with most of the bodies. */
function partitionOf(
  engine: StoreEngine,
  found: PackSurvey,
  told: Told,
  name: string | undefined,
): KnownPartition {
  const [first] = engine.knownPartitions;
  const known = engine.knownPartitions.find((partition) => partition.name === name);
  if (known !== undefined) return known;
  const counts = new Map<KnownPartition, number>();
  for (const { guid } of told.messages.values()) {
    for (const { partition } of found.bodies.get(guid.toString('latin1')) ?? [])
      counts.set(partition, (counts.get(partition) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? first!;
}

function toListRow(engine: StoreEngine, clock: Clock, found: PackSurvey, told: Told): ListRow {
  const known =
    told.attributes === undefined ? undefined : (JSON.parse(told.attributes) as JournalledAttributes);
  return {
    id: told.id,
    key: told.name,
    state: 0,
    version: 0,
    uidValidity: told.uidValidity ?? Math.floor(clock.now() / 1000),
    partition: partitionOf(engine, found, told, known?.partition).id,
    acl: known?.acl ?? '{}',
    quotaRoot: known?.quotaRoot ?? null,
    specialUse: known?.specialUse ?? '[]',
    sharedSeen: known?.sharedSeen ?? 0,
    attributes: known?.attributes ?? '{}',
    createdMs: known?.createdMs ?? clock.now(),
    deletedMs: 0,
  };
}

/** Bodies that neither a journal nor any row names. */
async function fileStrays(
  engine: StoreEngine,
  clock: Clock,
  found: PackSurvey,
  isDry: boolean,
): Promise<number> {
  const strays = [...found.bodies].filter(([guid]) => !found.named.has(guid) && !isKnown(engine, guid));
  if (strays.length === 0 || isDry) return strays.length;
  const name = sharedMailbox([
    `Recovered ${new Date(clock.now()).toISOString().slice(0, 19).replaceAll(':', '')}`,
  ]);
  const id = newMailboxId(shardOfName(name, engine.shards.length));
  const row = await engine.writer.run('listCreate', {
    id,
    key: mailboxKey(name),
    partition: strays[0]![1][0]!.partition.id,
    acl: '{}',
    quotaRoot: null,
    specialUse: '[]',
    attributes: '{}',
    nowMs: clock.now(),
  });
  const messages: RestoredMessage[] = [];
  for (const [guid, [body]] of strays) {
    const { internalDateSec } = body!;
    const filed = { guid: Buffer.from(guid, 'latin1'), flags: 0, keywords: [], internalDateSec };
    const message = await toRestored(engine, clock, found, row.partition, messages.length + 1, filed);
    if (message !== undefined) messages.push(message);
  }
  const { ref } = engine.list.toListed(row);
  await engine.writer.run('restore', { ref, messages, uidNext: messages.length + 1, modSeq: 2 });
  return strays.length;
}

function isKnown(engine: StoreEngine, guid: string): boolean {
  const bytes = Buffer.from(guid, 'latin1');
  return engine.knownPartitions.some(({ id }) =>
    engine.shards.some(
      (shard) =>
        shard.db.prepare('SELECT 1 FROM blob WHERE part = ? AND guid = ?').get(id, bytes) !== undefined,
    ),
  );
}
