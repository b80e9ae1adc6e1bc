/** Sort keys of texts: those the store keeps, in i;unicode-casemap, or made anew for another comparator (RFC 5255 §4). */
import {
  type AddressEntry,
  baseSubject,
  type CollationName,
  collations,
  decodeWords,
  flattenAddresses,
  parseAddressList,
  type SummaryView,
} from '@angarium/sdk';
import type { TextName } from './criteria.js';

export type TextKey = (summary: SummaryView) => string;

const stored: Readonly<Record<TextName, TextKey>> = {
  SUBJECT: (summary) => summary.baseSubject(),
  FROM: (summary) => summary.firstFrom(),
  TO: (summary) => summary.firstTo(),
  CC: (summary) => summary.firstCc(),
  DISPLAYFROM: (summary) => summary.displayFrom(),
  DISPLAYTO: (summary) => summary.displayTo(),
};

const fields: Readonly<Record<TextName, string>> = {
  SUBJECT: 'subject',
  FROM: 'from',
  TO: 'to',
  CC: 'cc',
  DISPLAYFROM: 'from',
  DISPLAYTO: 'to',
};

/** Of an address only so much is read: the first one counts. */
const MAX_FIELD = 4000;

/** @param comparator undefined: the default. */
export function textKey(name: TextName, comparator: CollationName | undefined): TextKey {
  if (comparator === undefined || comparator === 'i;unicode-casemap') return stored[name];
  const collate = collations[comparator];
  return (summary) => {
    const value = summary.cachedHeader(fields[name]);
    // Too large to be cached: the stored key is as good as any.
    if (value === null) return stored[name](summary);
    return value === undefined ? '' : collate(textOf(name, value.slice(0, MAX_FIELD)));
  };
}

function textOf(name: TextName, value: string): string {
  if (name === 'SUBJECT') return baseSubject(decodeWords(value)).base;
  const first = parseAddressList(value)[0];
  if (first === undefined) return '';
  return name.startsWith('DISPLAY')
    ? displayOf(first)
    : decodeWords('group' in first ? first.group : first.mailbox);
}

/** RFC 5957 §3. */
function displayOf(entry: AddressEntry): string {
  if ('group' in entry) return decodeWords(entry.group);
  const [address] = flattenAddresses([entry]);
  if (address === undefined) return '';
  if (address.name !== undefined && address.name !== '') return decodeWords(address.name);
  return decodeWords(address.host === '' ? address.mailbox : `${address.mailbox}@${address.host}`);
}
