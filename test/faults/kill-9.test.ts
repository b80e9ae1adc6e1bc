import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LmtpTestClient } from '@angarium/testing';
import { imapSession, subjects } from '../support/imap.js';
import { randomNumbers } from '../support/mail.js';
import { processTree } from '../support/processes.js';
import { TestServer } from '../support/server.js';
import { eventually } from '../support/tools.js';

const users = ['ann', 'ben', 'cat', 'dan'];

/** Counts what was sent and what was acknowledged, per subject. */
class Storm {
  readonly acknowledged = new Map<string, string>();
  readonly sent = new Map<string, number>();
  private n = 0;
  private isOver = false;

  /** Delivers over `width` connections until `stop()`, or until connections break. */
  async run(port: number, width: number): Promise<void> {
    this.isOver = false;
    await Promise.all(Array.from({ length: width }, () => this.session(port).catch(() => {})));
  }

  stop(): void {
    this.isOver = true;
  }

  private async session(port: number): Promise<void> {
    const client = await LmtpTestClient.connect(port);
    try {
      await client.hello();
      while (!this.isOver) {
        const id = `storm ${this.n++}`;
        const user = users[this.n % users.length]!;
        this.sent.set(id, (this.sent.get(id) ?? 0) + 1);
        const [reply] = await client.deliver(
          'a@example.org',
          [user],
          `Subject: ${id}\r\n\r\n${'x'.repeat(2000)}\r\n`,
        );
        if (reply?.startsWith('250')) this.acknowledged.set(id, user);
      }
    } finally {
      client.destroy();
    }
  }
}

async function checkMailboxes(server: TestServer, storm: Storm): Promise<void> {
  for (const user of users) {
    const client = await imapSession(server.port('imap'), user, 'secret');
    const found = new Map<string, number>();
    for (const subject of await subjects(client, 'INBOX')) found.set(subject, (found.get(subject) ?? 0) + 1);
    for (const [id, owner] of storm.acknowledged) {
      if (owner === user) assert.equal(found.get(id), 1, `${id} was acknowledged`);
    }
    for (const [id, count] of found)
      assert.ok(count <= (storm.sent.get(id) ?? 0), `${id} is there ${count} times`);
    await client.logout();
  }
}

test('kill -9 of the whole server in a delivery storm: what was acknowledged is there, once', async () => {
  const passwords = Object.fromEntries(users.map((user) => [user, 'secret']));
  await using server = await TestServer.start({ users: passwords, set: { workers: '2' } });
  const random = randomNumbers(42);
  const storm = new Storm();
  for (let round = 0; round < 5; round++) {
    const before = storm.acknowledged.size;
    const running = storm.run(server.port('lmtp'), 8);
    await eventually(() => storm.acknowledged.size > before + 8 || undefined);
    await new Promise((resolve) => setTimeout(resolve, 150 + random() * 400));
    const tree = processTree(server.pid);
    await server.end('SIGKILL');
    storm.stop();
    for (const pid of tree) if (pid !== server.pid) kill(pid);
    await running;
    await server.start();
    await checkMailboxes(server, storm);
  }
});

test('kill -9 of one worker: the others go on, it is replaced, nothing acknowledged is lost', async () => {
  const passwords = Object.fromEntries(users.map((user) => [user, 'secret']));
  await using server = await TestServer.start({ users: passwords, set: { workers: '2' } });
  const storm = new Storm();
  const running = storm.run(server.port('lmtp'), 8);
  await new Promise((resolve) => setTimeout(resolve, 400));
  const workers = processTree(server.pid).filter((pid) => pid !== server.pid);
  const victim = workers.find((pid) =>
    /worker|angarium/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1')),
  )!;
  kill(victim);
  await new Promise((resolve) => setTimeout(resolve, 300));
  storm.stop();
  await running;
  await eventually(() => {
    const alive = processTree(server.pid).filter((pid) => pid !== server.pid);
    return (alive.length >= workers.length && !alive.includes(victim)) || undefined;
  });
  await checkMailboxes(server, storm);
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
