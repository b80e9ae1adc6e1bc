/**
 * The keys within MIMEPART, after Dovecot's imap-search-mimepart; built from the description of its grammar, as no
 * standard has it. Its HEADER, BODY and TEXT are left out: they would read the message.
 */
import { type CommandLine, decodeWords, type Parameter, parameterValue, parseMailDate } from '@angarium/sdk';
import type { Part } from './structure.js';

/** A part where it is in its message. */
export interface PlacedPart {
  readonly part: Part;
  /** 0 for the message itself. */
  readonly depth: number;
  /** Among its siblings, from 1. */
  readonly index: number;
  readonly parent: PlacedPart | undefined;
  readonly children: readonly PlacedPart[];
}

/** `fold` is the session's comparator. */
export type PartTest = (placed: PlacedPart, fold: (text: string) => string) => boolean;

/** Lists, NOT, OR, PARENT and CHILD inside one another; nobody sends five. */
const MAX_DEPTH = 40;
/** Keys of one MIMEPART: each is looked at for each part. */
const MAX_KEYS = 1000;

export function parsePartKeys(line: CommandLine): PartTest {
  line.sp();
  return new KeyParser(line).key(0);
}

class KeyParser {
  private count = 0;

  constructor(private readonly line: CommandLine) {}

  key(depth: number): PartTest {
    const { line } = this;
    if (depth > MAX_DEPTH) line.fail(`at most ${MAX_DEPTH} MIMEPART keys inside one another`);
    if (++this.count > MAX_KEYS) line.fail(`at most ${MAX_KEYS} MIMEPART keys`);
    if (line.tryExpect('(')) return this.rest(depth);
    const name = line.itemName();
    const combined = this.combination(name, depth);
    if (combined !== undefined) return combined;
    const read = keys.get(name);
    if (read === undefined) return line.fail(`a MIMEPART key instead of ${name}`);
    return read(line);
  }

  /** All of a list whose parenthesis has been read. */
  private rest(depth: number): PartTest {
    const tests: PartTest[] = [];
    do tests.push(this.key(depth + 1));
    while (this.line.trySp());
    this.line.expect(')');
    return (placed, fold) => tests.every((test) => test(placed, fold));
  }

  private combination(name: string, depth: number): PartTest | undefined {
    const next = (): PartTest => {
      this.line.sp();
      return this.key(depth + 1);
    };
    if (name === 'NOT') {
      const test = next();
      return (placed, fold) => !test(placed, fold);
    }
    if (name === 'OR') {
      const first = next();
      const second = next();
      return (placed, fold) => first(placed, fold) || second(placed, fold);
    }
    if (name !== 'PARENT' && name !== 'CHILD') return undefined;
    if (this.line.tryExpect(' EXISTS'))
      return name === 'PARENT' ? ({ parent }) => parent !== undefined : ({ children }) => children.length > 0;
    const test = next();
    if (name === 'CHILD') return ({ children }, fold) => children.some((child) => test(child, fold));
    return ({ parent }, fold) => parent !== undefined && test(parent, fold);
  }
}

type Field = (part: Part) => string | undefined;

function argument(line: CommandLine): string {
  line.sp();
  return line.text();
}

/** Substring in the decoded field; an empty string asks whether there is one. */
function contains(field: Field): (line: CommandLine) => PartTest {
  return (line) => {
    const text = argument(line);
    return ({ part }, fold) => {
      const value = field(part);
      return value !== undefined && fold(decodeWords(value)).includes(fold(text));
    };
  };
}

/** The whole field, without case. */
function equals(field: Field): (line: CommandLine) => PartTest {
  return (line) => {
    const text = argument(line).toLowerCase();
    return ({ part }) => field(part)?.toLowerCase() === text;
  };
}

function parameter(list: (part: Part) => readonly Parameter[]): (line: CommandLine) => PartTest {
  return (line) => {
    const name = argument(line);
    const text = argument(line);
    return ({ part }, fold) => {
      const value = parameterValue(list(part), name);
      return value !== undefined && fold(value).includes(fold(text));
    };
  };
}

const dispositionParameters = (part: Part): readonly Parameter[] => part.disposition?.parameters ?? [];

function fileNameOf(part: Part): string | undefined {
  return parameterValue(dispositionParameters(part), 'filename') ?? parameterValue(part.parameters, 'name');
}

