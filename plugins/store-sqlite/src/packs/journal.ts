/**
 * Journal entries (type-3 records): which messages are filed where, beside their bodies.
 *
 * What a rebuild from packs alone restores, given what the store journals:
 * - `mailbox`, `mailbox-deleted`: the mailboxes, their names, UIDVALIDITY and attributes. Without them the names at
 *   filing time serve, and UIDVALIDITY must be new.
 * - `filed`: mailbox, UID, internal date, flags and keywords at filing time of every message (copies and moves too).
 * - `expunged`: which of them are gone. Without it a rebuild brings expunged messages back.
 * - `flags` (optional): flags and keywords as they were last; without it those of filing time.
 * Not in packs: subscriptions, `\\Seen` of users of shared mailboxes, quota use (recomputed), Sieve scripts.
 * Entries are written after COMMIT and not synced by themselves: a power cut loses those since the last synced
 * append, so a rebuild files messages without an entry in a recovery mailbox and gives new UIDVALIDITY to mailboxes
 * whose modseqs have a gap. Replay: collect all series, per mailbox sort by modseq, apply.
 *
 *     body  = version u8 (1), entries
 *     entry = kind u8, payload length u32, payload      (an unknown kind is skipped by its length)
 */
import { ByteReader, ByteWriter } from './bytes.js';
import { PackError } from './errors.js';
import { GUID_BYTES } from './format.js';

/** One message as it was filed. */
export interface FiledMessage {
  readonly uid: number;
  /** SHA-256 of the body, 32 bytes. */
  readonly guid: Buffer;
  /** System flag bits as the store defines them, unsigned 32-bit. */
  readonly flags: number;
  readonly keywords: readonly string[];
  /** Seconds since 1970, a safe integer, may be negative. */
  readonly internalDateSec: number;
  /** Zone of INTERNALDATE in minutes east of UTC. */
  readonly zoneMinutes: number;
}

/** Messages appended, copied or moved into a mailbox. `name` is the mailbox's name at that time. */
export interface FiledEntry {
  readonly kind: 'filed';
  readonly mailbox: string;
  readonly name: string;
  readonly modseq: number;
  readonly messages: readonly FiledMessage[];
}

/** A mailbox was created, renamed or changed its attributes: the state after it. `attributes` is the store's own JSON. */
export interface MailboxEntry {
  readonly kind: 'mailbox';
  readonly mailbox: string;
  readonly name: string;
  readonly modseq: number;
  readonly uidValidity: number;
  readonly attributes: string;
}

export interface MailboxDeletedEntry {
  readonly kind: 'mailbox-deleted';
  readonly mailbox: string;
  readonly modseq: number;
}

/** The flags that these UIDs have from now on (the result, not the change). */
export interface FlagsEntry {
  readonly kind: 'flags';
  readonly mailbox: string;
  readonly modseq: number;
  readonly flags: number;
  readonly keywords: readonly string[];
  readonly uids: readonly UidRange[];
}

export interface ExpungedEntry {
  readonly kind: 'expunged';
  readonly mailbox: string;
  readonly modseq: number;
  readonly uids: readonly UidRange[];
}

/** First and last UID, inclusive. */
export type UidRange = readonly [first: number, last: number];

/** `mailbox` is the unique id of the mailbox; entries of one mailbox replay in the order of `modseq`. */
export type JournalEntry = FiledEntry | MailboxEntry | MailboxDeletedEntry | FlagsEntry | ExpungedEntry;

const JOURNAL_VERSION = 1;
/** Above this a body is closed and the next begun; a rebuild reads bodies whole. */
const BODY_TARGET_BYTES = 256 * 1024;
/** uid, guid, flags, keyword count, date, zone. */
const FILED_MIN_BYTES = 4 + GUID_BYTES + 4 + 4 + 8 + 2;
/** Messages in one `filed` entry: keeps a body near its target when a bulk copy files 100,000 at once. */
const FILED_PER_ENTRY = 4096;

const KINDS = ['filed', 'mailbox', 'mailbox-deleted', 'flags', 'expunged'] as const;

/** The bodies of journal records for these entries, in order; large `filed` entries are split. */
export function encodeJournal(entries: readonly JournalEntry[]): Buffer[] {
  const bodies: Buffer[] = [];
  let body: ByteWriter | undefined;
  for (const whole of entries) {
    for (const entry of splitFiled(whole)) {
      if (body === undefined) {
        body = new ByteWriter();
        body.u8(JOURNAL_VERSION);
      }
      encodeEntry(body, entry);
      if (body.length >= BODY_TARGET_BYTES) {
        bodies.push(body.finish());
        body = undefined;
      }
    }
  }
  if (body !== undefined) bodies.push(body.finish());
  return bodies;
}

