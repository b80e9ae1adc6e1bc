import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { imapSession, subjects } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';
import { Terminal } from '../support/terminal.js';
import { eventually, without } from '../support/tools.js';

test('alpine reads, flags, saves to another mailbox, deletes and expunges', {
  skip: without('alpine'),
}, async () => {
  await using server = await TestServer.start({ users: { fred: 'secret' } });
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  await client.ok('CREATE INBOX.Saved');
  for (let n = 1; n <= 3; n++) await client.append('INBOX', plainMessage(n));
  const host = `{127.0.0.1:${server.port('imap')}/imap/notls/user=fred}`;
  const rc = join(server.data, 'pinerc');
  writeFileSync(
    rc,
    `personal-name=Fred
user-domain=example.org
inbox-path=${host}INBOX
folder-collections=Mail ${host}INBOX.[]
feature-list=enable-flag-cmd,expunge-without-confirm,quit-without-confirm
last-version-used=6.99
`,
  );
  await using alpine = new Terminal(`alpine -p ${rc} -i`, { HOME: server.data });
  await alpine.until(/PASSWORD/i);
  alpine.type('secret\r');
  await alpine.until(/Preserve password/);
  alpine.type('n');
  await alpine.until(/Relay 3 /);
  // The first is read and saved, the second deleted, the third marked.
  alpine.type('J1\r');
  await alpine.until(/jump to/);
  alpine.type('\r');
  await alpine.until(/MESSAGE TEXT/);
  alpine.type('S');
  await alpine.until(/SAVE/i);
  alpine.type('\x0bSaved\r');
  await eventually(async () => {
    const { untagged } = await client.ok('STATUS INBOX.Saved (MESSAGES)');
    return untagged.join().includes('MESSAGES 1') ? true : undefined;
  });
  alpine.type('ND');
  await alpine.until(/marked for deletion/);
  alpine.type('J3\r*');
  await alpine.until(/Important/);
  alpine.type('*');
  await eventually(async () => {
    await client.ok('EXAMINE INBOX');
    const { untagged } = await client.ok('SEARCH FLAGGED');
    return /SEARCH \d/.test(untagged.join('\n')) ? true : undefined;
  });
  alpine.type('Q');
  await alpine.ended();

  assert.match((await subjects(client, 'INBOX.Saved')).join(), /^Relay 1 of the \w+$/);
  await client.ok('SELECT INBOX');
  const left = (await client.ok('FETCH 1:* (UID FLAGS)')).untagged;
  assert.equal(left.length, 1, `${left.join()}: ${alpine.shown.slice(-1500)}`);
  assert.match(left[0]!, /UID 3 .*\\Flagged|\\Flagged.*UID 3/);
  await client.logout();
});
