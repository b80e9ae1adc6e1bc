import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANGE_FEED } from '@angarium/sdk';
import { ManualClock } from '@angarium/testing';
import { letter, TestServer } from '../server.test.support.js';

test('IDLE tells what happens as it happens, until DONE (RFC 2177 §3)', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(1);
  const other = await server.loggedIn();
  await other.ok('SELECT INBOX');
  client.sendLine('i IDLE');
  await client.expect(/^\+ /);
  await other.append('INBOX', letter('new'));
  await client.expect(/^\* 2 EXISTS$/);
  await client.expect(/^\* \d RECENT$/);
  await other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)');
  await client.expect(/^\* 1 FETCH \(FLAGS \(\\Deleted/);
  await other.ok('EXPUNGE');
  await client.expect(/^\* 1 EXPUNGE$/);
  client.sendLine('done');
  await client.expect(/^i OK/);
  await other.append('INBOX', letter('later'));
  assert.equal(client.unread, '');
});

test('what happened between SELECT and IDLE is told when it begins', async () => {
  await using server = await TestServer.start();
  const client = await server.selected();
  const other = await server.loggedIn();
  await other.append('INBOX', letter('x'));
  client.sendLine('i IDLE');
  await client.expect(/^\+ /);
  await client.expect(/^\* 1 EXISTS$/);
});

test('a lost notice only delays', async () => {
  const clock = new ManualClock();
  await using server = await TestServer.start({ clock });
  server.kernel.get(CHANGE_FEED).watch = () => ({ [Symbol.dispose]() {} });
  const client = await server.selected();
  client.sendLine('i IDLE');
  await client.expect(/^\+ /);
  const other = await server.loggedIn();
  await other.append('INBOX', letter('x'));
  await clock.advance(60_000);
  await client.expect(/^\* 1 EXISTS$/);
});

test('IDLE keeps the connection alive, and ends with the autologout', async () => {
  const clock = new ManualClock();
  await using server = await TestServer.start({ clock });
  const client = await server.loggedIn();
  client.sendLine('i IDLE');
  await client.expect(/^\+ /);
  await clock.advance(29 * 60_000);
  await client.expect(/^\* OK Still here$/);
  await clock.advance(2 * 60_000);
  await client.expect(/^\* BYE Autologout/);
  assert.equal(await client.end(), '');
});

test('anything but DONE is BAD', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  for (const line of ['b NOOP', '', 'x'.repeat(5000)]) {
    client.sendLine('i IDLE');
    await client.expect(/^\+ /);
    client.sendLine(line);
    await client.expect(/^i BAD/);
  }
  client.send('i IDLE\r\nDONE\r\nb NOOP\r\n');
  await client.expect(/^\+ /);
  await client.expect(/^i OK/);
  await client.expect(/^b OK/);
  assert.equal((await client.command('IDLE x')).status, 'BAD');
});
