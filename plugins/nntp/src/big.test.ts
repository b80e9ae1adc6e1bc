import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noFlags, sharedMailbox } from '@angarium/sdk';
import { setUp } from './server.test.support.js';

test('a list of many groups waits for a client that does not read', async () => {
  await using it = await setUp();
  const count = 3000;
  const padding = 'x'.repeat(200);
  for (let n = 0; n < count; n++) {
    await it.store.catalogue.create(sharedMailbox(['news', `g${n}-${padding}`]), { acl: { anyone: 'lr' } });
  }
  const client = await it.reader();
  client.pause();
  const connection = it.kernel.connections.at(-1)!;
  client.sendLine('LIST ACTIVE');
  // What is written stops growing long before the 650 kB of the list.
  let written = -1;
  while (connection.bytesWritten > written) {
    written = connection.bytesWritten;
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(written < 400_000, `${written} octets were written to a client that does not read`);
  client.resume();
  await client.expect(/^215 /);
  assert.equal((await client.block()).length, count);
});

test('an article of some megabytes goes out as it came in, dots and all', async () => {
  await using it = await setUp();
  const { id } = await it.group('misc.test');
  const body = `${'.'.repeat(70)}\r\n.\r\n..x\r\n`.repeat(40_000);
  await using message = await it.store.stage([Buffer.from(`Message-ID: <1@x>\r\n\r\n${body}`)], {
    maxBytes: 10_000_000,
  });
  await it.store.append([{ mailbox: id, items: [{ message, flags: noFlags, internalDateMs: 0 }] }]);
  const client = await it.reader();
  client.sendLine('BODY <1@x>');
  await client.expect(/^222 /);
  const stuffed = body.replace(/^\./gm, '..');
  const got = await client.exactly(stuffed.length + 3, 60_000);
  assert.ok(got.latin1Slice() === `${stuffed}.\r\n`);
});
