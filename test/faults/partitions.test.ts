/** Partitions as an administrator has them: chosen, moved to by RENAME while mail arrives, one of them lost. */
import assert from 'node:assert/strict';
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { imapSession, subjects } from '../support/imap.js';
import { TestServer } from '../support/server.js';

const manifestSet = {
  'plugins.store-sqlite.partitions.default': 'packs',
  'plugins.store-sqlite.partitions.archive':
    '{"path":"archive","compression":"zstd","keys":["env:ANGARIUM_TEST_PARTITION_KEY"]}',
};

/** What the command printed, whether it ended well or not. */
function outputOf(server: TestServer, args: readonly string[]): string {
  try {
    return server.command(args);
  } catch (error) {
    return error instanceof Error ? `${error.message} ${'stdout' in error ? String(error.stdout) : ''}` : '';
  }
}

test('a mailbox moves to an encrypted partition while mail arrives; without that partition the rest is served', async () => {
  process.env['ANGARIUM_TEST_PARTITION_KEY'] = '3d'.repeat(32);
  await using server = await TestServer.start({
    users: { admin: 'secret', fred: 'secret' },
    set: manifestSet,
  });
  const admin = await imapSession(server.port('imap'), 'admin', 'secret');
  const fred = await imapSession(server.port('imap'), 'fred', 'secret');
  await fred.ok('CREATE INBOX.Work');
  await fred.ok('CREATE INBOX.Old');
  const file = (n: number, mailbox: string) =>
    fred.ok(`APPEND ${mailbox} {${text(n).length}+}\r\n${text(n)}`);
  for (let n = 1; n <= 300; n++) await file(n, 'INBOX.Old');
  let isMoved = false;
  const move = admin.ok('RENAME user.fred.Old user.fred.Old archive').finally(() => {
    isMoved = true;
  });
  let last = 300;
  while (!isMoved || last < 310) await file(++last, 'INBOX.Old');
  await move;
  assert.deepEqual(
    await subjects(fred, 'INBOX.Old'),
    Array.from({ length: last }, (_, i) => `number ${i + 1}`),
  );
  await file(1, 'INBOX.Work');
  assert.match(outputOf(server, ['partitions']), /archive {2}\S+\n {2}.* free .*, 1 mailboxes/);
  assert.match(outputOf(server, ['store', 'check']), /nothing wrong/);

  const archive = join(server.data, 'archive');
  await server.end();
  renameSync(archive, `${archive}.away`);
  await server.start();
  const again = await imapSession(server.port('imap'), 'fred', 'secret');
  assert.deepEqual(await subjects(again, 'INBOX.Work'), ['number 1']);
  await again.ok('SELECT INBOX.Old');
  assert.match((await again.command('FETCH 1 BODY.PEEK[]')).text, /^\[UNAVAILABLE\] The partition/);
  assert.match(
    (await again.command(`APPEND INBOX.Old {${text(1).length}+}\r\n${text(1)}`)).text,
    /^\[UNAVAILABLE\] The partition/,
  );
  for (const args of [['partitions'], ['store', 'check'], ['status']])
    assert.match(outputOf(server, args), /partition \W?"archive\W?" /, args.join(' '));
  assert.ok(!readdirSync(server.data).includes('archive'), 'nothing is made in its place');
  renameSync(`${archive}.away`, archive);
  assert.match((await again.ok('FETCH 1 BODY.PEEK[]')).untagged.join(''), /number 1/);
  delete process.env['ANGARIUM_TEST_PARTITION_KEY'];
});

function text(n: number): string {
  return `From: <joe@example.org>\r\nSubject: number ${n}\r\n\r\n${'a line of text\r\n'.repeat(50)}`;
}
