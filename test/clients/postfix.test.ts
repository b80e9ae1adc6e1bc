import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImapTestClient, LineClient } from '@angarium/testing';
import { freePort } from '../support/ports.js';
import { TestServer } from '../support/server.js';
import { eventually, run, without } from '../support/tools.js';

const skip = without('postfix') || (process.getuid?.() === 0 ? false : 'Postfix runs as root only');

/** A Postfix instance of its own below `folder`, which hands its mail to the LMTP socket. Answers the SMTP port. */
async function startPostfix(
  folder: string,
  lmtpSocket: string,
): Promise<{ port: number; stop(): Promise<void>; log(): string }> {
  const port = await freePort();
  for (const name of ['config', 'queue', 'data']) mkdirSync(join(folder, name), { recursive: true });
  execFileSync('chown', ['postfix', join(folder, 'data')]);
  const config = join(folder, 'config');
  writeFileSync(
    join(config, 'main.cf'),
    `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
maillog_file = ${folder}/mail.log
maillog_file_prefixes = ${folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = mx.example.net
mydestination = example.net
local_recipient_maps =
mailbox_transport = lmtp:unix:${lmtpSocket}
smtputf8_enable = yes
alias_maps =
`,
  );
  // service, type, private, unprivileged, chroot, wakeup, processes, command: master(5)
  writeFileSync(
    join(config, 'master.cf'),
    `127.0.0.1:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
local unix - n n - - local
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
postlog unix-dgram n - n - 1 postlogd
`,
  );
  const postfix = (command: string) => run('postfix', ['-c', config, command]);
  const { code, output } = await postfix('start');
  assert.equal(code, 0, output);
  const log = () => readFileSync(join(folder, 'mail.log'), 'utf8');
  return { port, log, stop: async () => void (await postfix('stop')) };
}

test('a real Postfix hands mail over through the unix socket', { skip }, async () => {
  await using server = await TestServer.start({ users: { fred: 'secret', ann: 'secret' } });
  // Postfix's lmtp client runs as the user postfix and must reach the socket.
  chmodSync(server.data, 0o755);
  const postfix = await startPostfix(join(server.data, 'postfix'), server.lmtpSocket);
  try {
    const smtp = await LineClient.connect(postfix.port);
    await smtp.expect(/^220/);
    smtp.sendLine('HELO client.example');
    await smtp.expect(/^250/);
    for (let n = 1; n <= 20; n++) {
      for (const line of [
        'MAIL FROM:<sender@example.org>',
        'RCPT TO:<fred@example.net>',
        'RCPT TO:<ann@example.net>',
      ]) {
        smtp.sendLine(line);
        await smtp.expect(/^250/);
      }
      smtp.sendLine('DATA');
      await smtp.expect(/^354/);
      smtp.send(`Subject: number ${n}\r\n\r\nBody ${n}\r\n..dots\r\n.\r\n`);
      await smtp.expect(/^250/);
    }
    smtp.destroy();
    for (const user of ['fred', 'ann']) {
      const client = await ImapTestClient.connect(server.port('imap'));
      await client.login(user, 'secret');
      await eventually(async () => {
        const { untagged } = await client.ok('STATUS INBOX (MESSAGES)');
        return untagged.join().includes('MESSAGES 20') || undefined;
      }).catch((error) => {
        throw new Error(`${error.message}\n${postfix.log()}\n${server.output}`);
      });
      await client.ok('SELECT INBOX');
      const { untagged } = await client.ok(
        'FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT RETURN-PATH)] BODY.PEEK[TEXT])',
      );
      for (let n = 1; n <= 20; n++)
        assert.ok(untagged.some((line) => line.includes(`Subject: number ${n}\r\n`)));
      assert.match(untagged[0]!, /Return-Path: <sender@example\.org>/);
      assert.match(untagged[0]!, /Body \d+\r\n\.dots\r\n/);
      await client.logout();
    }
  } finally {
    await postfix.stop();
  }
});
