/** Postfix with virtual domains, while workers are killed: each accepted message is there, once. */
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LineClient } from '@angarium/testing';
import { imapSession, subjects } from '../support/imap.js';
import { randomNumbers } from '../support/mail.js';
import { noPostfix, type Postfix, startPostfix } from '../support/postfix.js';
import { TestServer } from '../support/server.js';
import { eventually } from '../support/tools.js';

/** By hand: ANGARIUM_MESSAGES=10000. */
const MESSAGES = Number(process.env['ANGARIUM_MESSAGES'] ?? 200);
const SENDERS = 4;
const WORKERS = 2;
/** For a busy machine. */
const PATIENCE_MS = 120_000 + MESSAGES * 20;
const users = ['fred@a.example', 'fred@b.example', 'ann@a.example', 'fred'];

/** So that what was put off comes again at once. */
const settings = `
mydestination = example.net
virtual_mailbox_domains = a.example b.example
virtual_transport = $mailbox_transport
virtual_alias_maps =
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
transport_retry_time = 1s
lmtp_connection_cache_on_demand = no
lmtp_send_xforward_command = yes
`;

/** Sends every SENDERS-th message; answers the numbers that Postfix has accepted. */
async function sendSome(port: number, first: number): Promise<number[]> {
  const accepted: number[] = [];
  const smtp = await LineClient.connect(port);
  await smtp.expect(/^220/);
  smtp.sendLine('HELO client.example');
  await smtp.expect(/^250/);
  for (let n = first; n < MESSAGES; n += SENDERS) {
    smtp.sendLine('MAIL FROM:<sender@example.org>');
    await smtp.expect(/^250/);
    for (const user of users) {
      smtp.sendLine(`RCPT TO:<${user.includes('@') ? user : `${user}@example.net`}>`);
      await smtp.expect(/^250/);
    }
    smtp.sendLine('DATA');
    await smtp.expect(/^354/);
    const header = `Message-ID: <${n}@storm.example>\r\nDate: Mon, 01 Jan 2024 00:00:00 +0000\r\n`;
    smtp.send(`${header}Subject: number ${n}\r\n\r\n${'x'.repeat(1000)}\r\n.\r\n`);
    await smtp.expect(/^250/);
    accepted.push(n);
  }
  smtp.destroy();
  return accepted;
}

/** Counts the deliveries that the server has logged. */
class Progress {
  count = 0;
  private seen = 0;

  constructor(private readonly server: TestServer) {}

  read(): number {
    const { output } = this.server;
    for (;;) {
      const at = output.indexOf('"outcome":"delivered', this.seen);
      if (at < 0) return this.count;
      this.count++;
      this.seen = at + 1;
    }
  }
}

/** Their pids, when all of them are there. */
function workersOf(server: TestServer): readonly number[] | undefined {
  try {
    const status = JSON.parse(server.command(['status', '--json'])) as { workers: { pid: number }[] };
    return status.workers.length === WORKERS ? status.workers.map(({ pid }) => pid) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Kills one worker after the other, each time after some more deliveries, up to three fifths of them, since the last log lines of
 * whoever is killed are lost; answers how many.
 */
async function killWorkers(server: TestServer, postfix: Postfix): Promise<number> {
  const random = randomNumbers(7);
  const progress = new Progress(server);
  const last = MESSAGES * users.length * 0.6;
  let killed = 0;
  for (let next = 20; next < last; next = progress.read() + MESSAGES * (0.1 + 0.3 * random())) {
    const workers = await eventually(async () => {
      if (progress.read() >= next) return workersOf(server);
      await postfix.flush();
      return undefined;
    }, PATIENCE_MS).catch((error) => {
      const log = postfix.log().split('\n').slice(-40).join('\n');
      throw new Error(`${error.message}; at ${progress.read()} of ${next}\n${log}`);
    });
    process.kill(workers[Math.floor(random() * workers.length)]!, 'SIGKILL');
    killed++;
  }
  return killed;
}

test(`${MESSAGES} messages for virtual domains, workers killed at random`, { skip: noPostfix }, async () => {
  await using server = await TestServer.start({
    users: Object.fromEntries(users.map((user) => [user, 'secret'])),
    set: {
      workers: String(WORKERS),
      'plugins.virtual-hosting':
        '{"virtdomains":"userid","defaultDomain":"example.net","domains":{"a.example":{},"b.example":{}}}',
    },
  });
  chmodSync(server.data, 0o755);
  const postfix = await startPostfix(join(server.data, 'postfix'), server.lmtpSocket, settings);
  try {
    const killing = killWorkers(server, postfix);
    const parts = await Promise.all(Array.from({ length: SENDERS }, (_, i) => sendSome(postfix.port, i)));
    const accepted = parts.flat();
    assert.equal(accepted.length, MESSAGES);
    assert.ok((await killing) > 0, 'no worker was killed');
    const expected = accepted.map((n) => `number ${n}`).sort();
    for (const user of users) {
      // The last worker killed may not have been replaced yet.
      const client = await eventually(
        () => imapSession(server.port('imap'), user, 'secret').catch(() => undefined),
        PATIENCE_MS,
      );
      await eventually(async () => {
        const { untagged } = await client.ok('STATUS INBOX (MESSAGES)');
        const count = Number(/MESSAGES (\d+)/.exec(untagged.join())?.[1] ?? 0);
        // What was put off while no worker was there is in no hurry by itself.
        if (count < MESSAGES) await postfix.flush();
        return count >= MESSAGES || undefined;
      }, PATIENCE_MS).catch((error) => {
        const unsent = postfix
          .log()
          .split('\n')
          .filter((line) => /status=(?!sent)|warning|fatal/.test(line));
        throw new Error(`${user}: ${error.message}\n${unsent.slice(-20).join('\n')}`);
      });
      assert.deepEqual((await subjects(client, 'INBOX')).sort(), expected, user);
      await client.logout();
    }
  } finally {
    await postfix.stop();
  }
});
