/** The last stage: the octets of messages that index and summary could not decide. */
import { isAscii } from 'node:buffer';
import {
  type ContentRequest,
  type EntityRange,
  type ImapSession,
  type NumberedSection,
  parse,
  type SummaryView,
  sectionsOf,
  transferDecoder,
} from '@angarium/sdk';
import { ContentReader, readWhole } from '../fetch/contents.js';
import { nextTurn } from '../view/index.js';
import { fieldsNamed, foldedHeader, isPlainHeader } from './header-text.js';
import { cutAt, MIN_SLICE_BYTES, SLICE_BYTES, SliceSearch } from './slices.js';
import {
  type Candidate,
  type CompiledSearch,
  lookInFields,
  NO,
  probeText,
  type TextProbe,
  UNKNOWN,
  YES,
} from './tests.js';

/** Octets of a message that may hold text: its header, text parts, headers of messages within. */
interface Piece {
  readonly request: number;
  /** Octets as stored. */
  readonly length: number;
  /**
   * The message's own header, in which HEADER keys look; that of a message within; that of a MIME part, in which TEXT looks
   * alone; undefined: no header.
   */
  readonly headerOf: 'message' | 'within' | 'mime' | undefined;
  readonly encoding: string;
  readonly charset: string | undefined;
}

/** A message with what is to be read of it. */
export interface TextSource {
  readonly uid: number;
  readonly pieces: readonly Piece[];
}

export class TextReader {
  private sinceTurn = 0;

  constructor(
    private readonly session: ImapSession,
    private readonly search: CompiledSearch,
  ) {}

  /** What has to be read of a message; adds to `requests`. */
  async source(uid: number, summary: SummaryView, requests: ContentRequest[]): Promise<TextSource> {
    const sections = summary.sectionsStored ? [...summary.sections()] : await this.parsed(uid);
    const pieces: Piece[] = [];
    const add = (from: number, length: number, piece: Omit<Piece, 'request' | 'length'>): void => {
      if (length > 0)
        pieces.push({ ...piece, length, request: requests.push({ uid, from, to: from + length }) - 1 });
    };
    const addHeader = (range: EntityRange, of: Piece['headerOf']): void => {
      add(range.headerOffset, range.headerLength, { headerOf: of, encoding: '', charset: undefined });
    };
    const { texts } = this.search;
    const looksEverywhere = texts.some(({ place }) => place === 'text');
    if (sections[0] !== undefined && texts.some(({ place }) => place !== 'body'))
      addHeader(sections[0], 'message');
    if (texts.every(({ place }) => place === 'header')) return { uid, pieces };
    for (const section of sections.slice(1)) {
      if (section.message !== undefined) addHeader(section.message, 'within');
      if (looksEverywhere && section.headerOffset !== sections[0]?.headerOffset) addHeader(section, 'mime');
      if (section.type !== 'text' || section.kind !== 'leaf') continue;
      const { encoding, charset } = section;
      add(section.bodyOffset, section.bodyLength, { headerOf: undefined, encoding, charset });
    }
    return { uid, pieces };
  }

  /** Fills in the candidate's verdicts until the program is decided. Reads all pieces of the source off the reader. */
  async decide(candidate: Candidate, source: TextSource, reader: ContentReader): Promise<boolean> {
    const { test, extensions, texts } = this.search;
    const { verdicts } = candidate;
    for (const piece of source.pieces) {
      if (test(candidate) !== UNKNOWN) {
        await reader.skip(piece.request);
        continue;
      }
      if (piece.headerOf !== undefined) {
        const bytes = await reader.collect(piece.request);
        if (bytes !== undefined) this.lookInHeader(candidate, piece, bytes.latin1Slice());
      } else await this.lookInBody(candidate, piece, reader);
      await this.rest(piece.length);
    }
    for (const { slot } of texts) if (verdicts[slot] === UNKNOWN) verdicts[slot] = NO;
    for (const { slot, leaf } of extensions) {
      if (test(candidate) !== UNKNOWN) break;
      const { summary, uid } = candidate;
      const matches = await leaf.key.matchMessage!(this.session, uid, summary!, leaf.args);
      verdicts[slot] = matches ? YES : NO;
    }
    return test(candidate) === YES;
  }