/** The entries in a body. Throws PackError: `corrupt`, or `unsupported` when a newer version wrote it. */
export function decodeJournal(body: Buffer): JournalEntry[] {
  const reader = new ByteReader(body);
  const version = reader.u8();
  if (version !== JOURNAL_VERSION) throw new PackError('unsupported', `journal version ${version}`);
  const entries: JournalEntry[] = [];
  while (reader.left > 0) {
    const kind = KINDS[reader.u8() - 1];
    const payload = reader.part(reader.u32());
    if (kind !== undefined) entries.push(decodeEntry(kind, payload));
  }
  return entries;
}

function* splitFiled(entry: JournalEntry): Generator<JournalEntry> {
  if (entry.kind !== 'filed' || entry.messages.length <= FILED_PER_ENTRY) {
    yield entry;
    return;
  }
  for (let from = 0; from < entry.messages.length; from += FILED_PER_ENTRY) {
    yield { ...entry, messages: entry.messages.slice(from, from + FILED_PER_ENTRY) };
  }
}

function encodeEntry(out: ByteWriter, entry: JournalEntry): void {
  out.u8(KINDS.indexOf(entry.kind) + 1);
  const lengthAt = out.length;
  out.u32(0);
  out.text(entry.mailbox);
  out.f64(entry.modseq);
  encodePayload(out, entry);
  out.patchU32(lengthAt, out.length - lengthAt - 4);
}

function encodePayload(out: ByteWriter, entry: JournalEntry): void {
  switch (entry.kind) {
    case 'filed':
      out.text(entry.name);
      out.u32(entry.messages.length);
      for (const message of entry.messages) encodeFiled(out, message);
      return;
    case 'mailbox':
      out.text(entry.name);
      out.u32(entry.uidValidity);
      out.text(entry.attributes);
      return;
    case 'mailbox-deleted':
      return;
    case 'flags':
      out.u32(entry.flags);
      encodeKeywords(out, entry.keywords);
      encodeRanges(out, entry.uids);
      return;
    case 'expunged':
      encodeRanges(out, entry.uids);
  }
}

function encodeFiled(out: ByteWriter, message: FiledMessage): void {
  if (message.guid.length !== GUID_BYTES) throw new RangeError('a GUID has 32 bytes');
  out.u32(message.uid);
  out.bytes(message.guid);
  out.u32(message.flags);
  encodeKeywords(out, message.keywords);
  out.f64(message.internalDateSec);
  out.i16(message.zoneMinutes);
}

function encodeKeywords(out: ByteWriter, keywords: readonly string[]): void {
  out.u32(keywords.length);
  for (const keyword of keywords) out.text(keyword);
}

function encodeRanges(out: ByteWriter, ranges: readonly UidRange[]): void {
  out.u32(ranges.length);
  for (const [first, last] of ranges) {
    out.u32(first);
    out.u32(last);
  }
}

function decodeEntry(kind: (typeof KINDS)[number], from: ByteReader): JournalEntry {
  const mailbox = from.text();
  const modseq = from.f64();
  switch (kind) {
    case 'filed': {
      const name = from.text();
      const messages = Array.from({ length: from.count(FILED_MIN_BYTES) }, () => decodeFiled(from));
      return { kind, mailbox, name, modseq, messages };
    }
    case 'mailbox':
      return { kind, mailbox, modseq, name: from.text(), uidValidity: from.u32(), attributes: from.text() };
    case 'mailbox-deleted':
      return { kind, mailbox, modseq };
    case 'flags': {
      const flags = from.u32();
      const keywords = decodeKeywords(from);
      return { kind, mailbox, modseq, flags, keywords, uids: decodeRanges(from) };
    }
    case 'expunged':
      return { kind, mailbox, modseq, uids: decodeRanges(from) };
  }
}

function decodeFiled(from: ByteReader): FiledMessage {
  return {
    uid: from.u32(),
    guid: from.bytes(GUID_BYTES),
    flags: from.u32(),
    keywords: decodeKeywords(from),
    internalDateSec: from.f64(),
    zoneMinutes: from.i16(),
  };
}

function decodeKeywords(from: ByteReader): string[] {
  return Array.from({ length: from.count(4) }, () => from.text());
}

function decodeRanges(from: ByteReader): UidRange[] {
  return Array.from({ length: from.count(8) }, (): UidRange => [from.u32(), from.u32()]);
}
