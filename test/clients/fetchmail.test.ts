import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { imapSession } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';
import { run, without } from '../support/tools.js';

test('fetchmail takes the mail away, message by message', { skip: without('fetchmail') }, async () => {
  await using server = await TestServer.start({ users: { fred: 'secret' } });
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  for (let n = 1; n <= 4; n++) await client.append('INBOX', plainMessage(n));
  const folder = join(server.data, 'fetchmail');
  mkdirSync(folder);
  const rc = join(folder, 'fetchmailrc');
  const out = join(folder, 'out');
  writeFileSync(
    rc,
    `poll 127.0.0.1 service ${server.port('imap')} protocol IMAP user "fred" password "secret" sslproto "" nokeep mda "cat >> ${out}"\n`,
  );
  chmodSync(rc, 0o600);
  const env = { ...process.env, HOME: folder, FETCHMAILHOME: folder };
  const { code, output } = await run('fetchmail', ['-f', rc, '--nosyslog', '-v'], { env });
  assert.equal(code, 0, output);
  assert.ok(existsSync(out), output);
  const text = readFileSync(out, 'latin1');
  for (let n = 1; n <= 4; n++) assert.ok(text.includes(`Subject: Relay ${n} of`), `message ${n}`);
  const { untagged } = await client.ok('STATUS INBOX (MESSAGES)');
  assert.match(untagged.join(), /MESSAGES 0/);
  await client.logout();
});
