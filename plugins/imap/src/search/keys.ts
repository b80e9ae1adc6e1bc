/** The search keys of RFC 3501 §6.4.4 and MODSEQ (RFC 7162 §3.1.5), by name. */
import { type CommandLine, Flag } from '@angarium/sdk';
import type { MessageEnvironment } from '../messages/environment.js';
import { commandLineFrom } from '../wire/index.js';
import { joined, type Leaf, type Node, negated, type Program, parseProgram } from './program.js';

type KeyParser = (line: CommandLine) => Node;

const MS_A_DAY = 86_400_000;

function flag(bit: number, isSet: boolean): KeyParser {
  return () => ({ op: 'flag', bit, isSet });
}

function keyword(isSet: boolean): KeyParser {
  return (line) => {
    line.sp();
    return { op: 'keyword', name: line.atom(), isSet };
  };
}

function date(of: 'internal' | 'sent', is: 'before' | 'on' | 'since'): KeyParser {
  return (line) => {
    line.sp();
    const { year, month, day } = line.date();
    return { op: 'date', of, is, day: Math.floor(Date.UTC(year, month - 1, day) / MS_A_DAY) };
  };
}

function size(than: 'larger' | 'smaller'): KeyParser {
  return (line) => {
    line.sp();
    return { op: 'size', than, octets: line.number() };
  };
}

function header(field: string): KeyParser {
  return (line) => {
    line.sp();
    return { op: 'text', place: 'header', field, text: line.astring() };
  };
}

function text(place: 'body' | 'text'): KeyParser {
  return (line) => {
    line.sp();
    return { op: 'text', place, field: '', text: line.astring() };
  };
}

function anyHeader(line: CommandLine): Leaf {
  line.sp();
  const field = line.astring().toLowerCase();
  line.sp();
  return { op: 'text', place: 'header', field, text: line.astring() };
}

/** `MODSEQ ["/flags/\\draft" all] 620162338`: one mod-sequence a message, so the entry does not matter. */
function modSeq(line: CommandLine): Leaf {
  line.sp();
  if (line.peek() === '"') {
    line.string();
    line.sp();
    const type = line.keyword();
    if (type !== 'ALL' && type !== 'PRIV' && type !== 'SHARED') line.fail('all, priv or shared');
    line.sp();
  }
  return { op: 'modseq', from: line.number64() };
}

const keys: Readonly<Record<string, KeyParser>> = {
  ALL: () => ({ op: 'all' }),
  ANSWERED: flag(Flag.answered, true),
  UNANSWERED: flag(Flag.answered, false),
  DELETED: flag(Flag.deleted, true),
  UNDELETED: flag(Flag.deleted, false),
  DRAFT: flag(Flag.draft, true),
  UNDRAFT: flag(Flag.draft, false),
  FLAGGED: flag(Flag.flagged, true),
  UNFLAGGED: flag(Flag.flagged, false),
  SEEN: flag(Flag.seen, true),
  UNSEEN: flag(Flag.seen, false),
  KEYWORD: keyword(true),
  UNKEYWORD: keyword(false),
  RECENT: () => ({ op: 'recent' }),
  OLD: () => negated({ op: 'recent' }),
  NEW: () => joined('and', [{ op: 'recent' }, { op: 'flag', bit: Flag.seen, isSet: false }]),
  BEFORE: date('internal', 'before'),
  ON: date('internal', 'on'),
  SINCE: date('internal', 'since'),
  SENTBEFORE: date('sent', 'before'),
  SENTON: date('sent', 'on'),
  SENTSINCE: date('sent', 'since'),
  LARGER: size('larger'),
  SMALLER: size('smaller'),
  FROM: header('from'),
  TO: header('to'),
  CC: header('cc'),
  BCC: header('bcc'),
  SUBJECT: header('subject'),
  HEADER: anyHeader,
  BODY: text('body'),
  TEXT: text('text'),
  MODSEQ: modSeq,
  UID: (line) => {
    line.sp();
    return { op: 'set', set: line.sequenceSet(), isUid: true };
  },
};

const keyTable: ReadonlyMap<string, KeyParser> = new Map(Object.entries(keys));

/** The keys of an extension's own making. */
function standingFor(keys: string, isUid: boolean, environment: MessageEnvironment): Node {
  const line = commandLineFrom(keys);
  const { root } = parseKeys(line, isUid, environment);
  line.end();
  return root;
}

/** `search-key *(SP search-key)`. */
export function parseKeys(line: CommandLine, isUid: boolean, environment: MessageEnvironment): Program {
  const leaf = (word: string | undefined): Node => {
    if (word === undefined) {
      const set = line.trySequenceSet() ?? line.fail('a search key');
      return { op: 'set', set, isUid: set.isSaved };
    }
    const key = keyTable.get(word);
    if (key !== undefined) return key(line);
    const extension = environment.searchKey(word);
    if (extension === undefined) return line.fail(`a search key instead of ${word}`);
    const args = extension.parse(line, isUid);
    if (extension.standsFor === undefined) return { op: 'extension', key: extension, args };
    return standingFor(extension.standsFor(args), isUid, environment);
  };
  return parseProgram(line, leaf, (word) => {
    const key = environment.searchKey(word);
    return key?.wrap === undefined ? undefined : key;
  });
}
