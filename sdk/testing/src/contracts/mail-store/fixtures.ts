/** What the tests of the suite are made of: users, messages, snapshots as plain rows. */
import assert from 'node:assert/strict';
import type {
  AppendItem,
  ContentPiece,
  FlagChange,
  FlagSet,
  MailboxEntry,
  MailboxId,
  MailboxSnapshot,
  MailErrorCode,
  MailStore,
  StagedMessage,
  UserId,
} from '@angarium/sdk';
import { isMailError } from '@angarium/sdk';

export const fred = 'fred' as UserId;
export const joe = 'joe' as UserId;
export const DAY_MS = 86_400_000;
/** The internal date of messages that `fill` makes. */
export const DATE_MS = Date.UTC(2025, 5, 1, 12, 0, 0);

/** An end to loops over mailboxes larger than one chunk of any store. */
export const MANY = 260;

export function mailText(subject: string, lines = 3): Buffer {
  const head = `From: Fred <fred@example.org>\r\nTo: joe@example.org\r\nSubject: ${subject}\r\nDate: Mon, 2 Jun 2025 10:00:00 +0200\r\nMessage-ID: <${subject.replace(/\W/g, '-')}@example.org>\r\n\r\n`;
  return Buffer.from(head + 'a line of text\r\n'.repeat(lines), 'latin1');
}

export function flagSet(system = 0, ...keywords: string[]): FlagSet {
  return { system, keywords };
}

export function stage(store: MailStore, bytes: Buffer): Promise<StagedMessage> {
  return store.stage([bytes], { maxBytes: 64 * 1024 * 1024, sizeHint: bytes.length });
}

/** Appends messages with these subjects; answers their UIDs. */
export async function fill(
  store: MailStore,
  mailbox: MailboxId,
  subjects: readonly string[],
  flags: FlagSet = flagSet(),
  viewer?: UserId,
): Promise<readonly number[]> {
  const items: AppendItem[] = [];
  for (const subject of subjects) {
    items.push({ message: await stage(store, mailText(subject)), flags, internalDateMs: DATE_MS });
  }
  const [outcome] = await store.append([{ mailbox, items, ...(viewer === undefined ? {} : { viewer }) }]);
  for (const { message } of items) await message[Symbol.asyncDispose]();
  assert.ok(outcome?.ok, outcome?.ok === false ? String(outcome.error) : 'no outcome');
  return outcome.uids;
}

export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `message ${i + 1}`);
}

/** A message of a snapshot. */
export interface Row {
  readonly uid: number;
  readonly flags: number;
  readonly modSeq: number;
  readonly keywords: readonly string[];
  readonly size: number;
  readonly date: number;
}

/** A snapshot as plain rows; fails when it is not in order. */
export function rowsOf(snapshot: MailboxSnapshot): Row[] {
  const rows: Row[] = [];
  const names = snapshot.head.keywordNames;
  for (const chunk of snapshot.chunks) {
    assert.ok(chunk.count > 0, 'a chunk without messages');
    assert.equal(chunk.maxModSeq, Math.max(...chunk.modseqs.subarray(0, chunk.count)));
    for (let i = 0; i < chunk.count; i++) {
      const keywords = names.filter(
        (name, bit) => name !== '' && ((chunk.keywords[4 * i + (bit >> 5)]! >>> (bit & 31)) & 1) === 1,
      );
      rows.push({
        uid: chunk.uids[i]!,
        flags: chunk.flags[i]!,
        modSeq: chunk.modseqs[i]!,
        keywords: keywords.sort(),
        size: chunk.sizes[i]!,
        date: chunk.dates[i]!,
      });
    }
  }
  rows.forEach((row, i) => {
    assert.ok(i === 0 || rows[i - 1]!.uid < row.uid, 'UIDs ascend');
    assert.ok(row.uid < snapshot.head.uidNext, 'UIDs are below UIDNEXT');
    assert.ok(row.modSeq <= snapshot.head.highestModSeq, 'modseqs are not above the highest');
  });
  return rows;
}

export async function failsWith(code: MailErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => isMailError(error) && error.code === code);
}

export async function piecesOf(pieces: AsyncIterable<ContentPiece>): Promise<ContentPiece[]> {
  const all: ContentPiece[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

export async function summaryUids(pieces: AsyncIterable<{ readonly uids: Uint32Array }>): Promise<number[]> {
  const all: number[] = [];
  for await (const { uids } of pieces) all.push(...uids);
  return all;
}
/** Full names, as `owner/path/…`. */
export function namesOf(entries: readonly MailboxEntry[]): string[] {
  return entries.map(({ name }) => [name.owner ?? '', ...name.path].join('/'));
}

export function addFlags(system: number, ...keywords: string[]): FlagChange {
  return { mode: 'add', system, keywords };
}

export function removeFlags(system: number, ...keywords: string[]): FlagChange {
  return { mode: 'remove', system, keywords };
}

export function replaceFlags(system: number, ...keywords: string[]): FlagChange {
  return { mode: 'replace', system, keywords };
}
