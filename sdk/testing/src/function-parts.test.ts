/** Parts that are functions: `starting`, `adding`, `outsideAccounts`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACCOUNT_SOURCES,
  type Account,
  adding,
  CLOCK,
  COMMANDS,
  CONFIG,
  DELIVERY_STAGES,
  defineCommand,
  definePlugin,
  HOST,
  NAMESPACE,
  outsideAccounts,
  PASSWORD_SOURCES,
  type Part,
  type PasswordVerdict,
  STATUS_SOURCES,
  starting,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel } from './kernel.js';

const fred = 'fred' as UserId;
const account: Account = { user: fred, displayName: 'Fred', groups: [], isDisabled: false, attributes: {} };

const plugin = (part: Part, config: Readonly<Record<string, unknown>> = {}) => ({
  name: 'it',
  definition: definePlugin({ parts: [part] }),
  config,
});

const command = (name: string) =>
  defineCommand({ name, summary: name, run: async () => undefined, text: () => '' });

test('what is needed is given in its order, what is owned is released at the end', async () => {
  const seen: unknown[] = [];
  const part = starting([HOST, CONFIG, CLOCK], async ({ role }, { word }: { word: string }, clock, own) => {
    seen.push(role, word, typeof clock.now());
    const item = own({ [Symbol.dispose]: () => void seen.push('released') });
    assert.equal(typeof item[Symbol.dispose], 'function');
  });
  {
    await using _kernel = await createTestKernel({ plugins: [plugin(part, { word: 'hello' })] });
    assert.deepEqual(seen, ['server', 'hello', 'number']);
  }
  assert.deepEqual(seen.slice(3), ['released']);
});

test('two parts of one plugin are two', async () => {
  const definition = definePlugin({
    parts: [
      adding(COMMANDS, [], () => [command('a'), command('b')]),
      adding(COMMANDS, [], async () => [command('c')]),
      // Compiles: what is added is understood by the registry's type.
      adding(DELIVERY_STAGES, [], () => [{ name: 'x', phase: 'filter', order: 1, async run() {} }]),
    ],
  });
  const kernel = await createTestKernel({ plugins: [{ name: 'it', definition }] });
  const { items } = kernel.kernel.registry(COMMANDS);
  assert.deepEqual(items.map(({ name }) => name).sort(), ['a', 'b', 'c']);
  await kernel[Symbol.asyncDispose]();
  assert.deepEqual(kernel.kernel.registry(COMMANDS).items, []);
});

test('what the manifest does not list is refused before anything is made', async () => {
  const part = adding(STATUS_SOURCES, [NAMESPACE], () => assert.fail('made'));
  await assert.rejects(createTestKernel({ plugins: [plugin(part)] }), /namespace@1/);
});

test('a function that throws ends the start, by the name of its plugin', async () => {
  const part = adding(COMMANDS, [], () => {
    throw new Error('no commands today');
  });
  await assert.rejects(createTestKernel({ plugins: [plugin(part)] }), /it[\s\S]*no commands today/);
});

test('accounts of an outside system: both kinds of source, remembered as the configuration says', async () => {
  let asked = 0;
  const part = outsideAccounts('box', [CONFIG], ({ secret }: { secret: string }) => ({
    find: async (user) => (user === fred ? account : undefined),
    async verify(_user, password): Promise<PasswordVerdict> {
      asked++;
      return password === secret ? 'right' : 'wrong';
    },
  }));
  const config = { secret: 'yabba', cacheSeconds: 60 };
  await using kernel = await createTestKernel({ plugins: [plugin(part, config)] });
  const [accounts] = kernel.kernel.registry(ACCOUNT_SOURCES).items;
  const [passwords] = kernel.kernel.registry(PASSWORD_SOURCES).items;
  assert.equal(accounts?.name, 'box');
  assert.equal((await accounts.find(fred))?.displayName, 'Fred');
  const context = { service: 'imap', remoteAddress: '192.0.2.1' };
  for (let time = 0; time < 3; time++) assert.equal(await passwords?.verify(fred, 'yabba', context), 'right');
  assert.equal(asked, 1);
});

test('who only knows passwords is no source of accounts', async () => {
  const part = outsideAccounts('box', [], () => ({ verify: async () => 'unknown' as const }));
  await using kernel = await createTestKernel({ plugins: [plugin(part, { cacheSeconds: 0 })] });
  assert.equal(kernel.kernel.registry(ACCOUNT_SOURCES).items.length, 0);
  assert.equal(kernel.kernel.registry(PASSWORD_SOURCES).items.length, 1);
});
