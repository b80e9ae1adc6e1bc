import { Lexer } from './lexer.js';
import type { Address, AddressEntry, AddressGroup } from './types.js';

/**
 * Address lists, RFC 5322 §3.4 with the obsolete forms of §4.4, on latin1 octets or text (RFC 6532); never fails.
 * Deviations that mail needs: a comment after a bare address is its name (RFC 822 style); an encoded word is
 * one atom, whatever stands in it; words without address are a name, one word a mailbox without host; stray specials are skipped.
 */

/** More entries than this in one list are dropped. */
const MAX_ADDRESSES = 50_000;

/** Reads an address list (RFC 5322 §3.4, obsolete forms too); never throws, what is unreadable is left out. */
export function parseAddressList(value: string): AddressEntry[] {
  const parser = new ListParser(value);
  parser.run();
  return parser.entries;
}

/** All mailboxes of a list, those of groups in their place. */
export function flattenAddresses(entries: readonly AddressEntry[]): Address[] {
  return entries.flatMap((entry) => ('group' in entry ? entry.members : [entry]));
}

interface Word {
  readonly text: string;
  /** Blanks or comments before it. */
  readonly spaced: boolean;
}

class ListParser {
  readonly entries: AddressEntry[] = [];
  private members: Address[] | undefined;
  private words: Word[] = [];
  private readonly lexer: Lexer;
  private count = 0;

  constructor(value: string) {
    this.lexer = new Lexer(value);
  }

  run(): void {
    const { lexer } = this;
    for (;;) {
      const before = lexer.pos;
      lexer.blanks();
      if (lexer.done || this.count >= MAX_ADDRESSES) break;
      const c = lexer.text.charCodeAt(lexer.pos);
      if (c === 44) this.separator();
      else if (c === 59) this.groupEnds();
      else if (c === 58) this.groupStarts();
      else if (c === 60) this.angle();
      else if (c === 64) this.bare();
      else this.word(c, lexer.pos > before);
    }
    this.groupEnds();
  }

  private word(c: number, spaced: boolean): void {
    const { lexer } = this;
    if (c === 34) {
      this.words.push({ text: lexer.quoted(), spaced });
      return;
    }
    const text = atom(lexer);
    if (text === '') lexer.skip();
    else this.words.push({ text, spaced });
  }

  private separator(): void {
    this.lexer.skip();
    this.flush();
  }

  private groupStarts(): void {
    this.lexer.skip();
    if (this.members !== undefined || this.words.length === 0) return;
    const group: AddressGroup = { group: phrase(this.words), members: [] };
    this.entries.push(group);
    this.members = group.members as Address[];
    this.words = [];
    this.lexer.comment = undefined;
  }

  private groupEnds(): void {
    this.lexer.skip();
    this.flush();
    this.members = undefined;
  }

  /** Words that no address followed: several are a name, a single one may be a local mailbox. */
  private flush(): void {
    if (this.words.length > 0) {
      const text = phrase(this.words);
      const named = text.includes(' ');
      this.add({ name: named ? text : undefined, route: undefined, mailbox: named ? '' : text, host: '' });
    }
    this.words = [];
    this.lexer.comment = undefined;
  }

  private add(address: Address): void {
    this.count++;
    (this.members ?? this.entries).push(address);
    this.words = [];
    this.lexer.comment = undefined;
  }

  /** `phrase <route:local@domain>`; what stands between `>` and the comma is dropped. */
  private angle(): void {
    const { lexer } = this;
    lexer.skip();
    const { comment } = lexer;
    const name = this.words.length > 0 ? phrase(this.words) : undefined;
    lexer.blanks();
    let route: string | undefined;
    if (lexer.text.charCodeAt(lexer.pos) === 64) route = this.route();
    const mailbox = localPart(lexer);
    const host = lexer.take(64) ? domain(lexer) : '';
    const { text } = lexer;
    for (; !lexer.done; lexer.pos++) {
      const c = text.charCodeAt(lexer.pos);
      if (c === 62 || c === 44 || c === 59) break;
    }
    lexer.take(62);
    lexer.comment = undefined;
    this.afterAngle();
    if (mailbox === '' && host === '' && name === undefined) this.flush();
    else this.add({ name: name ?? lexer.comment ?? comment, route, mailbox, host });
  }

  private afterAngle(): void {
    const { lexer } = this;
    for (;;) {
      lexer.blanks();
      const c = lexer.text.charCodeAt(lexer.pos);
      if (lexer.done || c === 44 || c === 59 || c === 60) return;
      if (c === 34) lexer.quoted();
      else if (atom(lexer) === '') lexer.skip();
    }
  }

