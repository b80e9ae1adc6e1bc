import {
  CLOCK,
  type Clock,
  Component,
  decodeWords,
  type FetchItem,
  type FlagSet,
  fold,
  IMAP_EXTENSIONS,
  type ImapExtensions,
  type ImapSession,
  ImapSyntaxError,
  inject,
  injectable,
  type SearchKey,
  SummaryView,
  threadIdOf,
  wireString,
} from '@angarium/sdk';
import { labelChanges, labelsOf, parseLabels } from './labels.js';
import { QueryError, searchKeysOf } from './query.js';

/** 64 bits as Gmail's ids are, the highest 0, so that clients may take them for signed. */
function idOf(octets: Buffer): string {
  return (octets.readBigUInt64BE(0) >> 1n).toString();
}

const messageIdOf = (summary: SummaryView): string => idOf(summary.guid);
const conversationIdOf = (summary: SummaryView): string => idOf(threadIdOf(summary));

/** Gmail's own order, which getmail knows by heart. */
const order = ['X-GM-THRID', 'X-GM-MSGID', 'X-GM-LABELS'];

function idItem(name: string, of: (summary: SummaryView) => string): FetchItem {
  return {
    name,
    rank: order.indexOf(name),
    needs: 'summary',
    run: ({ summaries }) => summaries!.records.map((record) => `${name} ${of(new SummaryView(record))}`),
  };
}

function idKey(name: string, of: (summary: SummaryView) => string): SearchKey {
  return {
    name,
    needs: 'summary',
    parse(line) {
      line.sp();
      const text = line.atom();
      return /^\d{1,20}$/.test(text) ? text : line.fail('a number');
    },
    matchSummary: (_session, summary, id) => of(summary) === id,
  };
}

/** Set once the client has asked for labels: from then on it is told of changes (as Gmail does). */
const used = Symbol('X-GM-LABELS');

function usesLabels(session: ImapSession): { isUsed: boolean } {
  return session.local(used, () => ({ isUsed: false }));
}

function labelsText(session: ImapSession, ...[chunk, at]: [Parameters<typeof labelsOf>[1], number]): string {
  const names = session.selected.view.head.keywordNames;
  return `X-GM-LABELS (${labelsOf(names, chunk, at)
    .map((label) => wireString(label))
    .join(' ')})`;
}

const labelsItem: FetchItem = {
  name: 'X-GM-LABELS',
  rank: order.indexOf('X-GM-LABELS'),
  needs: 'index',
  run({ session, chunks, at }) {
    usesLabels(session).isUsed = true;
    return chunks.map((chunk, i) => labelsText(session, chunk, at[i]!));
  },
};

/** Mailboxes that Gmail's names stand for, by special use. */
const places: Readonly<Record<string, string>> = {
  sent: '\\Sent',
  trash: '\\Trash',
  bin: '\\Trash',
  spam: '\\Junk',
  junk: '\\Junk',
  draft: '\\Drafts',
  drafts: '\\Drafts',
  archive: '\\Archive',
};

function isIn({ selected, namespace }: ImapSession, place: string): boolean {
  const { name, specialUse } = selected.entry;
  const wanted = fold(Buffer.from(place, 'latin1').toString('utf8'));
  if (wanted === fold(name.path.at(-1) ?? 'inbox') || wanted === fold(namespace.toClient(name))) return true;
  const use = places[place.toLowerCase()];
  return use !== undefined && specialUse.includes(use);
}

/** Values of NAME and FILENAME in a structure, as octets; RFC 2231 escapes undone as far as they are ASCII. */
const fileNames = /"(?:FILE)?NAME\*?" (?:"((?:[^"\\]|\\.)*)"|\{\d+\}\r\n([^"()]*))/g;

