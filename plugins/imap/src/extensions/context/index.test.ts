import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, mailbox, numbered, talk } from '../searching.test.support.js';

test('UPDATE tells what comes and goes, with the change that caused it (RFC 5267 §4.3)', async () => {
  const { server, client } = await mailbox(numbered(4));
  await using _ = server;
  const other = await server.loggedIn();
  await other.ok('SELECT INBOX');
  await talk(client, [
    ['UID SEARCH RETURN (UPDATE COUNT) FLAGGED', ['ESEARCH (TAG) UID COUNT 0']],
    // One's own change.
    ['STORE 2:3 +FLAGS.SILENT (\\Flagged)', ['ESEARCH (TAG) UID ADDTO (0 2:3)']],
    ['STORE 2 +FLAGS.SILENT (\\Seen)', []],
    ['STORE 3 -FLAGS (\\Flagged)', ['3 FETCH (FLAGS (\\Recent))', 'ESEARCH (TAG) UID REMOVEFROM (0 3)']],
  ]);
  await other.ok('STORE 4 +FLAGS.SILENT (\\Flagged)');
  await talk(client, [['NOOP', ['4 FETCH (FLAGS (\\Flagged \\Recent))', 'ESEARCH (TAG) UID ADDTO (0 4)']]]);
  await append(other, 'INBOX', [{ text: 'Subject: new\n\n\n', flags: '\\Flagged' }]);
  await talk(client, [['NOOP', ['5 EXISTS', '4 RECENT', 'ESEARCH (TAG) UID ADDTO (0 5)']]]);
});

test('numbers in REMOVEFROM are told before EXPUNGE, and at once where EXPUNGE must wait', async () => {
  const { server, client } = await mailbox(numbered(5));
  await using _ = server;
  const other = await server.loggedIn();
  await other.ok('SELECT INBOX');
  await client.ok('SEARCH RETURN (UPDATE) ALL');
  const expunge = async (number: number): Promise<void> => {
    await other.ok(`STORE ${number} +FLAGS.SILENT (\\Deleted)`);
    await other.ok('EXPUNGE');
  };
  await expunge(2);
  await talk(client, [['NOOP', ['ESEARCH (TAG) REMOVEFROM (0 2)', '2 EXPUNGE']]]);
  await expunge(4);
  await talk(client, [
    ['FETCH 1 (UID)', ['ESEARCH (TAG) REMOVEFROM (0 4)', '1 FETCH (UID 1)']],
    ['NOOP', ['4 EXPUNGE']],
  ]);
});

test('sequence numbers are those of the moment of the command (RFC 5267 §4.3)', async () => {
  const { server, client } = await mailbox(numbered(5));
  await using _ = server;
  await client.ok('SEARCH RETURN (UPDATE) 4:5 FLAGGED');
  await client.ok('STORE 1 +FLAGS.SILENT (\\Deleted)');
  await client.ok('EXPUNGE');
  await talk(client, [
    ['STORE 4 +FLAGS.SILENT (\\Flagged)', ['ESEARCH (TAG) ADDTO (0 4)']],
    ['STORE 2 +FLAGS.SILENT (\\Flagged)', []],
  ]);
});

test('CANCELUPDATE, another mailbox and a limit end it', async () => {
  const { server, client } = await mailbox(numbered(2));
  await using _ = server;
  const tag = client.start('SEARCH RETURN (UPDATE) FLAGGED');
  assert.deepEqual((await client.finish(tag)).untagged, [`ESEARCH (TAG "${tag}")`]);
  await talk(client, [
    ['CANCELUPDATE "nosuch"', [], /^NO/],
    ['CANCELUPDATE', [], /^BAD/],
    [`CANCELUPDATE "${tag}"`, []],
    ['STORE 1 +FLAGS.SILENT (\\Flagged)', []],
  ]);
  for (let i = 0; i < 16; i++) await client.ok('SEARCH RETURN (UPDATE) ALL');
  const refused = client.start('SEARCH RETURN (UPDATE COUNT) ALL');
  const answer = await client.finish(refused);
  assert.equal(answer.status, 'OK');
  assert.equal(answer.untagged[0], `ESEARCH (TAG "${refused}") COUNT 2`);
  assert.match(answer.untagged[1] ?? '', new RegExp(`^NO \\[NOUPDATE "${refused}"\\]`));
  await client.ok('SELECT INBOX');
  await talk(client, [['STORE 1 +FLAGS.SILENT (\\Deleted)', []]]);
  const { untagged } = await client.ok('EXPUNGE');
  assert.deepEqual(untagged, ['1 EXPUNGE']);
});

test('a tag that is in use is BAD (RFC 5267 §4.3)', async () => {
  const { server, client } = await mailbox(numbered(1));
  await using _ = server;
  client.sendLine('same SEARCH RETURN (UPDATE) ALL');
  await client.finish('same');
  client.sendLine('same SEARCH RETURN (UPDATE) ALL');
  assert.equal((await client.finish('same')).status, 'BAD');
  client.sendLine('same SEARCH RETURN (COUNT) ALL');
  assert.equal((await client.finish('same')).status, 'OK');
});

test('IDLE tells updates as they come', async () => {
  const { server, client } = await mailbox(numbered(1));
  await using _ = server;
  await client.ok('UID SEARCH RETURN (UPDATE) ALL');
  const tag = client.start('IDLE');
  await client.expect(/^\+ /);
  const other = await server.loggedIn();
  await append(other, 'INBOX', [{ text: 'Subject: new\n\n\n' }]);
  assert.equal(await client.response(), '* 2 EXISTS');
  assert.equal(await client.response(), '* 2 RECENT');
  assert.match(await client.response(), /^\* ESEARCH \(TAG "t\d+"\) UID ADDTO \(0 2\)$/);
  client.sendLine('DONE');
  await client.finish(tag);
});
