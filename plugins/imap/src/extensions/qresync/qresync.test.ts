import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Flag,
  type Mailbox,
  MailboxSnapshot,
  NumberSet,
  type SelectedMailbox,
  type SnapshotChunk,
} from '@angarium/sdk';
import type { ImapTestClient } from '@angarium/testing';
import fc from 'fast-check';
import { changedSince } from '../../fetch/plan.js';
import { inboxOf, TestServer } from '../../server.test.support.js';
import { vanishedLines, vanishedSince } from './vanished.js';

/** A second session on the INBOX that knows mod-sequences but not QRESYNC. */
async function other(server: TestServer): Promise<ImapTestClient> {
  const client = await server.loggedIn();
  await client.ok('SELECT INBOX');
  return client;
}

async function stateOf(server: TestServer): Promise<{ uidValidity: number; modSeq: number }> {
  const entry = await server.store.catalogue.find(inboxOf('fred'));
  const { head } = await server.store.mailbox(entry!.id).snapshot();
  return { uidValidity: head.uidValidity, modSeq: head.highestModSeq };
}

/** What SELECT says beyond itself. */
async function resync(client: ImapTestClient, parameter: string, verb = 'SELECT'): Promise<string[]> {
  const { untagged } = await client.ok(`${verb} INBOX (QRESYNC (${parameter}))`);
  return untagged.filter((line) => /^VANISHED|FETCH/.test(line));
}

test('ENABLE takes QRESYNC with and without CONDSTORE, and tells where the mailbox is', async () => {
  await using server = await TestServer.start();
  for (const [names, answer] of [
    ['QRESYNC', 'ENABLED QRESYNC'],
    ['CONDSTORE QRESYNC', 'ENABLED CONDSTORE QRESYNC'],
    ['qresync XNEVER condstore', 'ENABLED QRESYNC CONDSTORE'],
  ]) {
    const client = await server.loggedIn();
    assert.match((await client.ok('CAPABILITY')).untagged[0]!, / CONDSTORE .*QRESYNC|CONDSTORE QRESYNC/);
    assert.deepEqual((await client.ok(`ENABLE ${names}`)).untagged, [answer]);
    assert.deepEqual((await client.ok('ENABLE QRESYNC CONDSTORE')).untagged, ['ENABLED']);
  }
  const client = await server.selected(1);
  const { modSeq } = await stateOf(server);
  assert.deepEqual((await client.ok('ENABLE QRESYNC')).untagged, [
    `OK [HIGHESTMODSEQ ${modSeq}] Highest`,
    'ENABLED QRESYNC',
  ]);
});

test('BAD without ENABLE, and the old mailbox stays selected', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(2);
  for (const command of [
    'SELECT INBOX (QRESYNC (1 1))',
    'EXAMINE INBOX (QRESYNC (1 1))',
    'UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)',
  ]) {
    const { status, text } = await client.command(command);
    assert.deepEqual([status, text], ['BAD', '[CLIENTBUG] QRESYNC has not been enabled'], command);
  }
  await client.ok('FETCH 2 UID');
  await client.ok('ENABLE QRESYNC');
  for (const command of [
    'SELECT INBOX (QRESYNC (1 1 *))',
    'SELECT INBOX (QRESYNC (1 9223372036854775808))',
    'SELECT INBOX (QRESYNC)',
    'FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)',
    'UID FETCH 1:* (FLAGS) (VANISHED)',
    'UID FETCH 1:* (FLAGS) (CHANGEDSINCE 9223372036854775808 VANISHED)',
    'UID STORE 1 (UNCHANGEDSINCE 9223372036854775808) FLAGS (\\Seen)',
    'UID SEARCH MODSEQ 9223372036854775808',
  ]) {
    assert.equal((await client.command(command)).status, 'BAD', command);
  }
  await client.ok('FETCH 2 UID');
});

