/** FETCH lines that need more than columns: summaries, extension items, octets. */
import {
  body,
  bodyStructure,
  type ContentPiece,
  type ContentRequest,
  envelope,
  type FetchHead,
  fetchHead,
  type ImapSession,
  type Lease,
  type Mailbox,
  messageRange,
  NumberSet,
  parse,
  SummaryView,
} from '@angarium/sdk';
import { has8bit, surrogate } from '../extensions/utf8/surrogate.js';
import { nextTurn, type Output } from '../view/index.js';
import { type Batch, batchesOf } from './batches.js';
import { binaryPiece, type DecodedPiece, decodePiece } from './binary.js';
import { BrokenLiteral, ContentReader, readWhole } from './contents.js';
import type { SummaryName } from './items.js';
import { literal, type MessageFacts, sectionPiece, type Wanted } from './pieces.js';
import type { FetchPlan } from './plan.js';
import { finderOf, type SectionFinder, structureFinder } from './section.js';

/** Smaller pieces travel as text, together with their neighbours, in one write. */
const MAX_TEXT_BYTES = 32_768;

type Piece = string | Wanted | DecodedPiece;

export class MessageWriter {
  private readonly mailbox: Mailbox;
  private readonly head: FetchHead;
  private readonly takesUtf8: boolean;
  /** UIDs, ascending, of which a surrogate was shown (RFC 6858 §3). */
  readonly downgraded: number[] = [];
  /** Messages of which the store has nothing any more. */
  missing = 0;
  /** Some part has a transfer encoding that is not known; its item was left out (RFC 3516 §4.3). */
  hasUnknownEncoding = false;

  constructor(
    private readonly session: ImapSession,
    private readonly plan: FetchPlan,
    /** UIDs that this command has made \Seen. */
    private readonly seen: NumberSet,
    private readonly out: Output,
  ) {
    this.mailbox = session.selected.mailbox;
    this.head = fetchHead(session);
    this.takesUtf8 = session.enabled.has('UTF8=ACCEPT') || session.enabled.has('IMAP4REV2');
  }

  async run(indexes: NumberSet): Promise<void> {
    let found = 0;
    for await (const batch of batchesOf(this.session, indexes, this.plan.needsSummaries)) {
      found += batch.uids.length;
      const extensions = await this.extensionTexts(batch);
      if (this.plan.sections.length > 0) await this.writeContents(batch, extensions);
      else await this.writeLines(batch, extensions);
      await this.out.pass();
      await nextTurn();
    }
    this.missing += indexes.size - found;
  }

  private async extensionTexts(batch: Batch): Promise<readonly (readonly string[])[]> {
    const texts: (readonly string[])[] = [];
    for (const { item, args } of this.plan.extensions) texts.push(await item.run(batch, args));
    return texts;
  }

  private async writeLines(batch: Batch, extensions: readonly (readonly string[])[]): Promise<void> {
    for (let i = 0; i < batch.uids.length; i++) {
      const record = batch.summaries?.records[i];
      let text = this.rowText(batch, i);
      if (record !== undefined) {
        const summary = new SummaryView(record);
        text =
          this.withSummary(text, batch.uids[i]!, summary) ??
          (await this.withLargeSummary(text, batch.uids[i]!, summary));
      }
      for (const texts of extensions) text = joined(text, texts[i]!);
      text = this.withLastRows(text, batch, i);
      if (text !== '') this.out.text += `${this.head(batch.numbers[i]!, batch.uids[i]!)}${text})\r\n`;
    }
  }

  private rowText(batch: Batch, i: number): string {
    const chunk = batch.chunks[i]!;
    const at = batch.at[i]!;
    const uid = batch.uids[i]!;
    let text = '';
    for (const part of this.plan.rows) text = joined(text, part(chunk, at, uid));
    if (!this.seen.isEmpty && this.seen.has(uid)) {
      for (const part of this.plan.seenRows) text = joined(text, part(chunk, at, uid));
    }
    return text;
  }

  private withLastRows(text: string, batch: Batch, i: number): string {
    for (const part of this.plan.lastRows)
      text = joined(text, part(batch.chunks[i]!, batch.at[i]!, batch.uids[i]!));
    return text;
  }

