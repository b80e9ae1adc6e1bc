/** A mailbox as plain rows, cut into chunks as a store would, and a client that believes what it is told. */
import assert from 'node:assert/strict';
import {
  type FlagChange,
  type ImapReply,
  type ImapSession,
  type Mailbox,
  type MailboxEntry,
  MailboxSnapshot,
  NumberSet,
  type SnapshotChunk,
} from '@angarium/sdk';
import { openSelected, type SelectedView } from './selected.js';

export interface Row {
  uid: number;
  flags: number;
  keyword: number;
  modSeq: number;
}

/** Rows in UID order; chunks of at most four rows, unchanged ones stay the same object. */
export class ModelStore {
  rows: Row[] = [];
  keywordNames: string[] = [];
  uidNext = 1;
  modSeq = 1;
  recentFrom = 1;
  /** Cuts are moved by this, so that chunks merge and split. */
  cut = 0;
  private chunks: SnapshotChunk[] = [];
  private last: MailboxSnapshot | undefined;

  constructor(private readonly reusesChunks = true) {}

  append(count: number, flags = 0): void {
    this.modSeq++;
    for (let i = 0; i < count; i++)
      this.rows.push({ uid: this.uidNext++, flags, keyword: 0, modSeq: this.modSeq });
    this.last = undefined;
  }

  flag(uids: readonly number[], flags: number, keyword: number): void {
    this.modSeq++;
    for (const row of this.rows) {
      if (!uids.includes(row.uid) || (row.flags === flags && row.keyword === keyword)) continue;
      Object.assign(row, { flags, keyword, modSeq: this.modSeq });
    }
    this.last = undefined;
  }

  expunge(uids: readonly number[]): void {
    this.modSeq++;
    this.rows = this.rows.filter((row) => !uids.includes(row.uid));
    this.last = undefined;
  }

  snapshot(): MailboxSnapshot {
    if (this.last) return this.last;
    const chunks: SnapshotChunk[] = [];
    const first = 1 + (this.cut % 4);
    for (let from = 0; from < this.rows.length; ) {
      const to = from === 0 ? first : from + 4;
      const chunk = chunkOf(this.rows.slice(from, to));
      const same = this.reusesChunks ? this.chunks.find((old) => isEqual(old, chunk)) : undefined;
      chunks.push(same ?? chunk);
      from = to;
    }
    this.chunks = chunks;
    const head = {
      uidValidity: 1,
      uidNext: this.uidNext,
      highestModSeq: this.modSeq,
      keywordNames: [...this.keywordNames],
    };
    return (this.last = new MailboxSnapshot(head, chunks));
  }

  /** Only what the view asks. */
  mailbox(): Mailbox {
    const partial: Pick<Mailbox, 'snapshot' | 'claimRecent' | 'recentFrom'> = {
      snapshot: async () => this.snapshot(),
      recentFrom: async () => this.recentFrom,
      claimRecent: async () => {
        const from = this.recentFrom;
        this.recentFrom = this.uidNext;
        return from;
      },
    };
    return partial as Mailbox;
  }
}

function chunkOf(rows: readonly Row[]): SnapshotChunk {
  return {
    count: rows.length,
    maxModSeq: Math.max(...rows.map((row) => row.modSeq)),
    uids: Uint32Array.from(rows, (row) => row.uid),
    flags: Uint32Array.from(rows, (row) => row.flags),
    modseqs: Float64Array.from(rows, (row) => row.modSeq),
    sizes: new Uint32Array(rows.length),
    dates: new Uint32Array(rows.length),
    keywords: Uint32Array.from(rows.flatMap((row) => [row.keyword, 0, 0, 0])),
  };
}

function isEqual(a: SnapshotChunk, b: SnapshotChunk): boolean {
  const key = (chunk: SnapshotChunk) =>
    [...chunk.uids, ...chunk.flags, ...chunk.modseqs, ...chunk.keywords].join();
  return key(a) === key(b);
}

