import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImapSyntaxError, NumberSet, STAR } from '@angarium/sdk';
import fc from 'fast-check';
import { ModelStore } from './model.test.support.js';
import { expungeNumbers, numbersOf, resolveSet } from './numbers.js';

function boxWithUids(...uids: number[]) {
  const store = new ModelStore();
  store.append(Math.max(0, ...uids));
  store.expunge(store.rows.map((row) => row.uid).filter((uid) => !uids.includes(uid)));
  return store.snapshot();
}

const set = (...ranges: [number, number][]) => ({ ranges, isSaved: false });

const cases: [name: string, uids: number[], ranges: [number, number][], isUid: boolean, indexes: string][] = [
  ['one number', [3, 5, 9], [[2, 2]], false, '1'],
  ['* is the last number', [3, 5, 9], [[STAR, STAR]], false, '2'],
  ['2:4 and 4:2 are the same', [1, 2, 3, 4, 5], [[4, 2]], false, '1:3'],
  [
    'RFC 3501 §9: *:4,5:7 of ten',
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    [
      [STAR, 4],
      [5, 7],
    ],
    false,
    '3:9',
  ],
  ['UIDs that are not there are passed over', [3, 5, 9], [[4, 8]], true, '1'],
  ['UID n:* has the last message though n is larger', [3, 5, 9], [[3291, STAR]], true, '2'],
  ['UID * of an empty mailbox', [], [[STAR, STAR]], true, ''],
  ['the largest UIDs', [3, 5, 9], [[9, 0xffffffff]], true, '2'],
];

for (const [name, uids, ranges, isUid, indexes] of cases) {
  test(`resolve: ${name}`, () => {
    const found = resolveSet(boxWithUids(...uids), set(...ranges), isUid, NumberSet.empty);
    assert.equal(found.toString(), indexes);
  });
}

test('a sequence number without a message is a syntax error (RFC 3501 §9)', () => {
  for (const ranges of [[[4, 4]], [[1, 4]], [[0, 1]]] as [number, number][][]) {
    assert.throws(
      () => resolveSet(boxWithUids(1, 2, 3), set(...ranges), false, NumberSet.empty),
      ImapSyntaxError,
    );
  }
  assert.throws(() => resolveSet(boxWithUids(), set([STAR, STAR]), false, NumberSet.empty), ImapSyntaxError);
});

test('$ is the saved result, as far as it still exists (RFC 5182)', () => {
  const view = boxWithUids(3, 5, 9);
  assert.equal(
    resolveSet(view, { ranges: [], isSaved: true }, true, NumberSet.of(4, 5, 9)).toString(),
    '1:2',
  );
});

test('numbers are indexes plus one', () => {
  assert.equal(numbersOf(NumberSet.of(0, 1, 7)).toString(), '1:2,8');
});

test('RFC 3501 §7.4.1: EXPUNGE numbers renumber what follows', () => {
  assert.deepEqual([...expungeNumbers(NumberSet.of(2, 3, 6, 10))], [3, 3, 5, 8]);
});

test('property: carrying out EXPUNGE numbers one by one leaves what was not expunged', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (isGone) => {
      const list = isGone.map((_, index) => index);
      const gone = list.filter((index) => isGone[index]);
      for (const number of expungeNumbers(NumberSet.fromAscending(gone))) list.splice(number - 1, 1);
      assert.deepEqual(
        list,
        isGone.flatMap((is, index) => (is ? [] : [index])),
      );
    }),
  );
});
