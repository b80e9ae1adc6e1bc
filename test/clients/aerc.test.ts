import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { imapSession, subjects } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';
import { Terminal } from '../support/terminal.js';
import { eventually, without } from '../support/tools.js';

test('aerc reads, flags, moves and deletes', { skip: without('aerc') }, async () => {
  await using server = await TestServer.start({ users: { fred: 'secret' } });
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  await client.ok('CREATE INBOX.Saved');
  for (let n = 1; n <= 3; n++) await client.append('INBOX', plainMessage(n));
  const folder = join(server.data, 'aerc');
  mkdirSync(join(folder, 'aerc'), { recursive: true });
  writeFileSync(
    join(folder, 'aerc', 'accounts.conf'),
    `[test]
source = imap+insecure://fred:secret@127.0.0.1:${server.port('imap')}
default = INBOX
from = Fred <fred@example.org>
`,
    { mode: 0o600 },
  );
  const env = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder, XDG_DATA_HOME: folder };
  await using aerc = new Terminal('aerc', env);
  await aerc.until(/Relay 3 /);
  await client.ok('SELECT INBOX');
  const has = async (mailbox: string, text: string) =>
    await eventually(async () => {
      await client.ok('NOOP');
      const told = (await client.ok(`STATUS ${mailbox} (MESSAGES UNSEEN)`)).untagged.join();
      return told.includes(text) ? true : undefined;
    });
  // The newest is on top.
  aerc.type(':flag\r');
  await eventually(async () => {
    const { untagged } = await client.ok('SEARCH FLAGGED');
    return /SEARCH \d/.test(untagged.join()) ? true : undefined;
  });
  aerc.type(':move INBOX.Saved\r');
  await has('INBOX.Saved', 'MESSAGES 1');
  aerc.type(':delete\r');
  await has('INBOX', 'MESSAGES 1 ');
  aerc.type(':read\r');
  await has('INBOX', 'UNSEEN 0');
  aerc.type(':quit\r');
  await aerc.ended();
  const saved = await subjects(client, 'INBOX.Saved');
  assert.match(saved.join(), /^Relay \d of/);
  assert.match((await client.ok('FETCH 1 (FLAGS)')).untagged.join(), /\\Flagged/);
  await client.logout();
});
