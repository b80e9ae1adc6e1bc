import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IMAP_EXTENSIONS } from '@angarium/sdk';
import { TestServer } from '../../server.test.support.js';
import { isLanguageRange, lookUp } from './ranges.js';
import { translations } from './texts.js';

const latin1 = (text: string) => Buffer.from(text).latin1Slice();

test('look-up of RFC 4647 §3.4', () => {
  const tags = ['en', 'de', 'zh-hant', 'fr-ca', 'i-default'];
  for (const [ranges, found] of [
    [['de'], 'de'],
    [['DE-CH-1996'], 'de'],
    [['mul'], undefined],
    [['fr'], undefined],
    [['fr', 'FR-CA'], 'fr-ca'],
    [['zh-Hant-CN-x-private1-private2'], 'zh-hant'],
    [['de-x-a'], 'de'],
    [['*'], 'en'],
    [['*-CH'], undefined],
    [['de-*-DE'], 'de'],
    [['i-default'], 'i-default'],
    [[], undefined],
  ] as const)
    assert.equal(lookUp(ranges, tags), found, ranges.join());
  for (const text of ['', 'de_DE', 'de-', '-de', 'de--ch', 'abcdefghi', 'd\u00e9', 'de ch'])
    assert.ok(!isLanguageRange(text), text);
  for (const text of ['de', '*', 'de-CH', 'zh-Hant', 'de-*-DE'.replace('-*-DE', '-*')])
    assert.ok(isLanguageRange(text), text);
});

test('all languages have all texts, one line each', () => {
  const [german, french] = translations;
  assert.deepEqual(Object.keys(german!.texts), Object.keys(french!.texts));
  for (const { texts } of translations)
    for (const text of Object.values(texts)) assert.match(text, /^[^\p{Cc}[]+$/u);
});

test('LANGUAGE in every state: listed, chosen, refused, and back', async () => {
  await using server = await TestServer.start();
  const client = await server.greeted();
  assert.match((await client.ok('CAPABILITY')).untagged[0]!, / LANGUAGE/);
  assert.deepEqual((await client.ok('LANGUAGE')).untagged, ['LANGUAGE (en de fr i-default)']);
  const chosen = await client.ok('LANGUAGE DE-AT');
  assert.deepEqual([chosen.untagged, chosen.text], [['LANGUAGE (de)'], 'Sprache gewechselt']);
  const refused = await client.command('LOGIN fred wrong');
  assert.equal(refused.text, '[AUTHENTICATIONFAILED] Anmeldung fehlgeschlagen');
  assert.match((await client.ok('LOGIN fred secret')).text, /\] Angemeldet$/);
  const missing = await client.command('SELECT INBOX.x');
  assert.equal(missing.text, '[NONEXISTENT] Das Postfach gibt es nicht');
  const unknown = await client.command('LANGUAGE mul tlh');
  assert.deepEqual([unknown.status, unknown.text], ['NO', '[CANNOT] Unsupported language mul']);
  await client.ok('SELECT INBOX');
  const french = await client.ok('LANGUAGE "fr-CA" {2+}\r\nde');
  assert.equal(french.untagged[0], 'LANGUAGE (fr)');
  assert.match(french.untagged[1]!, /^NAMESPACE \(\("INBOX\." "\."\)\)/);
  assert.equal(french.text, latin1('Langue modifiée'));
  assert.equal((await client.ok('LANGUAGE default')).untagged[0], 'LANGUAGE (en)');
  assert.equal((await client.ok('NOOP')).text, 'Completed');
  for (const wrong of ['LANGUAGE ', 'LANGUAGE de_DE', 'LANGUAGE (de)', `LANGUAGE${' de'.repeat(65)}`])
    assert.equal((await client.command(wrong)).status, 'BAD', wrong);
});

test('prefixes of namespaces are translated (RFC 5255 §3.4)', async () => {
  await using server = await TestServer.start({
    namespace: { altnamespace: true, unixhierarchysep: true },
  });
  const client = await server.loggedIn();
  const english = '(("Other Users/" "/")) (("Shared Folders/" "/"))';
  assert.deepEqual((await client.ok('NAMESPACE')).untagged, [`NAMESPACE (("" "/")) ${english}`]);
  const german =
    '(("Other Users/" "/" "TRANSLATION" ("Andere Benutzer/"))) (("Shared Folders/" "/" "TRANSLATION" ("Gemeinsame Ordner/")))';
  assert.deepEqual((await client.ok('LANGUAGE de')).untagged, [
    'LANGUAGE (de)',
    `NAMESPACE (("" "/")) ${german}`,
  ]);
  assert.match((await client.ok('LANGUAGE fr')).untagged[1]!, /\("Dossiers partag&AOk-s\/"\)/);
  await client.ok('ENABLE UTF8=ACCEPT');
  assert.ok((await client.ok('NAMESPACE')).untagged[0]!.includes(latin1('("Dossiers partagés/")')));
});

test('an extension brings a language of its own, and the operator prefers it', async () => {
  await using server = await TestServer.start({ imap: { language: 'it' } });
  const client = await server.loggedIn();
  const { [Symbol.dispose]: remove } = server.kernel.get(IMAP_EXTENSIONS).add({
    name: 'ITALIAN',
    translations: [{ language: 'it', texts: { Completed: 'Completato' } }],
  });
  assert.deepEqual((await client.ok('LANGUAGE')).untagged, ['LANGUAGE (en de fr it i-default)']);
  assert.equal((await client.ok('LANGUAGE DEFAULT')).untagged[0], 'LANGUAGE (it)');
  assert.equal((await client.ok('NOOP')).text, 'Completato');
  remove();
  assert.equal((await client.ok('NOOP')).text, 'Completed');
});