  private lookInHeader(candidate: Candidate, piece: Piece, raw: string): void {
    const { verdicts } = candidate;
    const probes = this.openProbes(candidate, piece);
    if (probes.length > 0 && !(isPlainHeader(raw) && hasNone(raw, probes))) {
      const text = foldedHeader(raw, this.search.fold);
      for (const probe of probes) probeText(candidate, probe, text);
    }
    if (piece.headerOf !== 'message') return;
    for (const probe of this.search.texts) {
      if (probe.place !== 'header' || verdicts[probe.slot] !== UNKNOWN) continue;
      lookInFields(candidate, fieldsNamed(raw, probe.field), probe);
    }
  }

  /** In bounded memory: octets are decoded and folded as they come. */
  private async lookInBody(candidate: Candidate, piece: Piece, reader: ContentReader): Promise<void> {
    const { verdicts } = candidate;
    const probes = this.openProbes(candidate, piece);
    const slices = new SliceSearch(probes, this.search.fold);
    // So that a slice takes the same time for hundreds of keys.
    const sliceBytes = Math.max(MIN_SLICE_BYTES, Math.floor(SLICE_BYTES / Math.ceil(probes.length / 32)));
    const decoder = transferDecoder(piece.encoding);
    let held: Buffer = nothing;
    let isCut = false;
    for (let isLast = false; !isLast; ) {
      const next = await reader.next(piece.request);
      isLast = next.isLast;
      if (probes.every(({ slot }) => verdicts[slot] === YES)) continue;
      held = joined(held, decoder.push(next.bytes), isLast ? decoder.end() : nothing);
      if (isLast && !isCut && held.length <= sliceBytes && isPlainText(held, piece.charset)) {
        if (hasNone(held.latin1Slice(), probes)) return;
      }
      let from = 0;
      while (held.length - from > sliceBytes || (isLast && from < held.length)) {
        const to = cutAt(held, from, piece.charset, sliceBytes);
        slices.feed(held.subarray(from, to), piece.charset, (probe, text) => {
          probeText(candidate, probe, text, BODY_WEIGHT);
        });
        from = to;
        if (from < held.length) await this.rest(SLICE_BYTES);
      }
      isCut ||= from > 0;
      held = held.subarray(from);
    }
  }

  /** TEXT looks everywhere, BODY not in the message's own header nor in those of MIME parts. */
  private openProbes({ verdicts }: Candidate, { headerOf }: Piece): readonly TextProbe[] {
    const isBody = headerOf === undefined || headerOf === 'within';
    return this.search.texts.filter(
      ({ slot, place }) => verdicts[slot] === UNKNOWN && (place === 'text' || (place === 'body' && isBody)),
    );
  }

  private async rest(bytes: number): Promise<void> {
    this.sinceTurn += bytes;
    if (this.sinceTurn < SLICE_BYTES) return;
    this.sinceTurn = 0;
    await nextTurn();
  }

  private async parsed(uid: number): Promise<readonly NumberedSection[]> {
    const bytes = await readWhole(this.session.selected.mailbox, uid);
    return bytes === undefined ? [] : [...sectionsOf(parse(bytes))];
  }
}

/** A word in a body says less of a message than one in its header (RFC 6203 §4). */
const BODY_WEIGHT = 0.8;

const nothing: Buffer = Buffer.alloc(0);

function joined(...parts: readonly Buffer[]): Buffer {
  const some = parts.filter((part) => part.length > 0);
  return some.length === 1 ? some[0]! : Buffer.concat(some);
}

/** Charsets in which ASCII octets are nothing but ASCII. */
const asciiCharsets =
  /^(us-ascii|ascii|utf-?8|iso-8859-\d+|windows-125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|euc-(jp|kr))$/;

function isPlainText(bytes: Buffer, charset: string | undefined): boolean {
  return (charset === undefined || asciiCharsets.test(charset)) && isAscii(bytes);
}

/** Has this plain text no word of any probe? Several times faster than folding it. */
function hasNone(text: string, probes: readonly TextProbe[]): boolean {
  const lower = text.toLowerCase();
  return probes.every(({ word }) => !lower.includes(word));
}
