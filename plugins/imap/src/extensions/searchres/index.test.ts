import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Exchange, mailbox, numbered, talk } from '../searching.test.support.js';

const fetched = (...numbers: number[]): string[] =>
  numbers.map((number) => `${number} FETCH (UID ${number})`);

const exchanges: readonly Exchange[] = [
  ['FETCH $ (UID)', []],
  ['SEARCH RETURN (SAVE) FROM user0', []],
  ['FETCH $ (UID)', fetched(1, 4, 7, 10)],
  ['UID FETCH $ (UID)', fetched(1, 4, 7, 10)],
  ['SEARCH UID $ SUBJECT "number 1"', ['SEARCH 1 10']],
  ['UID SEARCH $ NOT 1', ['SEARCH 4 7 10']],
  ['SEARCH (OR $ 2:3) NOT 10', ['SEARCH 1 2 3 4 7']],
  // RFC 5182 §2.4: what MIN and MAX alone return is what is saved.
  ['SEARCH RETURN (SAVE MIN) FROM user0', ['ESEARCH (TAG) MIN 1']],
  ['FETCH $ (UID)', fetched(1)],
  ['SEARCH RETURN (SAVE MIN MAX) FROM user0', ['ESEARCH (TAG) MIN 1 MAX 10']],
  ['FETCH $ (UID)', fetched(1, 10)],
  ['SEARCH RETURN (SAVE MIN COUNT) FROM user0', ['ESEARCH (TAG) MIN 1 COUNT 4']],
  ['FETCH $ (UID)', fetched(1, 4, 7, 10)],
  // RFC 9394 §3.2.
  ['SEARCH RETURN (SAVE PARTIAL -1:-2) FROM user0', ['ESEARCH (TAG) PARTIAL (-1:-2 7,10)']],
  ['FETCH $ (UID)', fetched(7, 10)],
  ['SEARCH RETURN (SAVE PARTIAL 2:2 MIN) FROM user0', ['ESEARCH (TAG) PARTIAL (2:2 4) MIN 1']],
  ['FETCH $ (UID)', fetched(1, 4)],
  ['SEARCH RETURN (SAVE PARTIAL 2:2 COUNT) FROM user0', ['ESEARCH (TAG) PARTIAL (2:2 4) COUNT 4']],
  ['FETCH $ (UID)', fetched(1, 4, 7, 10)],
  ['SEARCH RETURN (SAVE PARTIAL 90:99) FROM user0', ['ESEARCH (TAG) PARTIAL (90:99 NIL)']],
  ['FETCH $ (UID)', []],
  // Without SAVE, and after BAD, it stays; after NO with SAVE it is empty (§2.1).
  ['SEARCH RETURN (SAVE) 2:3', []],
  ['SEARCH 5', ['SEARCH 5']],
  ['SEARCH RETURN (SAVE) NOSUCH', [], /^BAD/],
  ['SEARCH CHARSET X-NONE TEXT a', [], /^NO \[BADCHARSET/],
  ['FETCH $ (UID)', fetched(2, 3)],
  ['SEARCH RETURN (SAVE) CHARSET X-NONE TEXT a', [], /^NO \[BADCHARSET/],
  ['FETCH $ (UID)', []],
  ['COPY $ INBOX', []],
  ['STORE $ +FLAGS (\\Seen)', []],
  ['FETCH $,5 (UID)', [], /^BAD/],
];

test('$ stands for what was saved, in every command that takes a set', async () => {
  const { server, client } = await mailbox(numbered(10));
  await using _ = server;
  await talk(client, exchanges);
});

test('an expunged message leaves $, whoever expunged it, and SELECT empties it', async () => {
  const { server, client } = await mailbox(numbered(4));
  await using _ = server;
  await client.ok('SEARCH RETURN (SAVE) 1:3');
  const other = await server.loggedIn();
  await other.ok('SELECT INBOX');
  await other.ok('STORE 2 +FLAGS.SILENT (\\Deleted)');
  await other.ok('EXPUNGE');
  await talk(client, [
    ['UID FETCH $ (UID)', ['2 EXPUNGE', '1 FETCH (UID 1)', '2 FETCH (UID 3)']],
    ['SEARCH RETURN (COUNT) $', ['ESEARCH (TAG) COUNT 2']],
  ]);
  await client.ok('SELECT INBOX');
  await talk(client, [['FETCH $ (UID)', []]]);
});

test('commands may be sent at once (RFC 5182 §2.3)', async () => {
  const { server, client } = await mailbox(numbered(5));
  await using _ = server;
  const first = client.start('SEARCH RETURN (SAVE) 2,4');
  const second = client.start('FETCH $ (UID)');
  assert.deepEqual((await client.finish(first)).untagged, []);
  assert.deepEqual((await client.finish(second)).untagged, fetched(2, 4));
});
