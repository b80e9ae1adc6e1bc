/** Header fields and metadata items of articles, for OVER, HDR and XPAT (RFC 3977 §8). */
import { isCacheableHeader, type SummaryView } from '@angarium/sdk';
import type { Group } from '../groups/groups.js';
import { articleId } from '../history/article-id.js';
import type { Place } from '../history/history.js';
import type { NntpSession } from '../session.js';
import { oneLine } from '../text.js';
import { storedField } from './stored-field.js';
import { XrefWriter } from './xref.js';

/** What a field is read from. */
export interface FieldSource {
  readonly group: Group;
  readonly uid: number;
  readonly summary: SummaryView;
  /** Where else the article is. */
  readonly others: readonly Place[];
}

/** Answers wire octets on one line, '' for a field that is absent. */
export type FieldReader = (source: FieldSource) => string | Promise<string>;

/** RFC 3977 §8.1: metadata items that are known. */
export const metadataItems = [':bytes', ':lines'] as const;

/** Undefined: no such metadata item. @param name of a header field, or `:item`; in any case. */
export function fieldReader(session: NntpSession, name: string): FieldReader | undefined {
  const lower = name.toLowerCase();
  if (lower === ':bytes') return ({ summary }) => String(summary.size);
  if (lower === ':lines') return ({ summary }) => String(summary.lines);
  if (lower.startsWith(':')) return undefined;
  if (lower === 'xref') {
    const xref = new XrefWriter(session);
    return ({ group, uid, others }) => xref.value(group, uid, others);
  }
  const { serverName } = session.environment.host;
  if (lower === 'message-id') return ({ summary }) => articleId(summary, serverName);
  // RFC 2980 §2.6: Lines and Bytes are asked for by old readers; few articles have the fields.
  const isCached = isCacheableHeader(lower);
  return (source) => {
    const value = isCached ? source.summary.cachedHeader(lower) : null;
    return value === null ? fromHeader(session, source, lower) : oneLine(value ?? '');
  };
}

/** Reads the article's header. */
async function fromHeader(session: NntpSession, { group, uid, summary }: FieldSource, name: string) {
  const mailbox = session.environment.store.mailbox(group.entry.id);
  return oneLine((await storedField(mailbox, uid, summary, name)) ?? '');
}

/** The overview in its order (RFC 3977 §8.4): seven fields, and Xref with its name. */
export const overviewFields = ['Subject', 'From', 'Date', 'Message-ID', 'References', ':bytes', ':lines'];

export function overviewReader(session: NntpSession): FieldReader {
  const readers = overviewFields.map((name) => fieldReader(session, name)!);
  const xref = fieldReader(session, 'xref')!;
  const slowly = async (source: FieldSource) => {
    const values: string[] = [];
    for (const reader of readers) values.push(await reader(source));
    return `${values.join('\t')}\tXref: ${await xref(source)}`;
  };
  // Nearly always all is in the summary: no promise an article then.
  return (source) => {
    let line = '';
    for (const reader of readers) {
      const value = reader(source);
      if (typeof value !== 'string') return slowly(source);
      line += `${value}\t`;
    }
    const last = xref(source);
    return typeof last === 'string' ? `${line}Xref: ${last}` : slowly(source);
  };
}
