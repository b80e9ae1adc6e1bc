import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IMAP_EXTENSIONS, type ImapExtension } from '@angarium/sdk';
import type { ImapTestClient } from '@angarium/testing';
import { ExtensionRegistry } from '../../registry.js';
import { TestServer } from '../../server.test.support.js';
import { missingForRev2, rev2Offer } from './folded-in.js';

/** Stand-ins for what this build of the plugin has not: their words are what the offer is computed from. */
function standIns(missing: readonly string[]): ImapExtension {
  const words = missing.filter((name) => !name.startsWith('STATUS '));
  const items = missing.filter((name) => name.startsWith('STATUS ')).map((name) => name.slice(7));
  return {
    name: 'stand-ins',
    capabilities: words.map((word) => ({ word: word.split(' or ')[0]! })),
    statusItems: items.map((name) => ({
      name,
      value: (_session, _mailbox, status) => `${status.bytes}`,
    })),
  };
}

async function rev2Server(): Promise<TestServer> {
  const server = await TestServer.start();
  const extensions = server.kernel.get(IMAP_EXTENSIONS);
  extensions.add(standIns(missingForRev2(extensions as ExtensionRegistry)));
  return server;
}

async function enabled(server: TestServer): Promise<ImapTestClient> {
  const client = await server.loggedIn();
  assert.deepEqual((await client.ok('ENABLE IMAP4rev2')).untagged, ['ENABLED IMAP4rev2']);
  return client;
}

test('offered only when all that it folds in is there, and gone when a part goes', async () => {
  const empty = new ExtensionRegistry();
  assert.ok(missingForRev2(empty).includes('NAMESPACE'));
  assert.ok(!rev2Offer(empty)());
  await using server = await TestServer.start();
  const registry = server.kernel.get(IMAP_EXTENSIONS) as ExtensionRegistry;
  const isOffered = rev2Offer(registry);
  const missing = missingForRev2(registry);
  for (const there of ['NAMESPACE', 'UNSELECT', 'UIDPLUS', 'ENABLE', 'IDLE', 'SASL-IR', 'MOVE'])
    assert.ok(!missing.includes(there), there);
  assert.ok(!missing.includes('LITERAL- or LITERAL+'));
  assert.ok(!missing.includes('STATUS DELETED'));
  assert.equal(isOffered(), missing.length === 0);
  const added = registry.add(standIns(missing));
  assert.ok(isOffered());
  const other = registry.add({ name: 'X' });
  assert.ok(isOffered());
  other[Symbol.dispose]();
  added[Symbol.dispose]();
  assert.equal(isOffered(), missing.length === 0);
});

test('CAPABILITY lists both revisions, the same before and after ENABLE; without the parts ENABLE passes it over', async () => {
  await using server = await rev2Server();
  const client = await server.loggedIn();
  const before = (await client.ok('CAPABILITY')).untagged;
  assert.match(before[0]!, /^CAPABILITY IMAP4rev1 IMAP4rev2 /);
  assert.deepEqual((await client.ok('ENABLE imap4REV2')).untagged, ['ENABLED IMAP4rev2']);
  assert.deepEqual((await client.ok('CAPABILITY')).untagged, before);
  const lacking = new ExtensionRegistry();
  assert.equal(rev2Offer(lacking)(), false);
});

test('SELECT: no RECENT and UNSEEN, but LIST (RFC 9051 §6.3.2)', async () => {
  await using server = await rev2Server();
  const client = await enabled(server);
  await client.append('INBOX', 'Subject: x\r\n\r\n');
  const { untagged } = await client.ok('SELECT inbox');
  assert.ok(!untagged.some((line) => /RECENT|UNSEEN/.test(line)), untagged.join('\n'));
  assert.ok(untagged.includes('LIST () "." INBOX'), untagged.join('\n'));
  assert.deepEqual((await client.ok('FETCH 1 FLAGS')).untagged, ['1 FETCH (FLAGS ())']);
  const old = await server.loggedIn();
  assert.ok(!(await old.ok('SELECT INBOX')).untagged.some((line) => line.startsWith('LIST')));
});