test('expunges and flags since then, among the known UIDs', async () => {
  await using server = await TestServer.start();
  const worker = await server.selected(8);
  const before = await stateOf(server);
  await worker.ok('STORE 2,5 +FLAGS.SILENT (\\Flagged)');
  await worker.ok('STORE 3,4,8 +FLAGS.SILENT (\\Deleted)');
  await worker.ok('EXPUNGE');
  const { modSeq } = await stateOf(server);
  const client = await server.loggedIn();
  await client.ok('ENABLE QRESYNC');
  const two = `2 FETCH (UID 2 FLAGS (\\Flagged) MODSEQ (${before.modSeq + 1}))`;
  const five = `3 FETCH (UID 5 FLAGS (\\Flagged) MODSEQ (${before.modSeq + 1}))`;
  const from = `${before.uidValidity} ${before.modSeq}`;
  assert.deepEqual(await resync(client, from), ['VANISHED (EARLIER) 3:4,8', two, five]);
  assert.deepEqual(await resync(client, from, 'EXAMINE'), ['VANISHED (EARLIER) 3:4,8', two, five]);
  assert.deepEqual(await resync(client, `${from} 1:3,7`), ['VANISHED (EARLIER) 3', two]);
  assert.deepEqual(await resync(client, `${from} 1:4294967295`), ['VANISHED (EARLIER) 3:4,8', two, five]);
  // Message 3 is UID 5 as the client believes: it knows of 3 and 4.
  assert.deepEqual(await resync(client, `${from} (2,3,5 2,5,8)`), ['VANISHED (EARLIER) 8', two, five]);
  assert.deepEqual(await resync(client, `${from} 1:8 (1,3 1,3)`), ['VANISHED (EARLIER) 3:4,8', two, five]);
  assert.deepEqual(await resync(client, `${before.uidValidity} ${modSeq}`), []);
  assert.deepEqual(await resync(client, `${before.uidValidity} 9223372036854775807`), []);
  assert.deepEqual(await resync(client, `${before.uidValidity + 1} 1`), []);
});

test('UID FETCH (CHANGEDSINCE VANISHED) tells what vanished first, also above the last UID', async () => {
  await using server = await TestServer.start();
  const worker = await server.selected(6);
  const before = await stateOf(server);
  await worker.ok('STORE 2,5:6 +FLAGS.SILENT (\\Deleted)');
  await worker.ok('EXPUNGE');
  await worker.ok('STORE 1 +FLAGS.SILENT (\\Seen)');
  const client = await server.loggedIn();
  await client.ok('ENABLE QRESYNC');
  await client.ok('SELECT INBOX');
  const { modSeq } = await stateOf(server);
  const ask = async (set: string) =>
    (await client.ok(`UID FETCH ${set} (FLAGS) (CHANGEDSINCE ${before.modSeq} VANISHED)`)).untagged;
  const one = `1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (${modSeq}))`;
  assert.deepEqual(await ask('1:*'), ['VANISHED (EARLIER) 2,5:6', one]);
  assert.deepEqual(await ask('3:5'), ['VANISHED (EARLIER) 5']);
  assert.deepEqual(await ask('*'), ['VANISHED (EARLIER) 6']);
  assert.deepEqual(await ask('4294967295:*'), ['VANISHED (EARLIER) 6']);
  assert.deepEqual(await ask('3'), []);
});

test('VANISHED instead of EXPUNGE, at the legal moments only', async () => {
  await using server = await TestServer.start();
  const worker = await server.selected(7);
  const client = await other(server);
  await client.ok('ENABLE QRESYNC');
  const expunge = async (uids: string) => {
    await worker.ok(`UID STORE ${uids} +FLAGS.SILENT (\\Deleted)`);
    await worker.ok('EXPUNGE');
  };
  const vanished = async (command: string) =>
    (await client.ok(command)).untagged.filter((line) => /VANISHED|EXPUNGE/.test(line));
  await expunge('2,3');
  assert.deepEqual(await vanished('FETCH 1 UID'), []);
  assert.deepEqual(await vanished('SEARCH ALL'), []);
  assert.deepEqual(await vanished('STORE 1 +FLAGS (\\Seen)'), []);
  // RFC 7162 §3.2.10: not while numbers are in the criteria.
  assert.deepEqual(await vanished('UID SEARCH 1:2'), []);
  assert.deepEqual(await vanished('UID SEARCH NOT (OR 5 SEEN)'), []);
  assert.deepEqual(await vanished('UID SEARCH UID 1:2'), ['VANISHED 2:3']);
  await expunge('5');
  assert.deepEqual(await vanished('UID FETCH 1 FLAGS'), ['VANISHED 5']);
  await expunge('6');
  assert.deepEqual(await vanished('NOOP'), ['VANISHED 6']);
  assert.deepEqual(await vanished('NOOP'), []);
});

test('EXPUNGE and MOVE tell HIGHESTMODSEQ, CLOSE does not', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(5);
  await client.ok('CREATE INBOX.x');
  await client.ok('ENABLE QRESYNC');
  await client.ok('STORE 1:2 +FLAGS.SILENT (\\Deleted)');
  const { untagged, text } = await client.ok('UID EXPUNGE 1');
  assert.deepEqual(untagged, ['VANISHED 1']);
  assert.equal(text, `[HIGHESTMODSEQ ${(await stateOf(server)).modSeq}] Completed`);
  assert.equal((await client.ok('UID EXPUNGE 1')).text, 'Completed');
  assert.match((await client.ok('EXPUNGE')).text, /^\[HIGHESTMODSEQ \d+\]/);
  assert.deepEqual((await client.ok('UID MOVE 3 INBOX.x')).untagged.slice(1), ['VANISHED 3']);
  await client.ok('STORE 1 +FLAGS.SILENT (\\Deleted)');
  assert.equal((await client.ok('CLOSE')).text, 'Completed');
});

