/** Every command of the registry, in its own grammar and out of it, in every state: an answer, and the session goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IMAP_EXTENSIONS, type ImapCommand, ImapSyntaxError, isMailError } from '@angarium/sdk';
import {
  fuzzedCommands,
  imapForms,
  imapVocabulary,
  mutated,
  type Pick,
  sampleArguments,
  sendFuzzed,
  unasked,
} from '@angarium/testing';
import fc from 'fast-check';
import type { ExtensionRegistry } from '../registry.js';
import { TestServer } from '../server.test.support.js';
import { commandLineFrom, LiteralWanted } from '../wire/index.js';

function registryOf(server: TestServer): ExtensionRegistry {
  return server.kernel.get(IMAP_EXTENSIONS) as ExtensionRegistry;
}

function picking(g: fc.GeneratorValue): Pick {
  return (below) => g(fc.nat, below - 1);
}

test('every command has samples in its own grammar, which the real parser takes', async () => {
  await using server = await TestServer.start();
  const registry = registryOf(server);
  const vocabulary = imapVocabulary(registry);
  for (const { command, isUid } of imapForms(registry)) {
    let made = 0;
    let taken = 0;
    fc.assert(
      fc.property(fc.gen(), (g) => {
        const text = sampleArguments(command, isUid, vocabulary, picking(g));
        if (text === undefined) return;
        made++;
        try {
          const line = commandLineFrom(text);
          command.parse(line, isUid);
          if (!command.streaming) line.end();
          taken++;
        } catch (error) {
          // Chance does not know every rule: an end that comes too early, a set in the wrong order.
          assert.ok(
            error instanceof ImapSyntaxError || isMailError(error),
            `${command.name}${text}: ${error}`,
          );
        }
      }),
      { numRuns: 15, seed: 7 },
    );
    assert.ok(made > 0 && taken > 0, `${isUid ? 'UID ' : ''}${command.name}: ${made} made, ${taken} taken`);
  }
});

test('no parser fails but with a syntax error, or a name that is none', async () => {
  await using server = await TestServer.start();
  const registry = registryOf(server);
  const vocabulary = imapVocabulary(registry);
  for (const { command, isUid } of imapForms(registry)) {
    fc.assert(
      fc.property(fc.gen(), fc.boolean(), (g, utf8) => {
        const pick = picking(g);
        const text = mutated(sampleArguments(command, isUid, vocabulary, pick) ?? '', pick);
        try {
          command.parse(commandLineFrom(text, { utf8 }), isUid);
        } catch (error) {
          const isFair =
            error instanceof ImapSyntaxError || error instanceof LiteralWanted || isMailError(error);
          assert.ok(isFair, `${command.name}${JSON.stringify(text)}: ${error}`);
        }
      }),
      { numRuns: 60 },
    );
  }
});

const features = ['', 'IMAP4rev2', 'UTF8=ACCEPT', 'QRESYNC', 'UIDONLY', 'QRESYNC UTF8=ACCEPT UIDONLY'];

for (const state of ['authenticated', 'selected'] as const) {
  test(`sessions ${state} go on, whatever comes`, async () => {
    await using server = await TestServer.start();
    const registry = registryOf(server);
    const owner = await server.loggedIn();
    await owner.ok('CREATE INBOX.a.b');
    await fc.assert(
      fc.asyncProperty(fc.gen(), fc.constantFrom(...features), async (g, feature) => {
        const client = await server.loggedIn();
        if (feature !== '') await client.ok(`ENABLE ${feature}`);
        if (state === 'selected') {
          await client.append('INBOX', 'From: a@b.c\r\nSubject: x\r\n\r\nText\r\n');
          await client.ok('SELECT INBOX');
        }
        for (const [i, sent] of fuzzedCommands(registry, state, 15, picking(g)).entries()) {
          const end = await sendFuzzed(client, sent, `c${i}`);
          assert.deepEqual(end, { is: 'alive' }, JSON.stringify(sent));
        }
        client.destroy();
      }),
      { numRuns: 40 },
    );
    assert.deepEqual(server.faults, []);
  });
}

test('before login: an answer, or the end where the limits say so', async () => {
  await using server = await TestServer.start();
  const registry = registryOf(server);
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (g) => {
      const client = await server.greeted();
      const [sent] = fuzzedCommands(registry, 'not-authenticated', 1, picking(g));
      const end = await sendFuzzed(client, sent!, 'c');
      assert.notEqual(end.is, 'silent', JSON.stringify(sent));
      if (end.is === 'over') assert.match(end.bye!, /BYE (\[TOOBIG\]|Too many wrong commands)/);
      client.destroy();
    }),
    { numRuns: 80 },
  );
  assert.deepEqual(server.faults, []);
});

test('random octets in every state', async () => {
  await using server = await TestServer.start();
  const octets = fc.uint8Array({ minLength: 1, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(octets, fc.boolean(), async (bytes, isSelected) => {
      const client = isSelected ? await server.selected(1) : await server.greeted();
      const text = unasked(Buffer.from(bytes).latin1Slice());
      assert.notEqual((await sendFuzzed(client, { name: 'octets', text }, 'c')).is, 'silent');
      client.destroy();
    }),
    { numRuns: 60 },
  );
  assert.deepEqual(server.faults, []);
});

test('the worst of each kind', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(3);
  const deep = (open: string, close: string): string => `${open.repeat(10_000)}ALL${close.repeat(10_000)}`;
  const ranges = Array.from({ length: 100_000 }, (_, i) => i * 2 + 1).join();
  const some = Array.from({ length: 9_000 }, (_, i) => i * 2 + 1).join();
  for (const [command, status] of [
    ['FETCH 4294967295:* FLAGS', 'BAD'],
    ['UID FETCH 4294967295:* FLAGS', 'OK'],
    ['UID FETCH 1:4294967295,1:*,*:4294967295 (FLAGS)', 'OK'],
    ['FETCH 4294967296 FLAGS', 'BAD'],
    [`UID FETCH ${ranges} FLAGS`, 'BAD'],
    [`UID FETCH ${some} FLAGS`, 'OK'],
    [`UID STORE ${some} +FLAGS (\\Seen)`, 'OK'],
    [`UID SEARCH UID ${some} NOT UID 2:9`, 'OK'],
    [`SEARCH ${deep('(', ')')}`, 'OK'],
    [`SEARCH ${'NOT '.repeat(10_000)}ALL`, 'OK'],
    [`SEARCH ${'OR ALL '.repeat(9_000)}ALL`, 'OK'],
    [`SEARCH ${'OR NOT (OR SEEN '.repeat(2_000)}ALL`, 'BAD'],
    ['UID FETCH 1 (FLAGS) (CHANGEDSINCE 9223372036854775807)', 'OK'],
    ['UID FETCH 1 (FLAGS) (CHANGEDSINCE 9223372036854775808)', 'BAD'],
    ['UID FETCH 1 (FLAGS) (CHANGEDSINCE 99999999999999999999999999999999999)', 'BAD'],
    ['UID STORE 1 (UNCHANGEDSINCE 9223372036854775808) FLAGS ()', 'BAD'],
    ['UID SEARCH MODSEQ 18446744073709551616', 'BAD'],
    ['STATUS INBOX.&AGE- (MESSAGES)', 'NO'],
    ['STATUS INBOX.&2AA- (MESSAGES)', 'NO'],
    ['STATUS INBOX.&AOQAOQ (MESSAGES)', 'NO'],
    ['STATUS "INBOX.&AOQ--&AOQ" (MESSAGES)', 'NO'],
    ['STATUS INBOX.& (MESSAGES)', 'NO'],
  ] as const) {
    const answer = await client.command(command);
    const isRight = answer.status === status;
    assert.ok(isRight, `${command.slice(0, 60)}: ${answer.status} ${answer.text.slice(0, 200)}`);
  }
  await client.ok('NOOP');
  assert.deepEqual(server.faults, []);
});

function literalsOf(text: string): number {
  return text.match(/\{\d+\+\}\r\n/g)?.length ?? 0;
}

test('literals where strings may stand: each command that takes strings has been given some', async () => {
  await using server = await TestServer.start();
  const registry = registryOf(server);
  const vocabulary = imapVocabulary(registry);
  const withStrings = (command: ImapCommand<unknown>, isUid: boolean): Set<number> => {
    const counts = new Set<number>();
    fc.assert(
      fc.property(fc.gen(), (g) => {
        const text = sampleArguments(command, isUid, vocabulary, picking(g)) ?? '';
        counts.add(literalsOf(text));
      }),
      { numRuns: 60, seed: 11 },
    );
    return counts;
  };
  for (const name of ['SELECT', 'RENAME', 'LIST', 'LOGIN', 'SEARCH', 'ID', 'STATUS', 'COPY', 'LANGUAGE']) {
    const counts = withStrings(registry.command(name)!, false);
    assert.ok(counts.size > 1, `${name}: ${[...counts]}`);
  }
});
