import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commandLineFrom } from '../../wire/index.js';
import { type Exchange, mailbox, numbered, talk } from '../searching.test.support.js';
import { parsePartialRange, positionsOf } from './index.js';

const exchanges: readonly Exchange[] = [
  ['SEARCH RETURN (PARTIAL 1:3) ALL', ['ESEARCH (TAG) PARTIAL (1:3 1:3)']],
  ['UID SEARCH RETURN (PARTIAL 3:2) FROM user0', ['ESEARCH (TAG) UID PARTIAL (3:2 4,7)']],
  ['UID SEARCH RETURN (PARTIAL -1:-2) FROM user0', ['ESEARCH (TAG) UID PARTIAL (-1:-2 7,10)']],
  ['SEARCH RETURN (PARTIAL 9:20) ALL', ['ESEARCH (TAG) PARTIAL (9:20 9:10)']],
  ['SEARCH RETURN (PARTIAL -9:-20) ALL', ['ESEARCH (TAG) PARTIAL (-9:-20 1:2)']],
  ['SEARCH RETURN (PARTIAL 11:20) ALL', ['ESEARCH (TAG) PARTIAL (11:20 NIL)']],
  ['SEARCH RETURN (PARTIAL 1:1 COUNT) ALL', ['ESEARCH (TAG) PARTIAL (1:1 1) COUNT 10']],
  ['SEARCH RETURN (PARTIAL 1:2 ALL) ALL', [], /^BAD/],
  ['SEARCH RETURN (ALL PARTIAL 1:2) ALL', [], /^BAD/],
  ['SEARCH RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL', [], /^BAD/],
  ['SEARCH RETURN (PARTIAL 1:*) ALL', [], /^BAD/],
  ['SEARCH RETURN (PARTIAL 0:5) ALL', [], /^BAD/],
  ['SEARCH RETURN (PARTIAL -1:5) ALL', [], /^BAD/],
  ['SEARCH RETURN (PARTIAL 7) ALL', [], /^BAD/],
  // RFC 9394 §3.3: UID FETCH only.
  ['UID FETCH 2:9 (UID) (PARTIAL -1:-2)', ['8 FETCH (UID 8)', '9 FETCH (UID 9)']],
  ['UID FETCH 2:9 (UID) (PARTIAL 1:1)', ['2 FETCH (UID 2)']],
  ['UID FETCH 2:9 (UID) (PARTIAL 20:30)', []],
  ['FETCH 2:9 (UID) (PARTIAL 1:1)', [], /^BAD/],
];

test('a window of the results (RFC 9394 §3)', async () => {
  const { server, client } = await mailbox(numbered(10));
  await using _ = server;
  await talk(client, exchanges);
});

test('with CHANGEDSINCE the window is one of the messages (RFC 9394 §3.4)', async () => {
  const { server, client } = await mailbox(numbered(6));
  await using _ = server;
  const { untagged } = await client.ok('SELECT INBOX');
  const modSeq = Number(/HIGHESTMODSEQ (\d+)/.exec(untagged.join())?.[1]);
  await client.ok('STORE 2,6 +FLAGS.SILENT (\\Seen)');
  for (const modifiers of [`PARTIAL -1:-3 CHANGEDSINCE ${modSeq}`, `CHANGEDSINCE ${modSeq} PARTIAL -1:-3`]) {
    const answer = await client.ok(`UID FETCH 1:* (FLAGS) (${modifiers})`);
    assert.deepEqual(
      answer.untagged.filter((line) => line.includes('FETCH')).map((line) => line.split(' ')[0]),
      ['6'],
    );
  }
});

test('property: positions are those that counting gives', () => {
  const bound = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(bound, bound, fc.boolean(), fc.nat(30), (a, b, isFromEnd, count) => {
      const sign = isFromEnd ? '-' : '';
      const range = parsePartialRange(commandLineFrom(` ${sign}${a}:${sign}${b}`));
      const all = Array.from({ length: count }, (_, i) => i);
      const counted = isFromEnd ? [...all].reverse() : all;
      const wanted = counted.slice(Math.min(a, b) - 1, Math.max(a, b)).sort((x, y) => x - y);
      const positions = positionsOf(range, count);
      assert.deepEqual(positions === undefined ? [] : all.slice(positions[0], positions[1] + 1), wanted);
    }),
  );
});
