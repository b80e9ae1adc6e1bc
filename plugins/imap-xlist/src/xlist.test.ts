import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imapServer } from '@angarium/testing';

test('XLIST marks INBOX and the special uses', async () => {
  await using server = await imapServer(['imap-xlist']);
  const client = await server.loggedIn('fred');
  await client.ok('CREATE INBOX.Sent (USE (\\Sent))');
  await client.ok('CREATE INBOX.Bad (USE (\\Junk))');
  await client.ok('CREATE INBOX.a.b');
  await client.ok('DELETE INBOX.a');
  assert.deepEqual((await client.ok('XLIST "" "INBOX%"')).untagged, [
    'XLIST (\\HasChildren \\Inbox) "." INBOX',
  ]);
  assert.deepEqual((await client.ok('XLIST "" INBOX.%')).untagged, [
    'XLIST (\\HasNoChildren \\Junk \\Spam) "." INBOX.Bad',
    'XLIST (\\HasNoChildren \\Sent) "." INBOX.Sent',
    'XLIST (\\Noselect \\HasChildren) "." INBOX.a',
  ]);
  assert.deepEqual((await client.ok('XLIST "" ""')).untagged, ['XLIST (\\Noselect) "." ""']);
  for (const wrong of ['XLIST', 'XLIST ""', 'XLIST (SUBSCRIBED) "" *', 'XLIST "" * x'])
    assert.equal((await client.command(wrong)).status, 'BAD', wrong);
  assert.match((await client.ok('CAPABILITY')).untagged[0]!, / XLIST( |$)/);
});
