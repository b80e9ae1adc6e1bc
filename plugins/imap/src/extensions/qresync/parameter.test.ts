import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImapSyntaxError, MailboxSnapshot, type SnapshotChunk } from '@angarium/sdk';
import fc from 'fast-check';
import { commandLineFrom } from '../../wire/index.js';
import { lastMatch, type MatchRun, parseKnownState } from './parameter.js';

function parse(text: string) {
  const line = commandLineFrom(text);
  const known = parseKnownState(line);
  line.end();
  return { ...known, uids: known.uids?.toString() };
}

test('the forms of RFC 7162 §7', () => {
  const plain = { uidValidity: 67890007, modSeq: 20050715194045000, uids: undefined, matches: [] };
  // Above 2^53: no mod-sequence of ours is that high.
  const capped = { ...plain, modSeq: Number.MAX_SAFE_INTEGER };
  assert.deepEqual(parse(' (67890007 20050715194045000)'), capped);
  assert.deepEqual(parse(' (67890007 5 41,43:211,214:541)'), {
    ...plain,
    modSeq: 5,
    uids: '41,43:211,214:541',
  });
  assert.deepEqual(parse(' (1 5 (1,2:4 10,11,13:14))').matches, [
    { number: 1, uid: 10, count: 1 },
    { number: 2, uid: 11, count: 1 },
    { number: 3, uid: 13, count: 2 },
  ]);
  assert.deepEqual(parse(' (1 5 1:9 (1:2 4:5))').matches, [{ number: 1, uid: 4, count: 2 }]);
  assert.equal(parse(' (1 9223372036854775807)').modSeq, Number.MAX_SAFE_INTEGER);
});

test('what is wrong is refused', () => {
  for (const text of [
    '',
    ' ()',
    ' (1)',
    ' (0 1)',
    ' (4294967296 1)',
    ' (1 9223372036854775808)',
    ' (1 -1)',
    ' (1 1 1:*)',
    ' (1 1 $)',
    ' (1 1 0)',
    ' (1 1 1:5 (1,2 1))',
    ' (1 1 1:5 (1 1,2))',
    ' (1 1 1:5 (2,1 1,2))',
    ' (1 1 1:5 (1,2 2,1))',
    ' (1 1 1:5 (2:1 1:2))',
    ' (1 1 1:5 (1:* 1:2))',
    ' (1 1 1:5 ())',
    ' (1 1 (1:2 1:2) 1:5)',
    ' (1 1 1:5 1:5)',
    ' (1 1',
  ])
    assert.throws(() => parse(text), ImapSyntaxError, text);
});

test('very many numbers cost no more than their ranges', () => {
  const { matches } = parse(' (1 1 (1:4294967295 1:4294967295))');
  assert.deepEqual(matches, [{ number: 1, uid: 1, count: 4294967295 }]);
  assert.equal(lastMatch(viewOf([1, 2, 4]), matches), 2);
});

function viewOf(uids: readonly number[]): MailboxSnapshot {
  const count = uids.length;
  const chunk: SnapshotChunk = {
    count,
    maxModSeq: 1,
    uids: Uint32Array.from(uids),
    flags: new Uint32Array(count),
    modseqs: new Float64Array(count),
    sizes: new Uint32Array(count),
    dates: new Uint32Array(count),
    keywords: new Uint32Array(count * 4),
  };
  const head = { uidValidity: 1, uidNext: 1000, highestModSeq: 1, keywordNames: [] };
  return new MailboxSnapshot(head, count === 0 ? [] : [chunk]);
}

test('the example of RFC 7162 §3.2.5.2', () => {
  const mailbox = viewOf([2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 25]);
  assert.equal(lastMatch(mailbox, parse(' (1 1 (4,12 8,24))').matches), 8);
  assert.equal(lastMatch(mailbox, parse(' (1 1 (12 25))').matches), 25);
  assert.equal(lastMatch(mailbox, parse(' (1 1 (11,13 21,30))').matches), 0);
});

test('the last match is that of looking at every pair', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 25 });
  const sorted = (list: number[]) => list.sort((a, b) => a - b);
  fc.assert(
    fc.property(numbers, numbers, numbers, (uids, someNumbers, someUids) => {
      const count = Math.min(someNumbers.length, someUids.length);
      const a = sorted(someNumbers.slice(0, count));
      const b = sorted(someUids.slice(0, count));
      const runs: MatchRun[] = [];
      for (let i = 0; i < count; i++) {
        const last = runs.at(-1);
        const isNext = last && a[i] === last.number + last.count && b[i] === last.uid + last.count;
        if (isNext) runs[runs.length - 1] = { ...last, count: last.count + 1 };
        else runs.push({ number: a[i]!, uid: b[i]!, count: 1 });
      }
      const view = viewOf(sorted(uids));
      const naive = a.reduce((found, n, i) => (uids[n - 1] === b[i] ? b[i]! : found), 0);
      assert.equal(lastMatch(view, runs), naive);
    }),
  );
});
