import { unfold } from './headers.js';
import { stripExtensionData } from './strip-extension.js';
import { AT, CACHED_INDEX, FIXED_LENGTH, FLAG, KEY_COUNT, KEYS, VERSION } from './summary-format.js';
import { SectionTable } from './summary-sections.js';
import type { NumberedSection, Section } from './types.js';

/**
 * A summary read in place: construction reads the version alone, every member what it answers. The buffer must not
 * change while the view is used; buffers that are answered share its memory.
 */
export class SummaryView {
  /** Throws RangeError when it is no summary of this version. */
  constructor(readonly bytes: Buffer) {
    if (bytes.length < FIXED_LENGTH || bytes[AT.version] !== VERSION) {
      throw new RangeError(`not a message summary of version ${VERSION}`);
    }
  }

  private flag(bit: number): boolean {
    return ((this.bytes[AT.flags] as number) & bit) !== 0;
  }

  /** End of area `index`, start of the next; -1 is before the first. */
  private end(index: number): number {
    return index < 0 ? FIXED_LENGTH : this.bytes.readUInt32LE(AT.ends + 4 * index);
  }

  /** SHA-256 of the message. */
  get guid(): Buffer {
    return this.bytes.subarray(AT.guid, AT.guid + 32);
  }

  get threadId(): Buffer {
    return this.bytes.subarray(AT.threadId, AT.threadId + 16);
  }

  /** Octets of the message. */
  get size(): number {
    return this.bytes.readUInt32LE(AT.size);
  }

  get internalDateMs(): number {
    return this.bytes.readDoubleLE(AT.internalDate);
  }

  get saveDateMs(): number {
    return this.bytes.readDoubleLE(AT.saveDate);
  }

  /** RFC 5256 §2.2: the Date field as an instant, the internal date when there is none. */
  get sentDateMs(): number {
    return this.bytes.readDoubleLE(AT.sentDate);
  }

  /** Zone of the Date field: SENTON and its kin (RFC 3501 §6.4.4) look at the day as written. */
  get sentZoneMinutes(): number {
    return this.bytes.readInt16LE(AT.zone);
  }

  /** Is there a Date field that says a date? */
  get hasSentDate(): boolean {
    return this.flag(FLAG.sentDate);
  }

  /** Line ends in the body: NNTP's `:lines`. */
  get lines(): number {
    return this.bytes.readUInt32LE(AT.lines);
  }

  get hasAttachment(): boolean {
    return this.flag(FLAG.attachment);
  }

  get isReplyOrForward(): boolean {
    return this.flag(FLAG.replyOrForward);
  }

  /** Wire text; undefined when it was too large to be stored: write it from the message. */
  envelope(): string | undefined {
    if (this.flag(FLAG.noEnvelope)) return undefined;
    return this.bytes.toString('latin1', FIXED_LENGTH, this.end(0));
  }

  /** As `envelope`. */
  bodyStructure(): string | undefined {
    if (this.flag(FLAG.noBodyStructure)) return undefined;
    return this.bytes.toString('latin1', this.end(0), this.end(1));
  }

  /** As `envelope`; made from the body structure, as few ask for it. */
  body(): string | undefined {
    const structure = this.bodyStructure();
    return structure === undefined ? undefined : stripExtensionData(structure);
  }

  /** False: there were too many parts: `parse` the message and ask `sectionOf`. */
  get sectionsStored(): boolean {
    return !this.flag(FLAG.noSections);
  }

  private table(): SectionTable {
    return new SectionTable(this.bytes, this.end(1), this.bytes.readUInt16LE(AT.nodes));
  }

  /** Part numbers of RFC 3501 §6.4.5, [] being the message; undefined when there is no such part. */
  section(path: readonly number[]): Section | undefined {
    return this.table().find(path);
  }

  sections(): Generator<NumberedSection> {
    return this.table().all();
  }

  private key(index: number): string {
    const area = this.end(2);
    const from = index === 0 ? 2 * KEY_COUNT : this.bytes.readUInt16LE(area + 2 * index - 2);
    return this.bytes.toString('latin1', area + from, area + this.bytes.readUInt16LE(area + 2 * index));
  }

  /** RFC 5256 §2.1; as all folded keys a key of i;unicode-casemap. */
  baseSubject(): string {
    return this.key(KEYS.baseSubject);
  }

  /** Folded local part of the first address, '' when there is none. */
  firstFrom(): string {
    return this.key(KEYS.firstFrom);
  }

  firstTo(): string {
    return this.key(KEYS.firstTo);
  }

  firstCc(): string {
    return this.key(KEYS.firstCc);
  }

  /** RFC 5957 §3, folded. */
  displayFrom(): string {
    return this.key(KEYS.displayFrom);
  }

  displayTo(): string {
    return this.key(KEYS.displayTo);
  }

  /** Normalised, without angle brackets; '' when there is none. */
  messageId(): string {
    return this.key(KEYS.messageId);
  }

  inReplyTo(): string[] {
    return split(this.key(KEYS.inReplyTo));
  }

  references(): string[] {
    return split(this.key(KEYS.references));
  }

  private isCached(index: number): boolean {
    const bits = this.bytes.readUInt32LE(AT.tooLarge + (index < 32 ? 0 : 4));
    return ((bits >>> (index % 32)) & 1) === 0;
  }

  /**
   * HEADER.FIELDS of these names as latin1: exact octets and the blank line. undefined: some name is not among the
   * cached ones or its fields were too large; read the message.
   */
  cachedHeaders(names: readonly string[]): string | undefined {
    const indexes = indexesOf(names);
    if (indexes === undefined) return undefined;
    for (const index of indexes) {
      if (!this.isCached(index)) return undefined;
    }
    let out = '';
    const { bytes } = this;
    let at = this.end(3);
    for (let left = bytes.readUInt16LE(AT.headerCount); left > 0; left--) {
      const next = at + 3 + ((bytes[at + 1] as number) | ((bytes[at + 2] as number) << 8));
      if (indexes.includes(bytes[at] as number)) out += bytes.latin1Slice(at + 3, next);
      at = next;
    }
    return out + bytes.latin1Slice(at, this.end(4));
  }

  /** Unfolded value of the first field of a name: undefined when absent, null when the summary cannot know. */
  cachedHeader(name: string): string | undefined | null {
    const index = CACHED_INDEX.get(name.toLowerCase());
    if (index === undefined || !this.isCached(index)) return null;
    const { bytes } = this;
    let at = this.end(3);
    for (let left = bytes.readUInt16LE(AT.headerCount); left > 0; left--) {
      const next = at + 3 + bytes.readUInt16LE(at + 1);
      if (bytes[at] === index) {
        const raw = bytes.toString('latin1', at + 3, next);
        return unfold(raw.slice(raw.indexOf(':') + 1));
      }
      at = next;
    }
    return undefined;
  }
}

function split(ids: string): string[] {
  return ids === '' ? [] : ids.split(' ');
}

/** By the list itself: a FETCH asks for the same list of thousands of messages. Undefined: some name is not cacheable. */
const indexLists = new WeakMap<readonly string[], readonly number[] | null>();

function indexesOf(names: readonly string[]): readonly number[] | undefined {
  let list = indexLists.get(names);
  if (list === undefined) {
    const found = names.map((name) => CACHED_INDEX.get(name.toLowerCase()));
    list = found.every((index) => index !== undefined) ? found : null;
    indexLists.set(names, list);
  }
  return list ?? undefined;
}
