/** relational (RFC 5231). */
import { collations } from '@angarium/sdk';
import type { Call } from '../compiler/call.js';
import type { MatchType, SieveExtension } from '../compiler/extension.js';

const relations: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
};

function relationOf(name: string | undefined, tag: string, call: Call): (a: string, b: string) => boolean {
  const word = (name ?? '').toLowerCase();
  const relation = Object.hasOwn(relations, word) ? relations[word] : undefined;
  if (relation === undefined) throw call.error(`${JSON.stringify(name ?? '')} is no relation`, tag);
  return relation;
}

const value: MatchType = {
  name: ':value',
  value: 'string',
  requires: 'relational',
  group: 'match type',
  compile(name, call) {
    const relation = relationOf(name, ':value', call);
    return (run, values, keys, { key }) => {
      const wanted = keys.map(key);
      return run.some(values, (one) => {
        run.spend(1 + (one.length >> 10) + (wanted.length >> 8));
        const own = key(one);
        return wanted.some((other) => relation(own, other));
      });
    };
  },
};

/** RFC 5231 §4.2: the number of values, compared as a number whatever the comparator. */
const count: MatchType = {
  name: ':count',
  value: 'string',
  requires: 'relational',
  group: 'match type',
  compile(name, call) {
    const relation = relationOf(name, ':count', call);
    return (_run, values, keys, comparator) => {
      const key = comparator.name === 'i;ascii-numeric' ? comparator.key : collations['i;ascii-numeric'];
      const own = key(String(values.length));
      return keys.some((other) => relation(own, key(other)));
    };
  },
};

export const relationalExtension: SieveExtension = { names: ['relational'], matchTypes: [value, count] };