  /** Undefined: something is too large to be in the summary. */
  private withSummary(text: string, uid: number, summary: SummaryView): string | undefined {
    for (const name of this.plan.summaries) {
      const value = storedValue(summary, name);
      if (value === undefined) return undefined;
      text = joined(text, `${name} ${this.shown(name, value, uid)}`);
    }
    return text;
  }

  private async withLargeSummary(text: string, uid: number, summary: SummaryView): Promise<string> {
    const bytes = await readWhole(this.mailbox, uid);
    if (bytes === undefined) return text;
    for (const name of this.plan.summaries)
      text = joined(
        text,
        `${name} ${this.shown(name, storedValue(summary, name) ?? computedValue(bytes, name), uid)}`,
      );
    return text;
  }

  /** RFC 6855 §8: for clients that have not asked for UTF-8. */
  private shown(name: SummaryName, value: string, uid: number): string {
    if (this.takesUtf8 || !has8bit(value)) return value;
    const text = surrogate(name, value);
    if (text !== value && this.downgraded.at(-1) !== uid) this.downgraded.push(uid);
    return text;
  }

  /** All octet ranges of a batch are asked for at once, so that the store can read ahead. */
  private async writeContents(batch: Batch, extensions: readonly (readonly string[])[]): Promise<void> {
    const requests: ContentRequest[] = [];
    const messages: (string | readonly Piece[])[] = [];
    for (let i = 0; i < batch.uids.length; i++) {
      const message = await this.messageOf(batch, i);
      let { head } = message;
      for (const texts of extensions) head = joined(head, texts[i]!);
      head = this.withLastRows(head, batch, i);
      let pieces: Piece[] | undefined;
      for (const item of this.plan.sections) {
        const piece =
          item.kind === 'binary'
            ? binaryPiece(item, message, requests)
            : sectionPiece(item, message, requests);
        if (piece === undefined) this.hasUnknownEncoding = true;
        else if (pieces !== undefined) pieces.push(piece);
        else if (typeof piece === 'string') head = joined(head, piece);
        else pieces = head === '' ? [piece] : [head, piece];
      }
      messages.push(pieces ?? head);
    }
    await this.writeMessages(batch, messages, requests);
  }

  private async messageOf(batch: Batch, i: number): Promise<MessageFacts & { readonly head: string }> {
    const uid = batch.uids[i]!;
    const row = this.rowText(batch, i);
    const record = batch.summaries?.records[i];
    // Of whole messages alone nothing else has to be known.
    if (record === undefined)
      return {
        uid,
        head: row,
        size: batch.chunks[i]!.sizes[batch.at[i]!]!,
        summary: undefined,
        find: () => undefined,
      };
    const summary = new SummaryView(record);
    const head = this.withSummary(row, uid, summary) ?? (await this.withLargeSummary(row, uid, summary));
    const find = summary.sectionsStored ? finderOf(summary) : await this.parsedFinder(uid);
    return { uid, head, size: summary.size, summary, find };
  }

