/** One message that comes many times: from many workers at once, and after a crash that took the reply away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LmtpTestClient } from '@angarium/testing';
import { imapSession, subjects } from '../support/imap.js';
import { randomNumbers } from '../support/mail.js';
import { processTree } from '../support/processes.js';
import { TestServer } from '../support/server.js';

const message = (id: string) =>
  `Message-ID: <${id}@x.example>\r\nDate: Mon, 01 Jan 2024 00:00:00 +0000\r\nSubject: ${id}\r\n\r\n${'x'.repeat(3000)}\r\n`;

async function connected(port: number, width: number): Promise<LmtpTestClient[]> {
  return await Promise.all(
    Array.from({ length: width }, async () => {
      const client = await LmtpTestClient.connect(port);
      await client.hello();
      return client;
    }),
  );
}

async function inbox(server: TestServer, user = 'fred'): Promise<string[]> {
  const client = await imapSession(server.port('imap'), user, 'secret');
  const found = await subjects(client, 'INBOX');
  await client.logout();
  return found.sort();
}

test('two workers, sixteen connections, the same messages at the same instant: each is filed once', async () => {
  await using server = await TestServer.start({
    users: { fred: 'secret', ann: 'secret' },
    set: { workers: '2' },
  });
  const clients = await connected(server.port('lmtp'), 16);
  const ids = Array.from({ length: 25 }, (_, i) => `copy ${i}`.replace(' ', '-'));
  for (const id of ids) {
    const replies = await Promise.all(
      clients.map((client) => client.deliver('s@example.org', ['fred', 'ann'], message(id))),
    );
    for (const reply of replies.flat()) assert.match(reply, /^250 /);
  }
  for (const client of clients) client.destroy();
  for (const user of ['fred', 'ann']) assert.deepEqual(await inbox(server, user), [...ids].sort());
  const status = JSON.parse(server.command(['status', '--json'])) as {
    sources: { name: string; value: { suppressed?: number } }[];
  };
  const suppressed = status.sources
    .filter(({ name }) => name === 'duplicates')
    .map(({ value }) => value.suppressed ?? 0);
  assert.equal(suppressed.length, 2);
  assert.equal(
    suppressed.reduce((sum, count) => sum + count, 0),
    2 * ids.length * 15,
  );
  assert.ok(suppressed.every((count) => count > 0));
  assert.match(server.command(['duplicates', 'list', '--limit', '3']), /<copy-\d+@x\.example> {2}user\/\w+/);
});

test('kill -9 between DATA and the reply: the MTA sends again, and everything is there once', async () => {
  await using server = await TestServer.start({ users: { fred: 'secret' }, set: { workers: '2' } });
  const random = randomNumbers(99);
  const sent: string[] = [];
  let acknowledged = 0;
  for (let round = 0; round < 5; round++) {
    const clients = await connected(server.port('lmtp'), 8);
    const ids = clients.map((_, i) => `crash-${round}-${i}`);
    sent.push(...ids);
    const delivering = clients.map((client, i) =>
      client.deliver('s@example.org', ['fred'], message(ids[i]!)).then(
        ([reply]) => void (reply?.startsWith('250') && acknowledged++),
        () => {},
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, random() * 30));
    const tree = processTree(server.pid);
    await server.end('SIGKILL');
    for (const pid of tree) if (pid !== server.pid) kill(pid);
    await Promise.all(delivering);
    for (const client of clients) client.destroy();
    await server.start();
    // The MTA knows of none of them.
    const [again] = await connected(server.port('lmtp'), 1);
    for (const id of ids) {
      const [reply] = await again!.deliver('s@example.org', ['fred'], message(id));
      assert.match(reply!, /^250 /);
    }
    again!.destroy();
    assert.deepEqual(await inbox(server), [...sent].sort());
  }
  assert.ok(acknowledged < sent.length, 'no reply was ever taken away');
});

test('what is remembered outlives a restart', async () => {
  await using server = await TestServer.start({ users: { fred: 'secret' } });
  const deliver = async (id: string) => {
    const [client] = await connected(server.port('lmtp'), 1);
    const replies = await client!.deliver('s@example.org', ['fred'], message(id));
    client!.destroy();
    return replies;
  };
  await deliver('one');
  await server.end();
  await server.start();
  assert.match((await deliver('one'))[0]!, /^250 /);
  assert.deepEqual(await inbox(server), ['one']);
  assert.equal(server.command(['duplicates', 'forget', 'one@x.example']), '1 delivery forgotten\n');
  await deliver('one');
  assert.deepEqual(await inbox(server), ['one', 'one']);
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