function hasFileName(summary: SummaryView, wanted: string): boolean {
  const needle = fold(Buffer.from(wanted, 'latin1').toString('utf8'));
  for (const [, quoted, literal] of (summary.bodyStructure() ?? '').matchAll(fileNames)) {
    const name = (quoted ?? literal ?? '')
      .replace(/^[\w-]*'[\w-]*'/, '')
      .replace(/%([0-9A-F]{2})/gi, (_all, hex) => {
        return String.fromCharCode(Number.parseInt(hex, 16));
      });
    const text = decodeWords(Buffer.from(name, 'latin1').toString('utf8'));
    if (fold(text).includes(needle)) return true;
  }
  return false;
}

function stringKey(key: Omit<SearchKey, 'parse'>): SearchKey {
  return {
    ...key,
    parse(line) {
      line.sp();
      return line.astring();
    },
  };
}

const states = ['authenticated', 'selected'] as const;

@injectable()
export class GmailExtension extends Component {
  constructor(
    @inject(IMAP_EXTENSIONS) private readonly imap: ImapExtensions,
    @inject(CLOCK) private readonly clock: Clock,
  ) {
    super();
  }

  override start(): void {
    this.own(
      this.imap.add({
        name: 'X-GM-EXT-1',
        capabilities: [{ word: 'X-GM-EXT-1', states }],
        fetchItems: [idItem('X-GM-MSGID', messageIdOf), idItem('X-GM-THRID', conversationIdOf), labelsItem],
        searchKeys: this.searchKeys(),
        storeItems: [
          {
            name: 'X-GM-LABELS',
            parse: parseLabels,
            changes(session, mode, labels) {
              usesLabels(session).isUsed = true;
              return labelChanges(session.selected.view.head.keywordNames, mode, labels as FlagSet);
            },
          },
        ],
        updateFilters: [
          {
            isActive: (session) => usesLabels(session).isUsed,
            flagsChanged: labelsText,
          },
        ],
      }),
    );
  }

  private searchKeys(): SearchKey[] {
    return [
      idKey('X-GM-MSGID', messageIdOf),
      idKey('X-GM-THRID', conversationIdOf),
      {
        name: 'X-GM-RAW',
        needs: 'index',
        parse: (line) => {
          line.sp();
          return this.keysOf(line.astring());
        },
        standsFor: (keys) => keys as string,
      },
      {
        name: 'X-GM-LABELS',
        needs: 'index',
        parse(line) {
          line.sp();
          return parseLabels(line);
        },
        matchIndex(session, chunk, at, labels) {
          const { system, keywords } = labels as FlagSet;
          const { keywordNames } = session.selected.view.head;
          const bits = keywords.map((name) =>
            keywordNames.findIndex((known) => known.toLowerCase() === name.toLowerCase()),
          );
          const hasKeywords = bits.every(
            (bit) => bit >= 0 && ((chunk.keywords[at * 4 + (bit >> 5)]! >>> (bit & 31)) & 1) === 1,
          );
          return hasKeywords && (chunk.flags[at]! & system) === system;
        },
      },
      stringKey({
        name: 'X-GM-IN',
        needs: 'index',
        matchIndex: (session, _chunk, _at, place) => isIn(session, place as string),
      }),
      stringKey({
        name: 'X-GM-FILENAME',
        needs: 'summary',
        matchSummary: (_session, summary, wanted) => hasFileName(summary, wanted as string),
      }),
      {
        name: 'X-GM-HAS-ATTACHMENT',
        needs: 'summary',
        parse: () => undefined,
        matchSummary: (_session, summary) => summary.hasAttachment,
      },
      {
        name: 'X-GM-HAS-LABELS',
        needs: 'index',
        parse: () => undefined,
        matchIndex: (session, chunk, at) =>
          labelsOf(session.selected.view.head.keywordNames, chunk, at).some(
            (label) => !label.startsWith('\\'),
          ),
      },
    ];
  }

  private keysOf(query: string): string {
    try {
      return searchKeysOf(query, this.clock.now());
    } catch (error) {
      if (error instanceof QueryError) throw new ImapSyntaxError(error.message);
      throw error;
    }
  }
}
