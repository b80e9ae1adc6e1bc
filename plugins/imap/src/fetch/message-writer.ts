/** FETCH lines that need more than columns: summaries, extension items, octets. */
import {
  body,
  bodyStructure,
  type ContentRequest,
  envelope,
  type FetchHead,
  fetchHead,
  headerSubset,
  type ImapSession,
  type Mailbox,
  messageRange,
  NumberSet,
  parse,
  SummaryView,
} from '@angarium/sdk';
import { has8bit, surrogate } from '../extensions/utf8/surrogate.js';
import { nextTurn, type Output } from '../view/index.js';
import { type Batch, batchesOf } from './batches.js';
import { BrokenLiteral, ContentReader, readWhole } from './contents.js';
import type { SectionItem, SummaryName } from './items.js';
import type { FetchPlan } from './plan.js';
import { finderOf, locate, type SectionFinder, structureFinder } from './section.js';

/** Smaller pieces travel as text, together with their neighbours, in one write. */
const MAX_TEXT_BYTES = 32_768;

/** Octets to come: a literal of known length, or (subset of a header) made of all of them. */
interface Wanted {
  readonly request: number;
  readonly label: string;
  readonly length: number;
  readonly make: ((bytes: Buffer) => Buffer) | undefined;
}

type Piece = string | Wanted;

export class MessageWriter {
  private readonly mailbox: Mailbox;
  private readonly head: FetchHead;
  private readonly takesUtf8: boolean;
  /** UIDs, ascending, of which a surrogate was shown (RFC 6858 §3). */
  readonly downgraded: number[] = [];
  /** Messages of which the store has nothing any more. */
  missing = 0;

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
      const uid = batch.uids[i]!;
      const summary = new SummaryView(batch.summaries!.records[i]!);
      const row = this.rowText(batch, i);
      let head = this.withSummary(row, uid, summary) ?? (await this.withLargeSummary(row, uid, summary));
      for (const texts of extensions) head = joined(head, texts[i]!);
      const find = summary.sectionsStored ? finderOf(summary) : await this.parsedFinder(uid);
      let pieces: Piece[] | undefined;
      for (const item of this.plan.sections) {
        const piece = sectionPiece(item, uid, summary, find, requests);
        if (pieces !== undefined) pieces.push(piece);
        else if (typeof piece === 'string') head = joined(head, piece);
        else pieces = head === '' ? [piece] : [head, piece];
      }
      messages.push(pieces ?? head);
    }
    await using reader = new ContentReader(this.mailbox, requests);
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]!;
      // Summaries know the headers that most clients ask for: no promise a message then.
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
    let isGone = false;
    let isBegun = false;
    // Held back until the first octets are there: a message that is gone then leaves no line.
    let pending = head;
    let separator = '';
    for (const piece of pieces) {
      let text: string | undefined;
      if (typeof piece === 'string') text = piece;
      else if (isGone) await reader.skip(piece.request);
      else if (piece.make !== undefined) {
        const bytes = await reader.collect(piece.request);
        if (bytes === undefined) isGone = true;
        else text = `${piece.label} ${literal(piece.make(bytes))}`;
      } else {
        const { bytes, isLast, isMissing } = await reader.next(piece.request);
        if (isMissing) isGone = true;
        else {
          this.out.text += `${pending}${separator}${piece.label} {${piece.length}}\r\n`;
          pending = '';
          isBegun = true;
          await this.stream(piece, bytes, isLast, reader);
        }
      }
      if (isGone && typeof piece !== 'string') text = `${piece.label} NIL`;
      if (text !== undefined) pending += separator + text;
      separator = ' ';
    }
    if (isGone && !isBegun) this.missing++;
    else this.out.text += `${pending})\r\n`;
    if (this.out.hasEnough) await this.out.pass();
  }

  /** Bounded memory: the store's pieces go out one by one, at the client's pace. */
  private async stream(wanted: Wanted, bytes: Buffer, isLast: boolean, reader: ContentReader): Promise<void> {
    let left = wanted.length;
    try {
      for (;;) {
        left -= bytes.length;
        if (left < 0) break;
        if (bytes.length <= MAX_TEXT_BYTES) this.out.text += bytes.latin1Slice();
        else this.out.bytes(bytes);
        if (isLast) break;
        await this.out.pass();
        ({ bytes, isLast } = await reader.next(wanted.request));
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

function literal(bytes: Buffer): string {
  return bytes.length === 0 ? '""' : `{${bytes.length}}\r\n${bytes.latin1Slice()}`;
}

/** What a section item of one message is: known at once, or octets to be asked for (added to `requests`). */
function sectionPiece(
  item: SectionItem,
  uid: number,
  summary: SummaryView,
  find: SectionFinder,
  requests: ContentRequest[],
): Piece {
  const { label, spec, partial } = item;
  if (spec.text === 'HEADER.FIELDS' && spec.path.length === 0) {
    const cached = summary.cachedHeaders(spec.names);
    if (cached !== undefined) {
      const cut = partial === undefined ? cached : cached.slice(partial.start, partial.start + partial.count);
      return `${label} ${cut === '' ? '""' : `{${cut.length}}\r\n${cut}`}`;
    }
  }
  const range = locate(spec, summary.size, find);
  if (range === undefined) return `${label} NIL`;
  const { from, to, subset } = range;
  if (subset !== undefined) {
    if (to === from) return `${label} ""`;
    const request = requests.push({ uid, from, to }) - 1;
    const whole = { headerOffset: 0, headerLength: to - from, bodyOffset: to - from, bodyLength: 0 };
    const make = (bytes: Buffer): Buffer => {
      const fields = headerSubset(bytes, whole, subset.names, subset.not);
      // RFC 3501 §6.4.5: a partial fetch is of what is left after subsetting.
      return partial === undefined ? fields : fields.subarray(partial.start, partial.start + partial.count);
    };
    return { request, label, length: 0, make };
  }
  const start = Math.min(to, from + (partial?.start ?? 0));
  const end = partial === undefined ? to : Math.min(to, start + partial.count);
  if (end <= start) return `${label} ""`;
  const request = requests.push({ uid, from: start, to: end }) - 1;
  return { request, label, length: end - start, make: undefined };
}
