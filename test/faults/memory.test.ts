/** Memory after hard work: no more than before it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inParallel, LoadClient } from '../bench/load.js';
import { memoryBytes } from '../support/processes.js';
import { TestServer } from '../support/server.js';

const MB = 1e6;

test('a storm of logins leaves the memory of a server that is warm as it was', async () => {
  await using server = await TestServer.start({
    users: { ann: 'secret', ben: 'secret' },
    set: { workers: '2' },
  });
  const storm = (logins: number) =>
    inParallel(logins, 16, async (n) => {
      const client = await LoadClient.connect(server.port('imap'));
      await client.until('* OK');
      await client.command('a', `LOGIN ${n % 2 ? 'ann' : 'ben'} secret`);
      await client.command('o', 'LOGOUT');
      client.end();
    });
  // Code is compiled and caches are filled.
  await storm(5_000);
  const before = memoryBytes(server.pid);
  await storm(15_000);
  const growth = (memoryBytes(server.pid) - before) / MB;
  // Seen: 149 where V8 may keep its garbage.
  assert.ok(growth < 60, `${growth} MB`);
});