  /** RFC 5322 §4.4 obs-route, '@a,@b'; the colon is passed over. */
  private route(): string {
    const { lexer } = this;
    const hosts: string[] = [];
    for (;;) {
      lexer.blanks();
      if (lexer.take(44)) continue;
      if (!lexer.take(64)) break;
      hosts.push(`@${domain(lexer)}`);
    }
    lexer.take(58);
    return hosts.join(',');
  }

  /** `local@domain` without brackets: the words so far end with the local part. */
  private bare(): void {
    const { lexer, words } = this;
    lexer.skip();
    let from = words.length;
    while (from > 0) {
      from--;
      const word = words[from] as Word;
      const dotted = word.text.startsWith('.') || (words[from - 1]?.text.endsWith('.') ?? false);
      if (word.spaced && !dotted) break;
    }
    const mailbox = words
      .slice(from)
      .map((word) => word.text)
      .join('');
    const before = from > 0 ? phrase(words.slice(0, from)) : undefined;
    const host = domain(lexer);
    lexer.blanks();
    if (lexer.text.charCodeAt(lexer.pos) === 60) {
      // Leniency: an address as the unquoted name of an address.
      this.words = [{ text: `${before === undefined ? '' : `${before} `}${mailbox}@${host}`, spaced: false }];
      return;
    }
    const name = before ?? lexer.comment;
    if (mailbox !== '' || host !== '') this.add({ name, route: undefined, mailbox, host });
  }
}

function phrase(words: readonly Word[]): string {
  let text = '';
  for (const word of words) text += word.spaced && text !== '' ? ` ${word.text}` : word.text;
  return text;
}

function localPart(lexer: Lexer): string {
  let text = '';
  for (;;) {
    const before = lexer.pos;
    lexer.blanks();
    const gap = lexer.pos > before && text !== '' && !text.endsWith('.') ? ' ' : '';
    const word = lexer.text.charCodeAt(lexer.pos) === 34 ? lexer.quoted() : atom(lexer);
    if (word === '' && (lexer.done || isSpecial(lexer.text.charCodeAt(lexer.pos)))) return text;
    text += (word.startsWith('.') ? '' : gap) + word;
  }
}

/** Atoms and dots, blanks and comments around them dropped; or a domain literal with its brackets. */
function domain(lexer: Lexer): string {
  lexer.blanks();
  if (lexer.text.charCodeAt(lexer.pos) === 91) return domainLiteral(lexer);
  let text = atom(lexer);
  for (;;) {
    const before = lexer.pos;
    const { comment } = lexer;
    lexer.comment = undefined;
    lexer.blanks();
    if (!text.endsWith('.') && lexer.text.charCodeAt(lexer.pos) !== 46) {
      // The comment behind the address is its name: leave it to the caller.
      if (lexer.comment === undefined) lexer.comment = comment;
      return text;
    }
    const more = atom(lexer);
    if (more === '') return text;
    if (lexer.pos === before) return text;
    text += more;
  }
}

function domainLiteral(lexer: Lexer): string {
  const start = lexer.pos;
  for (; !lexer.done; lexer.pos++) {
    const c = lexer.text.charCodeAt(lexer.pos);
    if (c === 93) {
      lexer.pos++;
      break;
    }
    if (c === 44 || c === 62) break;
  }
  return lexer.text.slice(start, lexer.pos).replace(/[ \t]+/g, '');
}

/** An encoded word, whatever specials stand in it; bounded so that looking for its end stays cheap. */
const ENCODED_WORD = /=\?[^?\s]{1,60}\?[bBqQ]\?[^?\s]{0,998}\?=/y;

function atom(lexer: Lexer): string {
  const { text } = lexer;
  const start = lexer.pos;
  if (text.charCodeAt(start) === 61 && text.charCodeAt(start + 1) === 63) {
    ENCODED_WORD.lastIndex = start;
    if (ENCODED_WORD.test(text)) lexer.pos = ENCODED_WORD.lastIndex;
  }
  for (; lexer.pos < text.length; lexer.pos++) {
    const c = text.charCodeAt(lexer.pos);
    if (c <= 32 || isSpecial(c)) break;
  }
  // A control character is part of nothing but must not stop progress.
  if (lexer.pos === start && start < text.length && !isSpecial(text.charCodeAt(start))) lexer.pos++;
  return text.slice(start, lexer.pos);
}

/** RFC 5322 §3.2.3 specials without the dot, which is part of dot-atoms and obsolete phrases. */
function isSpecial(c: number): boolean {
  return c < 128 && SPECIAL[c] === 1;
}

const SPECIAL = new Uint8Array(128);
for (const special of '()<>[]:;@\\,"') SPECIAL[special.charCodeAt(0)] = 1;