test('a FETCH that sets \\Seen tells UID and MODSEQ with it', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(1);
  await client.ok('ENABLE QRESYNC');
  const [line] = (await client.ok('FETCH 1 BODY[TEXT]')).untagged;
  const { modSeq } = await stateOf(server);
  assert.match(line!, new RegExp(`FLAGS \\(\\\\Seen \\\\Recent\\) MODSEQ \\(${modSeq}\\) UID 1 `));
});

test('the other mailbox is closed before the new one is told of', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(1);
  await client.ok('ENABLE QRESYNC');
  const { untagged } = await client.ok('SELECT INBOX (QRESYNC (1 1))');
  assert.equal(untagged[0], 'OK [CLOSED] Previous mailbox closed');
});

interface Cache {
  readonly flags: Map<number, string>;
  modSeq: number;
}

function learn(cache: Cache, untagged: readonly string[]): void {
  for (const line of untagged) {
    const vanished = /^VANISHED (?:\(EARLIER\) )?(\S+)$/.exec(line);
    for (const range of vanished?.[1]?.split(',') ?? []) {
      const [from, to = from] = range.split(':').map(Number);
      for (let uid = from!; uid <= to!; uid++) cache.flags.delete(uid);
    }
    const fetched = /FETCH \(UID (\d+) FLAGS \(([^)]*)\)/.exec(line);
    if (fetched) cache.flags.set(Number(fetched[1]), fetched[2]!.replace(/ ?\\Recent/, ''));
    const highest = /\[HIGHESTMODSEQ (\d+)\]/.exec(line);
    if (highest) cache.modSeq = Number(highest[1]);
  }
}

test('a client that comes back again and again has what is there', async () => {
  const change = fc.record({
    kind: fc.constantFrom('flag', 'unflag', 'expunge', 'append'),
    uids: fc.uniqueArray(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 5 }),
  });
  const visits = fc.array(fc.array(change, { maxLength: 4 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(visits, fc.boolean(), async (rounds, withMatches) => {
      await using server = await TestServer.start();
      const worker = await server.selected(6);
      const cache: Cache = { flags: new Map(), modSeq: 1 };
      const client = await server.loggedIn();
      await client.ok('ENABLE QRESYNC');
      for (const changes of [[], ...rounds]) {
        for (const { kind, uids } of changes) {
          if (kind === 'append') await worker.append('INBOX', 'Subject: x\r\n\r\n');
          else if (kind === 'flag') await worker.ok(`UID STORE ${uids} +FLAGS.SILENT (\\Flagged)`);
          else if (kind === 'unflag') await worker.ok(`UID STORE ${uids} -FLAGS.SILENT (\\Flagged)`);
          else {
            await worker.ok(`UID STORE ${uids} +FLAGS.SILENT (\\Deleted)`);
            await worker.ok('EXPUNGE');
          }
        }
        const { uidValidity } = await stateOf(server);
        const known = [...cache.flags.keys()].sort((a, b) => a - b);
        const matches = withMatches && known.length > 0 ? ` (1:${known.length} ${known})` : '';
        const { modSeq } = cache;
        learn(
          cache,
          (await client.ok(`SELECT INBOX (QRESYNC (${uidValidity} ${modSeq}${matches}))`)).untagged,
        );
        const there: Cache = { flags: new Map(), modSeq: 0 };
        learn(there, (await worker.ok('UID FETCH 1:* (FLAGS)')).untagged);
        assert.deepEqual(new Map([...cache.flags].sort(([a], [b]) => a - b)), there.flags);
        await client.ok('UNSELECT');
      }
    }),
    { numRuns: 25 },
  );
});

test('a client that stays, and counts what it is told, has what is there', async () => {
  const step = fc.record({
    by: fc.constantFrom('worker', 'client'),
    kind: fc.constantFrom('flag', 'expunge', 'append', 'look', 'fetch', 'search', 'move'),
    uids: fc.uniqueArray(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 4 }),
  });
  const features = fc.constantFrom('QRESYNC', 'QRESYNC UIDONLY', 'UIDONLY');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), features, async (steps, feature) => {
      await using server = await TestServer.start();
      const worker = await server.selected(6);
      await worker.ok('CREATE INBOX.x');
      const client = await server.loggedIn();
      await client.ok(`ENABLE ${feature}`);
      await client.ok('SELECT INBOX');
      const known = new Set([1, 2, 3, 4, 5, 6]);
      let exists = known.size;
      const hear = (untagged: readonly string[]): void => {
        for (const line of untagged) {
          assert.doesNotMatch(line, /EXPUNGE|EARLIER/);
          const vanished = /^VANISHED (\S+)$/.exec(line)?.[1]?.split(',') ?? [];
          for (const range of vanished) {
            const [from, to = from] = range.split(':').map(Number);
            // Each of them was announced, and counts (RFC 7162 §3.2.10.2).
            for (let uid = from!; uid <= to!; uid++, exists--) known.delete(uid);
          }
          exists = Number(/^(\d+) EXISTS$/.exec(line)?.[1] ?? exists);
        }
      };
      for (const { by, kind, uids } of steps) {
        const one = by === 'worker' ? worker : client;
        const set = uids.join();
        const commands = {
          flag: [`UID STORE ${set} +FLAGS (\\Flagged)`],
          expunge: [`UID STORE ${set} +FLAGS (\\Deleted)`, 'EXPUNGE'],
          append: [],
          look: ['NOOP'],
          fetch: [`UID FETCH ${set} (FLAGS BODY[TEXT])`],
          search: [`UID SEARCH UID ${set}`],
          move: [`UID MOVE ${set} INBOX.x`],
        };
        const untagged: string[] = [];
        if (kind === 'append')
          untagged.push(...(await one.append('INBOX', 'Subject: x\r\n\r\ny\r\n')).untagged);
        for (const command of commands[kind]) untagged.push(...(await one.ok(command)).untagged);
        if (one === client) hear(untagged);
      }
      hear((await client.ok('NOOP')).untagged);
      const { untagged } = await worker.ok('UID SEARCH ALL');
      const there = untagged.at(-1)!.split(' ').slice(1).map(Number);
      assert.equal(exists, there.length);
      const old = there.filter((uid) => uid <= 6);
      assert.deepEqual(
        [...known].filter((uid) => uid <= 6),
        old,
      );
    }),
    { numRuns: 40 },
  );
});

