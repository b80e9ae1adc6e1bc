import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImapTestClient } from '@angarium/testing';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';
import { run, without } from '../support/tools.js';

test('mbsync pulls, and pushes flags, deletions and new messages back', {
  skip: without('mbsync'),
}, async () => {
  await using server = await TestServer.start({ users: { fred: 'secret' } });
  const client = await ImapTestClient.connect(server.port('imap'));
  await client.login('fred', 'secret');
  await client.ok('CREATE INBOX.Work');
  for (let n = 1; n <= 5; n++) await client.append('INBOX', plainMessage(n));
  await client.append('INBOX.Work', plainMessage(9), '\\Seen');

  const folder = join(server.data, 'mbsync');
  mkdirSync(join(folder, 'mail'), { recursive: true });
  const config = join(folder, 'mbsyncrc');
  writeFileSync(
    config,
    `IMAPStore server
Host 127.0.0.1
Port ${server.port('imap')}
User fred
Pass secret
SSLType None
AuthMechs PLAIN
PathDelimiter .
Path INBOX.

MaildirStore local
Path ${folder}/mail/
Inbox ${folder}/mail/INBOX
SubFolders Verbatim

Channel all
Far :server:
Near :local:
Patterns INBOX Work
Create Both
Expunge Both
SyncState *
`,
  );
  const sync = async () => {
    const { code, output } = await run('mbsync', ['-c', config, 'all']);
    assert.equal(code, 0, output);
  };
  await sync();
  const inbox = join(folder, 'mail', 'INBOX');
  const there = () => [...readdirSync(join(inbox, 'cur')), ...readdirSync(join(inbox, 'new'))];
  assert.equal(there().length, 5);
  const work = join(folder, 'mail', 'Work', 'cur');
  const seen = readdirSync(work);
  assert.equal(seen.length, 1);
  assert.match(seen[0]!, /:2,S$/);
  const text = readFileSync(join(work, seen[0]!), 'latin1');
  assert.ok(text.replace(/\r?\n/g, '\r\n').includes(plainMessage(9).slice(0, 200)));

  // Flag one, delete one, add one.
  const [first, second] = readdirSync(join(inbox, 'new'));
  renameSync(join(inbox, 'new', first!), join(inbox, 'cur', `${first!.replace(/:2,.*/, '')}:2,FS`));
  renameSync(join(inbox, 'new', second!), join(inbox, 'cur', `${second!.replace(/:2,.*/, '')}:2,T`));
  writeFileSync(join(inbox, 'new', '1700000000.local.test'), plainMessage(77).replace(/\r\n/g, '\n'));
  await sync();
  await client.ok('SELECT INBOX');
  const flags = (await client.ok('FETCH 1:* (FLAGS)')).untagged.join('\n');
  assert.equal(flags.match(/FETCH/g)?.length, 5, flags);
  assert.match(flags, /\\Flagged \\Seen|\\Seen \\Flagged/);
  const found = await client.ok('SEARCH SUBJECT "Relay 77 "');
  assert.match(found.untagged.join(), /SEARCH \d/);
  await client.logout();
});
