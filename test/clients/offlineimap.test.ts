import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { imapSession, subjects } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';
import { run, without } from '../support/tools.js';

const settings = (folder: string, port: number): string => `[general]
accounts = test
metadata = ${folder}/state
ui = basic
[Account test]
localrepository = local
remoterepository = remote
[Repository local]
type = Maildir
localfolders = ${folder}/mail
sep = .
[Repository remote]
type = IMAP
remotehost = 127.0.0.1
remoteport = ${port}
remoteuser = fred
remotepass = secret
ssl = no
starttls = no
auth_mechanisms = PLAIN
maxconnections = 2
`;

test('offlineimap pulls all mailboxes, and pushes flags, deletions, new mail and new mailboxes', {
  skip: without('offlineimap'),
}, async () => {
  await using server = await TestServer.start({ users: { fred: 'secret' } });
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  await client.ok('CREATE INBOX.Work');
  for (let n = 1; n <= 4; n++) await client.append('INBOX', plainMessage(n));
  await client.append('INBOX.Work', plainMessage(9), '\\Seen');
  const folder = join(server.data, 'offlineimap');
  mkdirSync(folder);
  const config = join(folder, 'rc');
  writeFileSync(config, settings(folder, server.port('imap')));
  const sync = async () => {
    const { code, output } = await run('offlineimap', ['-c', config, '-o'], {
      env: { ...process.env, HOME: folder },
    });
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /ERROR|Traceback/);
  };
  await sync();
  const inbox = join(folder, 'mail', 'INBOX');
  assert.equal(readdirSync(join(inbox, 'new')).length, 4);
  assert.match(readdirSync(join(folder, 'mail', 'INBOX.Work', 'cur')).join(), /:2,S$/);

  const [first, second] = readdirSync(join(inbox, 'new')).sort();
  renameSync(join(inbox, 'new', first!), join(inbox, 'cur', `${first!.replace(/:2,.*/, '')}:2,FS`));
  rmSync(join(inbox, 'new', second!));
  writeFileSync(join(inbox, 'new', '1700000000.local.test'), plainMessage(77).replace(/\r\n/g, '\n'));
  for (const part of ['cur', 'new', 'tmp'])
    mkdirSync(join(folder, 'mail', 'INBOX.Made', part), { recursive: true });
  await client.append('INBOX.Work', plainMessage(10));
  await sync();
  await client.ok('SELECT INBOX');
  assert.match((await client.ok('SEARCH FLAGGED SEEN')).untagged.join(), /SEARCH \d+$/);
  assert.equal((await subjects(client, 'INBOX')).length, 4, 'one deleted, one new');
  assert.ok((await subjects(client, 'INBOX')).some((subject) => subject.includes('Relay 77 ')));
  assert.match((await client.ok('LIST "" INBOX.Made')).untagged.join(), /INBOX\.Made/);
  assert.equal(readdirSync(join(folder, 'mail', 'INBOX.Work', 'new')).length, 1);
  await client.logout();
});
