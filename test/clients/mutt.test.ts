import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImapTestClient } from '@angarium/testing';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';
import { run, without } from '../support/tools.js';

for (const program of ['mutt', 'neomutt'])
  test(
    `${program} opens, flags, saves to another mailbox and deletes`,
    {
      skip: without(program),
    },
    () => drive(program),
  );

async function drive(program: string): Promise<void> {
  await using server = await TestServer.start({ users: { fred: 'secret' } });
  const client = await ImapTestClient.connect(server.port('imap'));
  await client.login('fred', 'secret');
  await client.ok('CREATE INBOX.Saved');
  for (let n = 1; n <= 3; n++) await client.append('INBOX', plainMessage(n));
  const rc = join(server.data, 'muttrc');
  const url = `imap://fred@127.0.0.1:${server.port('imap')}/`;
  writeFileSync(
    rc,
    `set imap_pass=secret ssl_starttls=no ssl_force_tls=no folder="${url}" spoolfile="${url}INBOX"
set confirmappend=no confirmcreate=no delete=yes quit=yes mark_old=no sort=mailbox-order imap_authenticators="plain:login"
set header_cache="" move=no record="" postponed="" save_name=no
push "<first-entry><flag-message><first-entry><next-entry><save-message><kill-line>=INBOX.Saved<enter><sync-mailbox><quit>"
`,
  );
  const env = { ...process.env, TERM: 'xterm', HOME: server.data };
  const { code, output } = await run(
    'script',
    ['-qec', `${program} -n -F ${rc} -f ${url}INBOX`, '/dev/null'],
    {
      env,
      timeoutMs: 30_000,
    },
  );
  assert.equal(code, 0, output.slice(-2000));
  const saved = await client.ok('STATUS INBOX.Saved (MESSAGES)');
  assert.match(saved.untagged.join(), /MESSAGES 1/, output.slice(-2000));
  await client.ok('SELECT INBOX');
  const flags = (await client.ok('FETCH 1:* (FLAGS)')).untagged;
  assert.match(flags.join('\n'), /\* 2 EXISTS|2 FETCH/);
  assert.ok(
    flags.some((line) => line.includes('\\Flagged')),
    flags.join('\n'),
  );
  await client.logout();
}
