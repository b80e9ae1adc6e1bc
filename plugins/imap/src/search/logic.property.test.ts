import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flag, NumberSet } from '@angarium/sdk';
import fc from 'fast-check';
import { type Letter, TestServer } from '../messages/harness.test.support.js';

const letters: readonly Letter[] = Array.from({ length: 40 }, (_, i) => ({
  text: `From: user${i % 5}@example.org\r\nSubject: topic ${i % 7}\r\nX-Number: ${i}\r\n\r\nbody ${i % 3}\r\n`,
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
] as const;

interface Tree {
  readonly key?: (typeof leaves)[number];
  readonly not?: Tree;
  readonly or?: readonly [Tree, Tree];
  readonly and?: readonly Tree[];
}

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.record({ key: fc.constantFrom(...leaves) }),
    fc.record({ not: tie('tree') }),
    fc.record({ or: fc.tuple(tie('tree'), tie('tree')) }),
    fc.record({ and: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
  ),
}));

function text({ key, not, or, and }: Tree): string {
  if (key !== undefined) return key;
  if (not !== undefined) return `NOT ${text(not)}`;
  if (or !== undefined) return `OR ${text(or[0])} ${text(or[1])}`;
  return `(${and!.map(text).join(' ')})`;
}

type Found = NumberSet;

function expected(node: Tree, known: ReadonlyMap<string, Found>, all: Found): Found {
  if (node.key !== undefined) return known.get(node.key)!;
  if (node.not !== undefined) return all.minus(expected(node.not, known, all));
  if (node.or !== undefined) return expected(node.or[0], known, all).union(expected(node.or[1], known, all));
  return node.and!.reduce((found, child) => found.intersect(expected(child, known, all)), all);
}

test('property: AND, OR and NOT of keys of all stages are what set arithmetic says', async () => {
  const session = await (await TestServer.with(letters)).select();
  const search = async (keys: string): Promise<Found> => {
    const [line = ''] = await session.run(`SEARCH ${keys}`);
    return NumberSet.of(...line.split(' ').slice(2).map(Number));
  };
  const known = new Map<string, Found>();
  for (const key of leaves) known.set(key, await search(key));
  const all = known.get('ALL')!;
  for (const [key, found] of known)
    assert.ok(found.size > 0 && (key === 'ALL' || found.size < all.size), key);
  await fc.assert(
    fc.asyncProperty(tree, async (program) => {
      const found = await search(text(program));
      assert.equal(found.toString(), expected(program, known, all).toString(), text(program));
    }),
    { numRuns: 500 },
  );
});
