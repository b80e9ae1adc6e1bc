/** Comparators, match types and address parts of the base (RFC 5228 §2.7). */
import { collations } from '@angarium/sdk';
import { compileGlob, type Glob } from '../runtime/glob.js';
import type { Run } from '../runtime/run.js';
import type { AddressPart, Comparator, MatchFunction, MatchType } from './extension.js';

export const baseComparators: readonly Comparator[] = [
  { name: 'i;octet', key: collations['i;octet'], isOctetwise: true, hasSubstrings: true },
  { name: 'i;ascii-casemap', key: collations['i;ascii-casemap'], isOctetwise: true, hasSubstrings: true },
  { name: 'i;ascii-numeric', key: collations['i;ascii-numeric'], isOctetwise: true, hasSubstrings: false },
  {
    name: 'i;unicode-casemap',
    key: collations['i;unicode-casemap'],
    isOctetwise: false,
    hasSubstrings: true,
  },
];

const isEqual: MatchFunction = (run, values, keys, { key }) => {
  const wanted = new Set(keys.map(key));
  return run.some(values, (value) => {
    run.spend(1 + (value.length >> 10));
    return wanted.has(key(value));
  });
};

const contains: MatchFunction = (run, values, keys, { key }) => {
  const wanted = keys.map(key);
  return run.some(values, (value) => {
    const text = key(value);
    return run.some(wanted, (one) => {
      run.spend(1 + (text.length >> 10));
      return text.includes(one);
    });
  });
};

/** The first key that matches sets the match variables (RFC 5229 §3.2). */
const matches: MatchFunction = (run, values, keys, comparator) => {
  const globs = keys.map((key) => compileGlob(key, comparator));
  return run.some(values, (value) => run.some(globs, (glob) => matchesGlob(run, glob, value)));
};

function matchesGlob(run: Run, glob: Glob, value: string): boolean {
  const groups = glob.match(value, (cost) => run.spend(cost));
  if (groups === undefined) return false;
  run.setMatch(groups);
  return true;
}

const MATCH = 'match type';
export const matchTypes: readonly MatchType[] = [
  { name: ':is', group: MATCH, compile: () => isEqual },
  { name: ':contains', group: MATCH, compile: () => contains },
  { name: ':matches', group: MATCH, compile: () => matches },
];

/** RFC 5228 §2.7.1: ":is" where none is named. */
export const matchWithout = isEqual;

const PART = 'address part';
export const addressParts: readonly AddressPart[] = [
  { name: ':all', group: PART, of: whole },
  { name: ':localpart', group: PART, of: (localPart) => localPart },
  { name: ':domain', group: PART, of: (_localPart, domain) => domain },
];

export function whole(localPart: string, domain: string): string {
  return domain === '' ? localPart : `${localPart}@${domain}`;
}
