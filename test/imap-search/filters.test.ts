import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SEARCH_FILTERS, userId } from '@angarium/sdk';
import { SearchServer, talk } from './server.test.support.js';

const octets = (text: string): Buffer => Buffer.from(text);

test('FILTER stands for what is kept under its name (RFC 5466 §3.1)', async () => {
  await using server = await SearchServer.start();
  const client = await server.selected([
    { text: 'From: boss@example.com\nSubject: one\n\nx\n' },
    { text: 'From: joe@example.com\nSubject: zwei\n\nGrüße\n', flags: '\\Seen' },
    { text: 'From: boss@example.com\nSubject: three\n\nx\n', flags: '\\Seen' },
  ]);
  const filters = server.kernel.get(SEARCH_FILTERS);
  const fred = userId('fred');
  await filters.set(fred, 'boss', octets('FROM "boss@example.com"'));
  await filters.set(undefined, 'boss', octets('FROM joe'));
  await filters.set(undefined, 'seen-boss', octets('FILTER boss SEEN'));
  await filters.set(undefined, 'greeting', octets('BODY "grüße"'));
  for (let level = 1; level < 8; level++)
    await filters.set(undefined, `deep${level}`, octets(`FILTER deep${level + 1}`));
  await filters.set(undefined, 'deep8', octets('ALL'));
  await filters.set(undefined, 'loop', octets('OR FILTER loop FILTER loop'));
  await filters.set(undefined, 'wide', octets(Array(60).fill('FILTER deep8').join(' ')));
  await filters.set(undefined, 'wider', octets('FILTER wide FILTER wide'));
  await talk(client, [
    ['SEARCH FILTER boss', ['SEARCH 1 3']],
    ['SEARCH NOT FILTER boss', ['SEARCH 2']],
    ['SEARCH UNSEEN FILTER BOSS', ['SEARCH 1']],
    ['SEARCH FILTER seen-boss', ['SEARCH 3']],
    ['SEARCH FILTER greeting', ['SEARCH 2']],
    ['SEARCH CHARSET UTF-8 FILTER greeting', ['SEARCH 2']],
    ['SEARCH CHARSET ISO-8859-1 FILTER greeting', [], /^BAD \[BADCHARSET/],
    ['UID SEARCH RETURN (COUNT) OR FILTER boss SEEN', ['ESEARCH (TAG) UID COUNT 3']],
    ['SORT (REVERSE UID) UTF-8 FILTER boss', ['SORT 3 1']],
    ['SEARCH FILTER nosuch', [], /^NO \[UNDEFINED-FILTER nosuch\]/],
    ['SEARCH FILTER deep5', ['SEARCH 1 2 3']],
    ['SEARCH FILTER deep1', [], /^NO \[UNDEFINED-FILTER deep5\]/],
    ['SEARCH FILTER loop', [], /^NO \[UNDEFINED-FILTER loop\]/],
    ['SEARCH FILTER wider', [], /^NO \[LIMIT\]/],
    ['SEARCH FILTER', [], /^BAD/],
    ['SEARCH FILTER a/b', [], /^BAD/],
    ['SEARCH FILTER "boss"', [], /^BAD/],
  ]);
  const joe = await server.loggedIn('joe');
  await joe.ok('SELECT INBOX');
  await talk(joe, [['SEARCH FILTER boss', ['SEARCH']]]);
});

test('what is no search is not kept', async () => {
  await using server = await SearchServer.start();
  const filters = server.kernel.get(SEARCH_FILTERS);
  for (const text of ['', 'OR SMALLER', 'NOSUCH', 'SEEN)', 'FROM {5}'])
    await assert.rejects(filters.set(undefined, 'x', octets(text)), { code: 'CANNOT' });
  for (const name of ['', 'a/b', 'a b', 'ä', 'a"', '(a)'])
    await assert.rejects(filters.set(undefined, name, octets('ALL')), { code: 'CANNOT' });
  await filters.set(undefined, 'x', octets('SEEN'));
  assert.deepEqual(await filters.names(undefined), ['x']);
  await filters.set(undefined, 'x', undefined);
  assert.deepEqual(await filters.names(undefined), []);
});