function chunkOf(uids: readonly number[], modSeq: number, isForbidden: boolean): SnapshotChunk {
  const count = uids.length;
  const chunk = {
    count,
    maxModSeq: modSeq,
    uids: Uint32Array.from(uids),
    flags: new Uint32Array(count).fill(Flag.seen),
    modseqs: new Float64Array(count).fill(modSeq),
    sizes: new Uint32Array(count),
    dates: new Uint32Array(count),
    keywords: new Uint32Array(count * 4),
  };
  if (isForbidden) {
    Object.defineProperty(chunk, 'modseqs', {
      get: () => assert.fail('a chunk without changes has been looked into'),
    });
  }
  return chunk;
}

test('chunks without changes are not looked into', () => {
  const chunks = Array.from({ length: 2000 }, (_, c) => {
    const uids = Array.from({ length: 100 }, (_, i) => c * 100 + i + 1);
    return chunkOf(uids, c === 1000 ? 9 : 5, c !== 1000);
  });
  const head = { uidValidity: 1, uidNext: 200_001, highestModSeq: 9, keywordNames: [] };
  const view = new MailboxSnapshot(head, chunks);
  const selected = { view } as SelectedMailbox;
  const changed = changedSince(selected, NumberSet.range(0, view.count - 1), 5);
  assert.equal(changed.toString(), '100000:100099');
});

test('a store that has forgotten: whatever is not there has vanished', async () => {
  const head = { uidValidity: 1, uidNext: 13, highestModSeq: 9, keywordNames: [] };
  const view = new MailboxSnapshot(head, [chunkOf([2, 3, 7], 5, false)]);
  let answer = { uids: NumberSet.of(3, 4, 12), complete: true };
  const mailbox = { vanishedSince: async () => answer } as unknown as Mailbox;
  const selected = { view, mailbox } as SelectedMailbox;
  const all = NumberSet.range(1, 0xffff_ffff);
  // 3 has gone only now: the client is told without EARLIER.
  assert.equal((await vanishedSince(selected, 3, all)).toString(), '4,12');
  answer = { uids: NumberSet.empty, complete: false };
  assert.equal((await vanishedSince(selected, 3, all)).toString(), '1,4:6,8:12');
  assert.equal((await vanishedSince(selected, 3, NumberSet.of(2, 4, 13))).toString(), '4');
});

test('very many ranges go in several responses', () => {
  const uids = NumberSet.fromAscending(Array.from({ length: 5000 }, (_, i) => 4_000_000_000 + i * 2));
  const lines = vanishedLines(uids, false);
  assert.equal(lines.length, 6);
  assert.ok(lines.every((line) => line.length < 20_000));
  const told = lines.flatMap((line) => line.replace('VANISHED ', '').split(',').map(Number));
  assert.deepEqual(told, [...uids]);
});