test('unsolicited FETCH has the UID (RFC 9051 §7.5.2), new mail no RECENT', async () => {
  await using server = await rev2Server();
  const client = await enabled(server);
  const worker = await server.selected(1);
  await client.ok('SELECT INBOX');
  await worker.ok('STORE 1 +FLAGS (\\Flagged)');
  assert.deepEqual((await client.ok('NOOP')).untagged, ['1 FETCH (FLAGS (\\Flagged) UID 1)']);
  await worker.append('INBOX', 'Subject: y\r\n\r\n');
  assert.deepEqual((await client.ok('NOOP')).untagged, ['2 EXISTS']);
});

test('names are UTF-8, in quoted strings and literals both ways; the old revision sees modified UTF-7', async () => {
  await using server = await rev2Server();
  const client = await enabled(server);
  const name = Buffer.from('INBOX.Entwürfe & 日本').latin1Slice();
  await client.ok(`CREATE "${name}"`);
  assert.deepEqual((await client.ok('LIST "" INBOX.E*')).untagged, [`LIST (\\HasNoChildren) "." "${name}"`]);
  const selected = await client.withLiterals('SELECT ', Buffer.from(name, 'latin1'));
  assert.ok(selected.untagged.includes(`LIST () "." "${name}"`), selected.untagged.join('\n'));
  // Modified UTF-7 is a name like any other now.
  await client.ok('CREATE "INBOX.&-x"');
  const old = await server.loggedIn();
  assert.deepEqual((await old.ok('LIST "" INBOX.*')).untagged, [
    'LIST (\\HasNoChildren) "." INBOX.&--x',
    'LIST (\\HasNoChildren) "." "INBOX.Entw&APw-rfe &- &ZeVnLA-"',
  ]);
  for (const wrong of ['SELECT "INBOX.\xfc"', 'LIST "" "\xc3"', 'SEARCH SUBJECT "\xff"'])
    assert.equal((await client.command(wrong)).status, 'BAD', wrong);
  assert.match(
    (await client.withLiterals('SELECT ', Buffer.from('INBOX.\xfc', 'latin1'))).text,
    /^\[CANNOT\] The mailbox name is not well-formed UTF-8/,
  );
});

test('a name written another way is told as it is, with OLDNAME (RFC 9051 §6.3.9.7)', async () => {
  await using server = await rev2Server();
  const client = await enabled(server);
  const composed = Buffer.from('INBOX.\u00fc').latin1Slice();
  const other = Buffer.from('INBOX.u\u0308').latin1Slice();
  const oldName = `"${composed}" ("OLDNAME" ("${other}"))`;
  assert.deepEqual((await client.ok(`CREATE "${other}"`)).untagged, [`LIST () "." ${oldName}`]);
  assert.ok((await client.ok(`SELECT "${other}"`)).untagged.includes(`LIST () "." ${oldName}`));
  const appended = await client.append(`"${other}"`, 'Subject: x\r\n\r\n');
  assert.ok(appended.untagged.includes(`LIST () "." ${oldName}`), appended.untagged.join('\n'));
  await client.ok('UNSELECT');
  assert.deepEqual((await client.ok(`RENAME "${other}" INBOX.x`)).untagged, [
    `LIST () "." INBOX.x ("OLDNAME" ("${other}"))`,
  ]);
  await client.ok(`RENAME INBOX.x "${composed}"`);
  assert.deepEqual((await client.ok(`DELETE "${other}"`)).untagged, [`LIST (\\NonExistent) "." ${oldName}`]);
  assert.deepEqual((await client.ok('CREATE INBOX.y.')).untagged, []);
  assert.deepEqual((await client.ok('RENAME INBOX.y. INBOX.z.')).untagged, []);
  const old = await server.loggedIn();
  assert.deepEqual((await old.ok('CREATE "INBOX.u&Awg-"')).untagged, []);
});

test('STATUS DELETED and SIZE (RFC 9051 §6.3.11)', async () => {
  await using server = await rev2Server();
  const client = await enabled(server);
  await client.append('INBOX', 'Subject: x\r\n\r\n', '\\Deleted');
  assert.deepEqual((await client.ok('STATUS INBOX (DELETED SIZE)')).untagged, [
    'STATUS INBOX (DELETED 1 SIZE 14)',
  ]);
});
