/**
 * Command lines made by the grammar that reads them: a `CommandLine` whose rules write what they would accept. Whatever a
 * command's `parse` asks for, it gets something that fits, so every command of a registry has samples without anybody writing them
 * down: strings as atoms, quoted, as literals and literal8, numbers at their ends, sets, lists, keywords by name.
 */
import { type CommandLine, type FlagSet, type ImapCommand, type SequenceSet, STAR } from '@angarium/sdk';

/** Where chance comes from: an integer from 0 to `below - 1`. */
export type Pick = (below: number) => number;

/** What names there are: `words` stand for keywords and item names, in groups of one kind each. */
export interface Vocabulary {
  readonly words: readonly (readonly string[])[];
  /** As a client writes them, in octets. */
  readonly mailboxes: readonly string[];
}

/** The rule that was asked for does not fit what has been promised before: begin again. */
class DeadEnd extends Error {
  override readonly name = 'DeadEnd';
}

const MAX_LENGTH = 8000;
const ATTEMPTS = 1000;

/** What `peek` shows. A letter stands for any: callers ask whether it is one. */
const shown = [...'(("1*$[AAAA+-/<~ '];

const many = Array.from({ length: 1000 }, (_, i) => i * 2 + 1).join();

/**
 * The arguments of a command as it may be sent, from behind its name; literals do not wait. Undefined: chance has not found any.
 * A `streaming` command ends with its first message.
 */
export function sampleArguments(
  command: ImapCommand<unknown>,
  isUid: boolean,
  vocabulary: Vocabulary,
  pick: Pick,
): string | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const line = new WritingLine(vocabulary, pick);
    try {
      command.parse(line, isUid);
      return line.finish();
    } catch (error) {
      // Dead ends, and what the grammar itself refuses: a set where the sizes differ, a name that is none.
      if (error instanceof TypeError || error instanceof RangeError) throw error;
    }
  }
  return undefined;
}

const atoms = ['a', 'x.y', 'NIL', 'INBOX', '42', 'Sent-1', 'a/b', '$Label', 'imap://h/b', '=', 'UTF-8', 'de'];
const strings = [
  '',
  'x',
  'a b',
  '"',
  '\\',
  '\xc3\xa9',
  '\xff',
  'x'.repeat(300),
  '(',
  '{5}',
  'a@b.c',
  '/shared/comment',
  'value.shared',
  'value.priv',
];
const numbers = ['0', '1', '2', '7', '4294967295'];
const numbers64 = [...numbers, '4294967296', '9007199254740993', '9223372036854775807'];
const sets = [
  '1',
  '1:*',
  '*',
  '*:1',
  '4294967295:*',
  '2:4',
  '1,3,2',
  '4294967295',
  '1:4294967295',
  '$',
  many,
];
const flagLists = ['(\\Seen)', '()', '\\Deleted', '(\\Answered kw $Junk)', '\\Flagged \\Draft'];
const dates = ['1-Feb-1994', '"29-Feb-2024"', '31-Dec-9999', '1-Jan-1970'];
const dateTimes = [
  '" 7-Feb-1994 21:52:25 -0800"',
  '"01-Jan-1970 00:00:00 +0000"',
  '"31-Dec-2037 23:59:60 +1400"',
];
const message = 'From: a@b.c\r\nSubject: x\r\n\r\nText\r\n';

class WritingLine implements CommandLine {
  private written = '';
  private isEnded = false;
  /** The character that `peek` has promised; what comes next begins with it. */
  private promised: string | undefined;
  private literalPromised = false;
  /** Keywords of one line are mostly of one kind. */
  private readonly favourite: number;

  constructor(
    private readonly vocabulary: Vocabulary,
    private readonly pick: Pick,
  ) {
    this.favourite = pick(vocabulary.words.length);
  }

  finish(): string {
    if (this.promised !== undefined) throw new DeadEnd();
    if (this.literalPromised) this.add(this.literal(message));
    return this.written;
  }

  get position(): number {
    return this.written.length;
  }

  get isAtEnd(): boolean {
    if (this.promised === undefined && !this.literalPromised && this.pick(2) === 0) this.isEnded = true;
    return this.isEnded;
  }

  get isAtLiteral(): boolean {
    if (this.promised === undefined && !this.isEnded && this.pick(4) > 0) this.literalPromised = true;
    return this.literalPromised;
  }

  peek(): string {
    if (this.isEnded || this.literalPromised) return '';
    this.promised ??= this.one(shown);
    return this.promised;
  }

  fail(): never {
    throw new DeadEnd();
  }

  sp(): void {
    this.add(' ');
  }

  trySp(): boolean {
    return this.maybe(' ');
  }

  end(): void {
    if (this.promised !== undefined || this.literalPromised) throw new DeadEnd();
    this.isEnded = true;
  }

  expect(text: string): void {
    this.add(text);
  }

  tryExpect(text: string): boolean {
    return this.maybe(text);
  }

  atom(): string {
    return this.add(this.fitting([...atoms, ...this.words()]));
  }

  tryAtom(): string | undefined {
    return this.perhaps(() => this.atom());
  }

  keyword(): string {
    return this.add(this.fitting(this.words())).toUpperCase();
  }

  tryKeyword(): string | undefined {
    return this.perhaps(() => this.keyword());
  }

  itemName(): string {
    const names = this.words().filter((word) => /^[\w.-]+$/.test(word));
    return this.add(this.fitting(names)).toUpperCase();
  }

