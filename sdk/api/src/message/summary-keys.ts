import { flattenAddresses, parseAddressList } from './addresses.js';
import { collations } from './collation.js';
import { decodeWords } from './encoded-words.js';
import type { EnvelopeFields } from './envelope.js';
import { messageIds } from './message-ids.js';
import { baseSubject } from './subject.js';
import { KEY_COUNT, MAX_ID_KEY, MAX_KEY, MAX_SUBJECT_KEY } from './summary-format.js';
import type { Address, AddressEntry } from './types.js';

/** The keys of a summary (see summary-format.ts) as one latin1 string. */
export function keyArea(fields: EnvelopeFields): { text: string; isReplyOrForward: boolean } {
  const subject = baseSubject(decodeWords((fields.subject ?? '').slice(0, 8 * MAX_SUBJECT_KEY)));
  const from = firstOf(fields.from);
  const to = firstOf(fields.to);
  const keys = [
    folded(subject.base, MAX_SUBJECT_KEY),
    folded(mailboxOf(from), MAX_KEY),
    folded(mailboxOf(to), MAX_KEY),
    folded(mailboxOf(firstOf(fields.cc)), MAX_KEY),
    folded(displayOf(from), MAX_KEY),
    folded(displayOf(to), MAX_KEY),
    identifiers(fields['message-id'], 1),
    identifiers(fields['in-reply-to']),
    identifiers(fields.references),
  ];
  let ends = '';
  let end = 2 * KEY_COUNT;
  for (const key of keys) {
    end += key.length;
    ends += String.fromCharCode(end & 255, end >> 8);
  }
  return { text: ends + keys.join(''), isReplyOrForward: subject.isReplyOrForward };
}

function folded(text: string, max: number): string {
  const key = collations['i;unicode-casemap'](text.slice(0, max));
  if (key.length <= max) return key;
  // Not within a UTF-8 sequence: its octets after the first are 80 to BF.
  let end = max;
  while (end > 0 && (key.charCodeAt(end) & 0xc0) === 0x80) end--;
  return key.slice(0, end);
}

/** The first entry of a list; a long list is not read to its end. */
function firstOf(value: string | undefined): AddressEntry | undefined {
  if (value === undefined) return undefined;
  for (let length = 500; ; length *= 8) {
    const entries = parseAddressList(value.slice(0, length));
    if (entries.length > 1 || length >= value.length) return entries[0];
  }
}

/** RFC 5256 §3: the local part of the first address, a group's name counting as one as ENVELOPE has it. */
function mailboxOf(entry: AddressEntry | undefined): string {
  if (entry === undefined) return '';
  return decodeWords('group' in entry ? entry.group : entry.mailbox);
}

/** RFC 5957 §3: the display name, otherwise the address. */
function displayOf(entry: AddressEntry | undefined): string {
  if (entry === undefined) return '';
  if ('group' in entry) return decodeWords(entry.group);
  const address = flattenAddresses([entry])[0] as Address;
  if (address.name !== undefined && address.name !== '') return decodeWords(address.name);
  return decodeWords(address.host === '' ? address.mailbox : `${address.mailbox}@${address.host}`);
}

/** A longer field of identifiers is cut in the middle before it is read. */
const MAX_ID_FIELD = 64 * 1024;

function withoutMiddle(value: string): string {
  const head = value.slice(0, MAX_ID_KEY);
  const tail = value.slice(-MAX_ID_FIELD);
  return `${head.slice(0, head.lastIndexOf('>') + 1)} ${tail.slice(Math.max(0, tail.indexOf('<')))}`;
}

/** Identifiers joined by blanks; of too many the root and the latest stay. */
function identifiers(value: string | undefined, limit?: number): string {
  if (value === undefined) return '';
  const ids = messageIds(value.length > MAX_ID_FIELD ? withoutMiddle(value) : value, limit);
  let length = 0;
  for (const id of ids) length += id.length + 1;
  while (length > MAX_ID_KEY && ids.length > 1) length -= (ids.splice(1, 1)[0]?.length ?? 0) + 1;
  return ids.join(' ');
}
