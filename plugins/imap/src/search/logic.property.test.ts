import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flag, NumberSet } from '@angarium/sdk';
import fc from 'fast-check';
import { fuzzyExtension } from '../extensions/fuzzy/index.js';
import { mimePartExtension } from '../extensions/mimepart/index.js';
import { plainEnvironment } from '../messages/environment.js';
import { type Letter, TestServer } from '../messages/harness.test.support.js';

const extensionKeys = [fuzzyExtension, mimePartExtension].flatMap(({ searchKeys = [] }) => searchKeys);
const environment = {
  ...plainEnvironment,
  searchKey: (name: string) => extensionKeys.find((key) => key.name === name),
};

const letters: readonly Letter[] = Array.from({ length: 40 }, (_, i) => ({
  text: `From: user${i % 5}@example.org\r\nSubject: topic ${i % 7}\r\nX-Number: ${i}\r\n${i % 6 === 0 ? 'Content-Type: text/html\r\n' : ''}\r\nbody ${i % 3}\r\n`,
  flags: (i % 2) * Flag.seen + (i % 3 === 0 ? Flag.flagged : 0),
  keywords: i % 4 === 0 ? ['kw'] : [],
}));

/** One key for each stage and more. */
const leaves = [
  'ALL',
  'SEEN',
  'FLAGGED',
  'KEYWORD kw',
  '5:17',
  'UID 30:*',
  'LARGER 66',
  'FROM user3',
  'SUBJECT "topic 5"',
  'HEADER X-Number 1',
  'BODY "body 2"',
  'TEXT "user1"',
  'SUBJECT "tpoic"',
  'BODY bdoy',
  'MIMEPART SUBTYPE html',
] as const;

interface Tree {
  readonly key?: (typeof leaves)[number];
  readonly not?: Tree;
  readonly fuzzy?: Tree;
  readonly or?: readonly [Tree, Tree];
  readonly and?: readonly Tree[];
}

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.record({ key: fc.constantFrom(...leaves) }),
    fc.record({ not: tie('tree') }),
    fc.record({ fuzzy: tie('tree') }),
    fc.record({ or: fc.tuple(tie('tree'), tie('tree')) }),
    fc.record({ and: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
  ),
}));

function text({ key, not, fuzzy, or, and }: Tree): string {
  if (key !== undefined) return key;
  if (not !== undefined) return `NOT ${text(not)}`;
  if (fuzzy !== undefined) return `FUZZY ${text(fuzzy)}`;
  if (or !== undefined) return `OR ${text(or[0])} ${text(or[1])}`;
  return `(${and!.map(text).join(' ')})`;
}

type Found = NumberSet;

function expected(node: Tree, known: ReadonlyMap<string, Found>, all: Found, isFuzzy = false): Found {
  const of = (child: Tree): Found => expected(child, known, all, isFuzzy);
  if (node.key !== undefined) return known.get(isFuzzy ? `FUZZY ${node.key}` : node.key)!;
  if (node.not !== undefined) return all.minus(of(node.not));
  if (node.fuzzy !== undefined) return expected(node.fuzzy, known, all, true);
  if (node.or !== undefined) return of(node.or[0]).union(of(node.or[1]));
  return node.and!.reduce((found, child) => found.intersect(of(child)), all);
}

test('property: AND, OR, NOT and FUZZY of keys of all stages are what set arithmetic says', async () => {
  const session = await (await TestServer.with(letters)).select('INBOX', { environment });
  const search = async (keys: string): Promise<Found> => {
    const [line = ''] = await session.run(`SEARCH ${keys}`);
    return NumberSet.of(...line.split(' ').slice(2).map(Number));
  };
  const known = new Map<string, Found>();
  for (const key of leaves) {
    known.set(key, await search(key));
    known.set(`FUZZY ${key}`, await search(`FUZZY ${key}`));
  }
  const all = known.get('ALL')!;
  const misspelt = ['SUBJECT "tpoic"', 'BODY bdoy'];
  for (const [key, found] of known) {
    if (misspelt.some((wrong) => key.endsWith(wrong)))
      assert.equal(found.isEmpty, !key.startsWith('FUZZY'), key);
    else
      assert.ok(
        found.size > 0 && (key.endsWith('ALL') || key.startsWith('FUZZY') || found.size < all.size),
        key,
      );
  }
  await fc.assert(
    fc.asyncProperty(tree, async (program) => {
      const found = await search(text(program));
      assert.equal(found.toString(), expected(program, known, all).toString(), text(program));
    }),
    { numRuns: 500 },
  );
});