/** A session that has only what the view asks. */
function fakeSession(enabled: readonly string[] = []): ImapSession {
  return { enabled: new Set(enabled) } as unknown as ImapSession;
}

/** Everything written, as lines. */
export class LineReply {
  text = '';
  get reply(): ImapReply {
    const partial: Pick<ImapReply, 'untagged' | 'status' | 'write' | 'drain'> = {
      untagged: (text) => void (this.text += `* ${text}\r\n`),
      status: (kind, text, code) => void (this.text += `* ${kind} ${code ? `[${code}] ` : ''}${text}\r\n`),
      write: (data) => {
        this.text += typeof data === 'string' ? data : Buffer.from(data).latin1Slice();
        return this.text.length < 100;
      },
      drain: async () => {},
    };
    return partial as ImapReply;
  }
  take(): string[] {
    const lines = this.text.split('\r\n').slice(0, -1);
    this.text = '';
    return lines;
  }
}

export function openModel(
  store: ModelStore,
  enabled: readonly string[] = [],
  isReadOnly = false,
): SelectedView {
  const from = store.recentFrom;
  if (!isReadOnly) store.recentFrom = store.uidNext;
  return openSelected({
    session: fakeSession(enabled),
    entry: {} as MailboxEntry,
    mailbox: store.mailbox(),
    snapshot: store.snapshot(),
    recentFrom: from,
    isReadOnly,
    rights: 4095,
    updateFilters: () => [],
  });
}

/** What a client knows of a message: its UID once fetched, flags text without \Recent. */
export interface Known {
  uid: number;
  flags: string;
  modSeq: number;
}

/** Believes each line, and complains of lines that make no sense. */
export class ModelClient {
  messages: Known[] = [];
  private readonly lines = new LineReply();

  constructor(readonly view: SelectedView) {
    for (let i = 0; i < view.view.count; i++) this.messages.push(this.fetch(i));
  }

  /** As FETCH n (UID FLAGS MODSEQ) would answer. */
  private fetch(index: number): Known {
    const { chunk, at } = this.view.view.place(index);
    return { uid: chunk.uids[at]!, flags: this.view.flags.of(chunk, at, false), modSeq: chunk.modseqs[at]! };
  }

  async sync(mayExpunge: boolean): Promise<void> {
    await this.view.sync(this.lines.reply, { mayExpunge });
    let exists: number | undefined;
    for (const line of this.lines.take()) {
      const [, number, kind] = /^\* (\d+) (EXPUNGE|EXISTS|RECENT|FETCH)/.exec(line) ?? [];
      if (kind === 'EXPUNGE') {
        assert.ok(mayExpunge, 'EXPUNGE where it may not be');
        assert.ok(Number(number) >= 1 && Number(number) <= this.messages.length, line);
        this.messages.splice(Number(number) - 1, 1);
      } else if (kind === 'EXISTS') {
        exists = Number(number);
        assert.ok(exists > this.messages.length, line);
        while (this.messages.length < exists) this.messages.push(this.fetch(this.messages.length));
      } else if (kind === 'FETCH') {
        const known = this.messages[Number(number) - 1];
        assert.ok(known, line);
        const flags = /FLAGS (\([^)]*\))/.exec(line)?.[1];
        if (flags !== undefined) known.flags = flags.replace(/\\Recent ?/, '').replace(' )', ')');
        const uid = /UID (\d+)/.exec(line)?.[1];
        if (uid !== undefined) assert.equal(Number(uid), known.uid, line);
        const modSeq = /MODSEQ \((\d+)\)/.exec(line)?.[1];
        if (modSeq !== undefined) known.modSeq = Number(modSeq);
      }
    }
  }

  /** STORE .SILENT: the client works the flags out by itself. */
  believe(uids: readonly number[], flags: string): void {
    for (const known of this.messages) if (uids.includes(known.uid)) known.flags = flags;
  }
}

export function replaceBy(flags: number, keywords: readonly string[]): FlagChange {
  return { mode: 'replace', system: flags, keywords };
}

export { NumberSet };
