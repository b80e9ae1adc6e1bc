import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { imapSession } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';
import { run, without } from '../support/tools.js';

test('getmail takes what is new from several mailboxes, and moves it away', {
  skip: without('getmail'),
}, async () => {
  await using server = await TestServer.start({ users: { fred: 'secret' } });
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  await client.ok('CREATE INBOX.Work');
  await client.ok('CREATE INBOX.Done');
  for (let n = 1; n <= 3; n++) await client.append('INBOX', plainMessage(n));
  await client.append('INBOX.Work', plainMessage(4));
  const folder = join(server.data, 'getmail');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'getmailrc'),
    `[retriever]
type = SimpleIMAPRetriever
server = 127.0.0.1
port = ${server.port('imap')}
username = fred
password = secret
mailboxes = ("INBOX", "INBOX.Work")
move_on_delete = INBOX.Done
[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat >> ${folder}/out")
allow_root_commands = true
[options]
delete = true
read_all = false
`,
  );
  const fetchNew = async () => {
    const { code, output } = await run('getmail', ['--getmaildir', folder, '-v']);
    assert.equal(code, 0, output);
    return readFileSync(join(folder, 'out'), 'latin1');
  };
  const counts = (text: string) =>
    [1, 2, 3, 4, 5].map((n) => text.split(`Subject: Relay ${n} of`).length - 1);
  const first = await fetchNew();
  assert.deepEqual(counts(first), [1, 1, 1, 1, 0]);
  // It knows lines of X-GM-EXT-1 only as Gmail writes them.
  for (const name of ['THRID', 'MSGID'])
    assert.equal(first.match(new RegExp(`^X-GMAIL-${name}: `, 'gm'))?.length, 4, first);
  const { untagged } = await client.ok('STATUS INBOX.Done (MESSAGES)');
  assert.match(untagged.join(), /MESSAGES 4/);
  await client.append('INBOX', plainMessage(5));
  assert.deepEqual(counts(await fetchNew()), [1, 1, 1, 1, 1], 'only the new one comes');
  await client.logout();
});