  private async writeMessages(
    batch: Batch,
    messages: readonly (string | readonly Piece[])[],
    requests: readonly ContentRequest[],
  ): Promise<void> {
    await using reader = new ContentReader(this.mailbox, requests);
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]!;
      // Summaries know the headers that most clients ask for: no promise a message then.
      if (message === '') continue;
      const head = this.head(batch.numbers[i]!, batch.uids[i]!);
      if (typeof message === 'string') this.out.text += `${head}${message})\r\n`;
      else await this.writeMessage(head, message, reader);
    }
  }

  private async parsedFinder(uid: number): Promise<SectionFinder> {
    const bytes = await readWhole(this.mailbox, uid);
    return bytes === undefined ? () => undefined : structureFinder(parse(bytes));
  }

  private async writeMessage(head: string, pieces: readonly Piece[], reader: ContentReader): Promise<void> {
    // Held back until the first octets are there: a message that is gone then leaves no line.
    const line: Line = { pending: head, separator: '', isBegun: false, isGone: false };
    for (const piece of pieces) {
      if (typeof piece === 'string') line.pending += line.separator + piece;
      else if (line.isGone) await this.skip(line, piece, reader);
      else if ('decoding' in piece) await this.writeDecoded(line, piece, reader);
      else await this.writeWanted(line, piece, reader);
      line.separator = ' ';
    }
    if (line.isGone && !line.isBegun) this.missing++;
    else this.out.text += `${line.pending})\r\n`;
    if (this.out.hasEnough) await this.out.pass();
  }

  private async skip(line: Line, piece: Wanted | DecodedPiece, reader: ContentReader): Promise<void> {
    await reader.skip(piece.request);
    if ('decoding' in piece && piece.second !== undefined) await reader.skip(piece.second);
    gone(line, piece);
  }

  private async writeWanted(line: Line, piece: Wanted, reader: ContentReader): Promise<void> {
    const { make } = piece;
    if (make !== undefined) {
      const text = await reader.collectAs(piece.request, (bytes) => literal(make(bytes)));
      if (text === undefined) gone(line, piece);
      else line.pending += `${line.separator}${piece.label} ${text}`;
      return;
    }
    const first = await reader.next(piece.request);
    if (first.isMissing) return gone(line, piece);
    this.begin(line, `${piece.label} {${piece.length}}\r\n`);
    await this.stream(piece, first, reader);
  }

  private async writeDecoded(line: Line, piece: DecodedPiece, reader: ContentReader): Promise<void> {
    const value = await decodePiece(piece, reader);
    if (value === undefined) return gone(line, piece);
    if ('text' in value) {
      line.pending += line.separator + value.text;
      return;
    }
    this.begin(line, value.announcement);
    let left = value.length;
    try {
      for await (const bytes of value.bytes) {
        left -= bytes.length;
        if (left < 0) break;
        this.send(bytes);
        await this.out.pass();
      }
    } catch (error) {
      throw this.broken(new BrokenLiteral('the octets of a literal stopped coming', { cause: error }));
    }
    if (left !== 0) throw this.broken(new BrokenLiteral(`a literal is ${left} octets short`));
  }

  /** From here on the line is on its way. */
  private begin(line: Line, announcement: string): void {
    this.out.text += `${line.pending}${line.separator}${announcement}`;
    line.pending = '';
    line.isBegun = true;
  }

  private send(bytes: Buffer, lease?: Lease): void {
    if (bytes.length > MAX_TEXT_BYTES) {
      this.out.bytes(bytes, lease);
    } else {
      this.out.text += bytes.latin1Slice();
      lease?.release();
    }
  }

  /** Bounded memory: the store's pieces go out one by one, at the client's pace. */
  private async stream(wanted: Wanted, piece: ContentPiece, reader: ContentReader): Promise<void> {
    let left = wanted.length;
    try {
      for (;;) {
        left -= piece.bytes.length;
        if (left < 0) break;
        this.send(piece.bytes, piece.lease);
        if (piece.isLast) break;
        await this.out.pass();
        piece = await reader.next(wanted.request);
      }
    } catch (error) {
      throw this.broken(new BrokenLiteral('the octets of a literal stopped coming', { cause: error }));
    }
    if (left !== 0) throw this.broken(new BrokenLiteral(`a literal is ${left} octets short`));
  }

  private broken(error: BrokenLiteral): BrokenLiteral {
    this.session.connection.destroy(error);
    return error;
  }
}

/** A FETCH line as it is written. */
interface Line {
  /** What has not been handed on. */
  pending: string;
  separator: string;
  isBegun: boolean;
  isGone: boolean;
}

function gone(line: Line, { label }: { readonly label: string }): void {
  line.isGone = true;
  line.pending += `${line.separator}${label} NIL`;
}

function joined(text: string, more: string): string {
  return text === '' ? more : more === '' ? text : `${text} ${more}`;
}

function storedValue(summary: SummaryView, name: SummaryName): string | undefined {
  if (name === 'ENVELOPE') return summary.envelope();
  return name === 'BODY' ? summary.body() : summary.bodyStructure();
}

function computedValue(bytes: Buffer, name: SummaryName): string {
  if (name === 'ENVELOPE') return envelope(bytes, messageRange(bytes));
  return name === 'BODY' ? body(bytes, parse(bytes)) : bodyStructure(bytes, parse(bytes));
}
