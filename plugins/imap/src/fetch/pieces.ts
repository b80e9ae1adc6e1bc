/** What a BODY[…] item of one message is made of. */
import { type ContentRequest, headerSubset, type SummaryView } from '@angarium/sdk';
import type { SectionItem } from './items.js';
import { locate, type SectionFinder } from './section.js';

/** What has to be known of a message to find its sections. */
export interface MessageFacts {
  readonly uid: number;
  readonly size: number;
  /** Undefined where whole messages are asked for, and nothing else of them. */
  readonly summary: SummaryView | undefined;
  readonly find: SectionFinder;
}

/** Octets to come: a literal of known length, or (subset of a header) made of all of them. */
export interface Wanted {
  readonly request: number;
  readonly label: string;
  readonly length: number;
  readonly make: ((bytes: Buffer) => Buffer) | undefined;
}

/** As an nstring. */
export function literal(bytes: Buffer): string {
  return bytes.length === 0 ? '""' : `{${bytes.length}}\r\n${bytes.latin1Slice()}`;
}

/** What a section item of one message is: known at once, or octets to be asked for (added to `requests`). */
export function sectionPiece(
  item: SectionItem,
  { uid, size, summary, find }: MessageFacts,
  requests: ContentRequest[],
): string | Wanted {
  const { label, spec, partial } = item;
  if (spec.text === 'HEADER.FIELDS' && spec.path.length === 0) {
    const cached = summary?.cachedHeaders(spec.names);
    if (cached !== undefined) {
      const cut = partial === undefined ? cached : cached.slice(partial.start, partial.start + partial.count);
      return `${label} ${cut === '' ? '""' : `{${cut.length}}\r\n${cut}`}`;
    }
  }
  const range = locate(spec, size, find);
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