type Comparison = (value: string, text: string) => boolean;

const comparisons: ReadonlyMap<string, Comparison> = new Map([
  ['IS', (value, text) => value === text],
  ['CONTAINS', (value, text) => value.includes(text)],
  ['BEGINS', (value, text) => value.startsWith(text)],
  ['ENDS', (value, text) => value.endsWith(text)],
]);

function fileName(line: CommandLine): PartTest {
  line.sp();
  const how = line.itemName();
  const compare = comparisons.get(how) ?? line.fail(`IS, CONTAINS, BEGINS or ENDS instead of ${how}`);
  const text = argument(line);
  return ({ part }, fold) => {
    const value = fileNameOf(part);
    return value !== undefined && compare(fold(value), fold(text));
  };
}

/** A part whose file name contains this. */
export function namedLike(text: string): PartTest {
  return ({ part }, fold) => {
    const value = fileNameOf(part);
    return value !== undefined && fold(value).includes(fold(text));
  };
}

function disposition(line: CommandLine): PartTest {
  line.sp();
  const what = line.itemName();
  if (what === 'TYPE') return equals((part) => part.disposition?.type)(line);
  if (what === 'PARAM') return parameter(dispositionParameters)(line);
  return line.fail(`TYPE or PARAM instead of ${what}`);
}

function envelope(name: string): (line: CommandLine) => PartTest {
  return contains((part) => part.envelope?.get(name));
}

/** The day as written, as with SENTON of messages (RFC 3501 §6.4.4). */
function sent(compare: (day: number, asked: number) => boolean): (line: CommandLine) => PartTest {
  return (line) => {
    line.sp();
    const { year, month, day } = line.date();
    const asked = Math.floor(Date.UTC(year, month - 1, day) / MS_A_DAY);
    return ({ part }) => {
      const date = parseMailDate(part.envelope?.get('DATE') ?? '');
      if (date === undefined) return false;
      return compare(Math.floor((date.ms + date.zoneMinutes * 60_000) / MS_A_DAY), asked);
    };
  };
}

const MS_A_DAY = 86_400_000;

type Numbers = (value: number, limit: number) => boolean;

/** `n` for exactly that, or a word of these before it. */
function number(
  value: (placed: PlacedPart) => number,
  words: Readonly<Record<string, Numbers>> = {},
): (line: CommandLine) => PartTest {
  return (line) => {
    line.sp();
    let compare: Numbers | undefined = (a, b) => a === b;
    if (!/[0-9]/.test(line.peek())) {
      const word = line.itemName();
      compare = words[word] ?? line.fail(`a number instead of ${word}`);
      line.sp();
    }
    const limit = line.number();
    const matches = compare;
    return (placed) => matches(value(placed), limit);
  };
}

const keys: ReadonlyMap<string, (line: CommandLine) => PartTest> = new Map([
  ['ALL', () => () => true],
  ['DESCRIPTION', contains((part) => part.description)],
  ['DISPOSITION', disposition],
  ['ENCODING', equals((part) => part.encoding)],
  ['FILENAME', fileName],
  ['ID', contains((part) => part.id)],
  [
    'LANGUAGE',
    (line) => {
      const tag = argument(line).toLowerCase();
      return ({ part }: PlacedPart) => part.language.some((one) => one.toLowerCase() === tag);
    },
  ],
  ['LOCATION', contains((part) => part.location)],
  ['MD5', equals((part) => part.md5)],
  ['PARAM', parameter((part) => part.parameters)],
  ['TYPE', equals((part) => part.type)],
  ['SUBTYPE', equals((part) => part.subtype)],
  ...['SUBJECT', 'FROM', 'SENDER', 'REPLY-TO', 'TO', 'CC', 'BCC', 'IN-REPLY-TO', 'MESSAGE-ID'].map(
    (name) => [name, envelope(name)] as const,
  ),
  ['SENTBEFORE', sent((day, asked) => day < asked)],
  ['SENTON', sent((day, asked) => day === asked)],
  ['SENTSINCE', sent((day, asked) => day >= asked)],
  ['SIZE', number(({ part }) => part.size, { LARGER: (a, b) => a > b, SMALLER: (a, b) => a < b })],
  ['DEPTH', number(({ depth }) => depth, { MIN: (a, b) => a >= b, MAX: (a, b) => a <= b })],
  ['INDEX', number(({ index }) => index)],
]);