  tryItemName(): string | undefined {
    return this.perhaps(() => this.itemName());
  }

  flag(): string {
    return this.add(this.fitting(['\\Seen', '\\Recent', 'kw', '$Junk']));
  }

  flags(): FlagSet {
    this.add(this.fitting(flagLists));
    return { system: 0, keywords: [] };
  }

  string(): string {
    return this.addString(false, false);
  }

  nstring(): string | undefined {
    return this.maybe('NIL') ? undefined : this.addString(false, false);
  }

  octets(): string | undefined {
    return this.maybe('NIL') ? undefined : this.addString(false, true);
  }

  astring(): string {
    return this.addString(true, false);
  }

  tryAstring(): string | undefined {
    return this.perhaps(() => this.astring());
  }

  text(): string {
    return this.astring();
  }

  mailbox(): string {
    return this.addName(this.vocabulary.mailboxes);
  }

  listMailbox(): string {
    return this.addName(['*', '%', 'INBOX*', '*%*%*', ...this.vocabulary.mailboxes]);
  }

  number(): number {
    return Number(this.add(this.fitting(numbers)));
  }

  nzNumber(): number {
    return Number(this.add(this.fitting(numbers.slice(1))));
  }

  number64(): number {
    return Math.min(Number(this.add(this.fitting(numbers64))), Number.MAX_SAFE_INTEGER);
  }

  sequenceSet(): SequenceSet {
    const text = this.add(this.fitting(sets));
    if (text === '$') return { ranges: [], isSaved: true };
    const bound = (part: string): number => (part === '*' ? STAR : Number(part));
    const ranges = text.split(',').map((range): [number, number] => {
      const [from = '', to = from] = range.split(':');
      return [bound(from), bound(to)];
    });
    return { ranges, isSaved: false };
  }

  trySequenceSet(): SequenceSet | undefined {
    return this.perhaps(() => this.sequenceSet());
  }

  dateTime(): number {
    this.add(this.fitting(dateTimes));
    return 0;
  }

  date(): { readonly year: number; readonly month: number; readonly day: number } {
    this.add(this.fitting(dates));
    return { year: 1994, month: 2, day: 1 };
  }

  list<T>(item: () => T, min = 1): T[] {
    this.add('(');
    const items: T[] = [];
    const count = min + this.pick(3);
    while (items.length < count) {
      if (items.length > 0) this.sp();
      items.push(item());
    }
    this.add(')');
    return items;
  }

  tryList<T>(item: () => T, min = 1): T[] | undefined {
    if (this.promised === undefined ? this.pick(2) === 0 : this.promised !== '(') return undefined;
    return this.list(item, min);
  }

  literalStream(): never {
    throw new DeadEnd();
  }

  more(): never {
    throw new DeadEnd();
  }

  readOn(): never {
    throw new DeadEnd();
  }

  private words(): readonly string[] {
    const { words } = this.vocabulary;
    return words[this.pick(3) > 0 ? this.favourite : this.pick(words.length)]!;
  }

  private one<T>(of: readonly T[]): T {
    return of[this.pick(of.length)]!;
  }

  /** Does it begin as promised? */
  private isKept(text: string): boolean {
    const { promised } = this;
    if (promised === undefined) return true;
    return promised === 'A' ? /^[A-Za-z]/.test(text) : text.startsWith(promised);
  }

  /** One of these that begins as promised. */
  private fitting(texts: readonly string[]): string {
    const fit = this.promised === undefined ? texts : texts.filter((text) => this.isKept(text));
    return fit.length === 0 ? this.fail() : this.one(fit);
  }

  private add(text: string): string {
    const isLiteral = this.literalPromised && !/^~?\{/.test(text);
    if (this.isEnded || !this.isKept(text) || isLiteral || this.written.length > MAX_LENGTH)
      throw new DeadEnd();
    this.promised = undefined;
    this.literalPromised = false;
    this.written += text;
    return text;
  }

  private maybe(text: string): boolean {
    if (this.isEnded || this.literalPromised) return false;
    const isIt = this.promised === undefined ? this.pick(2) === 0 : this.isKept(text) && this.pick(4) > 0;
    if (isIt) this.add(text);
    return isIt;
  }

  private perhaps<T>(rule: () => T): T | undefined {
    if (this.promised === undefined && !this.literalPromised && this.pick(2) === 0) return undefined;
    return rule();
  }

  private literal(octets: string, isBinary = false): string {
    return `${isBinary ? '~' : ''}{${octets.length}+}\r\n${octets}`;
  }

  private addString(mayBeAtom: boolean, mayBeBinary: boolean): string {
    const octets = this.one(strings);
    const forms = [`"${octets.replace(/["\\]/g, '\\$&')}"`, this.literal(octets)];
    if (mayBeBinary) forms.push(this.literal(`\0${octets}`, true));
    const atom = this.one(atoms);
    if (mayBeAtom) forms.push(atom);
    if (this.literalPromised) this.add(forms[1]!);
    else if (this.add(this.fitting(forms)) === atom) return atom;
    return octets;
  }

  private addName(names: readonly string[]): string {
    const name = this.one(names);
    const forms = [`"${name.replace(/["\\]/g, '\\$&')}"`, this.literal(name)];
    if (/^[\w.&%*/-]+$/.test(name)) forms.push(name);
    this.add(this.literalPromised ? forms[1]! : this.fitting(forms));
    return name;
  }
}
