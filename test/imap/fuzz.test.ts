/** All plugins of the repository's manifest in one kernel: every IMAP command that any of them brings, fuzzed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { IMAP_EXTENSIONS, MANAGED_ACCOUNTS, type UserId } from '@angarium/sdk';
import {
  createTestKernel,
  fuzzedCommands,
  ImapTestClient,
  imapForms,
  imapVocabulary,
  sampleArguments,
  sendFuzzed,
  type TestKernel,
} from '@angarium/testing';
import fc from 'fast-check';
import { root } from '../support/server.js';

/** Those that are not commented out. */
function manifestPlugins(): string[] {
  const text = readFileSync(join(root, 'angarium.yaml'), 'utf8');
  const [, plugins = ''] = text.split(/^plugins:$/m);
  return [...plugins.matchAll(/^ {2}([a-z0-9-]+):/gm)].map(([, name]) => name!);
}

async function wholeServer(): Promise<TestKernel> {
  const kernel = await createTestKernel({ plugins: manifestPlugins() });
  await kernel.get(MANAGED_ACCOUNTS).create('fred' as UserId, { password: 'secret' });
  return kernel;
}

async function session(kernel: TestKernel): Promise<ImapTestClient> {
  const client = new ImapTestClient(kernel.connect('imap'));
  await client.login('fred', 'secret');
  return client;
}

function faults(kernel: TestKernel): string[] {
  return kernel.log.lines
    .filter(({ level }) => level === 'error')
    .map(({ text, fields }) => `${text}: ${(fields['err'] as Error | undefined)?.stack ?? ''}`);
}

test('every command of every plugin has samples', async () => {
  await using kernel = await wholeServer();
  const registry = kernel.get(IMAP_EXTENSIONS);
  const vocabulary = imapVocabulary(registry);
  for (const { command, isUid } of imapForms(registry)) {
    const samples = new Set<string | undefined>();
    fc.assert(
      fc.property(fc.gen(), (g) => {
        samples.add(sampleArguments(command, isUid, vocabulary, (below) => g(fc.nat, below - 1)));
      }),
      { numRuns: 60, seed: 3 },
    );
    samples.delete(undefined);
    assert.ok(samples.size > 0, `${isUid ? 'UID ' : ''}${command.name}`);
  }
});

test('sessions go on, whatever comes, and nothing is a fault of ours', async () => {
  await using kernel = await wholeServer();
  const registry = kernel.get(IMAP_EXTENSIONS);
  const enabling = registry.extensions.flatMap(({ enable = [] }) => enable).map(({ name }) => name);
  const someFeatures = fc.subarray(enabling);
  const isSelected = fc.boolean();
  const owner = await session(kernel);
  await owner.ok('CREATE INBOX.a.b');
  await fc.assert(
    fc.asyncProperty(fc.gen(), someFeatures, isSelected, async (g, names, selects) => {
      const client = await session(kernel);
      if (selects) {
        await client.append('INBOX', 'From: a@b.c\r\nSubject: x\r\n\r\nText\r\n');
        await client.ok('SELECT INBOX');
      }
      if (names.length > 0) await client.ok(`ENABLE ${names.join(' ')}`);
      const state = selects ? 'selected' : 'authenticated';
      const commands = fuzzedCommands(registry, state, 15, (below) => g(fc.nat, below - 1));
      for (const [i, command] of commands.entries()) {
        const end = await sendFuzzed(client, command, `c${i}`);
        assert.deepEqual(end, { is: 'alive' }, JSON.stringify(command));
      }
      client.destroy();
    }),
    { numRuns: 40 },
  );
  assert.deepEqual(faults(kernel), []);
});
