/**
 * ENVELOPE, BODY and BODYSTRUCTURE of internationalised messages for clients that have not enabled UTF-8 (RFC 6858 §2): addresses
 * become invalid ones whose name tells the real address, texts encoded words, parameters are left out. Sections (BODY[…]) are
 * always the message's own octets: who fetches a message to keep it must not keep a surrogate.
 * Headers in other 8-bit charsets are no internationalised ones and stay as they are.
 */
import { isUtf8 } from 'node:buffer';
import { wireString } from '@angarium/sdk';

const EIGHT_BIT = /[\x80-\xff]/;
const INVALID = { mailbox: 'invalid', host: 'internationalized-address.invalid' } as const;

/** Could there be anything to change? */
export function has8bit(text: string): boolean {
  return EIGHT_BIT.test(text);
}

/** A string, an atom (numbers, NIL), or a list. `isSpaced`: a blank stands before it. */
type Value =
  | { readonly is: 'string'; readonly octets: string; readonly isSpaced: boolean }
  | { readonly is: 'atom'; readonly text: string; readonly isSpaced: boolean }
  | { readonly is: 'list'; readonly items: readonly Value[]; readonly isSpaced: boolean };

/** Reads what this server has written: nothing else comes here. */
class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  value(): Value {
    const isSpaced = this.text[this.at] === ' ';
    if (isSpaced) this.at++;
    const first = this.text[this.at];
    if (first === '(') return { is: 'list', items: this.items(), isSpaced };
    if (first === '"') return { is: 'string', octets: this.quoted(), isSpaced };
    if (first === '{') return { is: 'string', octets: this.literal(), isSpaced };
    const [atom = ''] = /^[^ ()]*/.exec(this.text.slice(this.at, this.at + 32)) ?? [];
    if (atom === '') throw new Error(`no value at ${this.at} of a structure`);
    this.at += atom.length;
    return { is: 'atom', text: atom, isSpaced };
  }

  private items(): Value[] {
    const items: Value[] = [];
    this.at++;
    while (this.text[this.at] !== ')') items.push(this.value());
    this.at++;
    return items;
  }

  private quoted(): string {
    let octets = '';
    for (this.at++; this.text[this.at] !== '"'; this.at++) {
      if (this.text[this.at] === '\\') this.at++;
      octets += this.text[this.at] ?? '';
      if (this.at >= this.text.length) throw new Error('a quoted string of a structure has no end');
    }
    this.at++;
    return octets;
  }

  private literal(): string {
    const end = this.text.indexOf('\n', this.at);
    const size = Number.parseInt(this.text.slice(this.at + 1, end), 10);
    this.at = end + 1 + size;
    return this.text.slice(end + 1, this.at);
  }
}

function written(value: Value): string {
  const space = value.isSpaced ? ' ' : '';
  if (value.is === 'atom') return space + value.text;
  if (value.is === 'string') return space + wireString(value.octets);
  return `${space}(${value.items.map(written).join('')})`;
}

const isInternational = (value: Value | undefined): boolean =>
  value?.is === 'string' && EIGHT_BIT.test(value.octets) && isUtf8(Buffer.from(value.octets, 'latin1'));

const nil = (isSpaced: boolean): Value => ({ is: 'atom', text: 'NIL', isSpaced });
const text = (octets: string, isSpaced: boolean): Value => ({ is: 'string', octets, isSpaced });

/** Octets of an encoded word's text; 75 characters is all that a word may have (RFC 2047 §2). */
const MAX_WORD_OCTETS = 45;

/** RFC 2047, cut between characters. @param octets UTF-8 as latin1 */
export function encodedWords(octets: string): string {
  const words: string[] = [];
  let word = '';
  for (const character of Buffer.from(octets, 'latin1').toString('utf8')) {
    const next = Buffer.from(character, 'utf8').latin1Slice();
    if (word.length + next.length > MAX_WORD_OCTETS) {
      words.push(word);
      word = '';
    }
    word += next;
  }
  words.push(word);
  return words.map((part) => `=?utf-8?B?${Buffer.from(part, 'latin1').toString('base64')}?=`).join(' ');
}

function encoded(value: Value): Value {
  return value.is === 'string' && isInternational(value)
    ? text(encodedWords(value.octets), value.isSpaced)
    : value;
}

/** `(name adl mailbox host)`; groups have no host, and a name in the mailbox's place. */
function address(value: Value): Value {
  if (value.is !== 'list' || value.items.length !== 4) return value;
  const [name, adl, mailbox, host] = value.items as [Value, Value, Value, Value];
  if (!isInternational(mailbox) && !isInternational(host))
    return { ...value, items: [encoded(name), isInternational(adl) ? nil(true) : adl, mailbox, host] };
  if (mailbox.is !== 'string' || host.is !== 'string')
    return { ...value, items: [encoded(name), adl, encoded(mailbox), host] };
  const real = `${mailbox.octets}@${host.octets}`;
  const items = [
    text(encodedWords(real), false),
    nil(true),
    text(INVALID.mailbox, true),
    text(INVALID.host, true),
  ];
  return { ...value, items };
}

const SUBJECT = 1;
const FIRST_ADDRESSES = 2;
const LAST_ADDRESSES = 7;

function envelopeItems(items: readonly Value[]): Value[] {
  return items.map((item, at) => {
    if (at === SUBJECT) return encoded(item);
    const isAddresses = at >= FIRST_ADDRESSES && at <= LAST_ADDRESSES;
    if (isAddresses) return item.is === 'list' ? { ...item, items: item.items.map(address) } : item;
    // RFC 6858 §2.4: what cannot be shown is left out.
    return isInternational(item) ? nil(item.isSpaced) : item;
  });
}

const isEnvelope = ({ items }: { readonly items: readonly Value[] }): boolean =>
  items.length === 10 &&
  items.slice(FIRST_ADDRESSES, LAST_ADDRESSES + 1).every((item) => item.is !== 'string');

/** `("charset" "x" …)`: names and values, all of them strings. */
const isParameters = ({ items }: { readonly items: readonly Value[] }): boolean =>
  items.length > 0 && items.length % 2 === 0 && items.every((item) => item.is === 'string');

/** RFC 6858 §2.2. */
function parameters(items: readonly Value[], isSpaced: boolean): Value {
  const kept = items.filter(
    (_, at) => !isInternational(items[at - (at % 2)]) && !isInternational(items[at | 1]),
  );
  const [first, ...rest] = kept;
  if (first === undefined) return nil(isSpaced);
  return { is: 'list', isSpaced, items: [{ ...first, isSpaced: false }, ...rest] };
}

function structure(value: Value): Value {
  if (value.is !== 'list') return encoded(value);
  if (isEnvelope(value)) return { ...value, items: envelopeItems(value.items) };
  if (isParameters(value)) return parameters(value.items, value.isSpaced);
  return { ...value, items: value.items.map(structure) };
}

/** @param value of the FETCH item, as it is for clients with UTF-8. */
export function surrogate(name: 'ENVELOPE' | 'BODY' | 'BODYSTRUCTURE', value: string): string {
  const read = new Reader(value).value();
  if (name !== 'ENVELOPE' || read.is !== 'list') return written(structure(read));
  return written({ ...read, items: envelopeItems(read.items) });
}
