/** First logins of many at once: each is a strong hash, which a user who does not exist costs as well. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MANAGED_ACCOUNTS, type UserId } from '@angarium/sdk';
import { createTestKernel, ImapTestClient, memoryStore } from '@angarium/testing';

async function setUp(config: Record<string, unknown>) {
  const kernel = await createTestKernel({
    plugins: [
      memoryStore,
      { name: 'authentication', config: { failedLoginPause: 0, allowPlaintext: true } },
      { name: 'accounts-local', config: { scrypt: { cost: 12 }, scram: [], ...config } },
      'namespace',
      { name: 'imap', config: { listen: [] } },
    ],
  });
  await kernel.get(MANAGED_ACCOUNTS).create('fred' as UserId, { password: 'secret' });
  const open = async () => {
    const client = new ImapTestClient(kernel.connect('imap'));
    await client.line();
    return client;
  };
  return {
    kernel,
    open,
    /** As many logins at once; `answers` grows as they are answered. */
    async coldLogins(count: number) {
      const clients = await Promise.all(Array.from({ length: count }, open));
      const answers: string[] = [];
      const all = clients.map(async (client, i) => {
        client.sendLine(`a LOGIN nobody${i} secret`);
        // As long as it takes: a hundred hashes, on whatever machine.
        const line = await client.line(300_000);
        answers.push(line.split(' ').slice(1, 3).join(' '));
        client.destroy();
      });
      return { answers, all: Promise.all(all) };
    },
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

test('a hundred passwords are hashed, and a NOOP beside them is answered before half of them are done', async () => {
  await using it = await setUp({});
  const fred = await it.open();
  await fred.ok('LOGIN fred secret');
  const { answers, all } = await it.coldLogins(100);
  await fred.ok('NOOP');
  assert.ok(answers.length < 50, `${answers.length} logins came before the NOOP`);
  await all;
  assert.deepEqual([...new Set(answers)], ['NO [AUTHENTICATIONFAILED]']);
  fred.destroy();
});

test('more than may wait are told to try again later, at once, and who was there before is not', async () => {
  await using it = await setUp({ maxConcurrentHashes: 1, maxWaitingHashes: 5 });
  const [fred, again] = [await it.open(), await it.open()];
  await fred.ok('LOGIN fred secret');
  const { answers, all } = await it.coldLogins(40);
  // Remembered: no hash, no queue.
  await again.ok('LOGIN fred secret');
  await all;
  assert.equal(answers.length, 40);
  const refused = answers.filter((answer) => answer === 'NO [UNAVAILABLE]').length;
  const looked = answers.filter((answer) => answer === 'NO [AUTHENTICATIONFAILED]').length;
  assert.equal(refused + looked, 40, answers.join());
  assert.ok(refused > 0 && looked >= 6, answers.join());
  for (const client of [fred, again]) client.destroy();
});
