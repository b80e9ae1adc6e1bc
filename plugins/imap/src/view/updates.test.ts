import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flag, type SnapshotChunk } from '@angarium/sdk';
import { LineReply, ModelStore, NumberSet, openModel, replaceBy } from './model.test.support.js';
import { compareViews } from './updates.js';

interface Case {
  readonly name: string;
  readonly messages: number;
  readonly mayExpunge: boolean;
  readonly enabled?: readonly string[];
  readonly change: (store: ModelStore) => void;
  readonly lines: readonly string[];
}

const cases: readonly Case[] = [
  { name: 'nothing', messages: 3, mayExpunge: true, change: () => {}, lines: [] },
  {
    name: 'another flags one',
    messages: 6,
    mayExpunge: false,
    change: (store) => store.flag([5], Flag.seen, 0),
    lines: ['* 5 FETCH (FLAGS (\\Seen))'],
  },
  {
    name: 'with CONDSTORE, UID and MODSEQ go along',
    messages: 6,
    mayExpunge: false,
    enabled: ['CONDSTORE'],
    change: (store) => store.flag([5], Flag.seen | Flag.answered, 0),
    lines: ['* 5 FETCH (FLAGS (\\Answered \\Seen) UID 5 MODSEQ (3))'],
  },
  {
    name: 'new mail',
    messages: 2,
    mayExpunge: false,
    change: (store) => store.append(2),
    lines: ['* 4 EXISTS', '* 2 RECENT'],
  },
  {
    name: 'IMAP4rev2 has no RECENT',
    messages: 2,
    mayExpunge: true,
    enabled: ['IMAP4REV2'],
    change: (store) => store.append(1),
    lines: ['* 3 EXISTS'],
  },
  {
    name: 'expunges wait while they may not be told, flags do not',
    messages: 6,
    mayExpunge: false,
    change: (store) => {
      store.expunge([2, 3]);
      store.flag([5], Flag.seen, 0);
    },
    lines: ['* 5 FETCH (FLAGS (\\Seen))'],
  },
  {
    name: 'numbers after EXPUNGE are the new ones',
    messages: 6,
    mayExpunge: true,
    change: (store) => {
      store.expunge([2, 3]);
      store.flag([5], Flag.seen, 0);
      store.append(1);
    },
    lines: ['* 2 EXPUNGE', '* 2 EXPUNGE', '* 5 EXISTS', '* 1 RECENT', '* 3 FETCH (FLAGS (\\Seen))'],
  },
  {
    name: 'a new keyword is announced before its first use',
    messages: 2,
    mayExpunge: true,
    change: (store) => {
      store.keywordNames = ['$Forwarded'];
      store.flag([1], 0, 1);
    },
    lines: [
      '* FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $Forwarded)',
      '* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $Forwarded \\*)] Flags',
      '* 1 FETCH (FLAGS ($Forwarded))',
    ],
  },
  {
    name: 'all gone',
    messages: 3,
    mayExpunge: true,
    change: (store) => store.expunge([1, 2, 3]),
    lines: ['* 1 EXPUNGE', '* 1 EXPUNGE', '* 1 EXPUNGE'],
  },
];

for (const { name, messages, mayExpunge, enabled, change, lines } of cases) {
  test(`told: ${name}`, async () => {
    const store = new ModelStore();
    store.append(messages);
    store.recentFrom = store.uidNext;
    const view = openModel(store, enabled);
    const written = new LineReply();
    change(store);
    await view.sync(written.reply, { mayExpunge });
    assert.deepEqual(written.take(), lines);
    await view.sync(written.reply, { mayExpunge });
    assert.deepEqual(written.take(), [], 'told once');
  });
}

async function opened(messages: number, enabled: readonly string[] = []) {
  const store = new ModelStore();
  store.append(messages);
  store.recentFrom = store.uidNext;
  const view = openModel(store, enabled);
  const written = new LineReply();
  const sync = async (mayExpunge = true, withUid = false) => {
    await view.sync(written.reply, { mayExpunge, withUid });
    return written.take();
  };
  return { store, view, sync };
}

test('a ghost keeps its number until it may be told, and is not told twice', async () => {
  const { store, view, sync } = await opened(5);
  store.expunge([2]);
  assert.deepEqual(await sync(false), []);
  assert.equal(view.ghosts.toString(), '2');
  assert.equal(view.view.count, 5);
  assert.equal(view.view.uidAt(1), 2);
  store.append(1);
  assert.deepEqual(await sync(false), ['* 6 EXISTS', '* 1 RECENT']);
  assert.deepEqual(await sync(true), ['* 2 EXPUNGE']);
  assert.equal(view.ghosts.toString(), '');
  assert.equal(view.view.count, 5);
});

test('.SILENT hides what the client has worked out itself, not what another did', async () => {
  const { store, view, sync } = await opened(4);
  store.flag([1, 2], Flag.flagged, 0);
  store.flag([3], Flag.flagged | Flag.seen, 0);
  view.ownFlagChange(NumberSet.of(1, 2, 3), { mode: 'add', system: Flag.flagged, keywords: [] }, 'nothing');
  assert.deepEqual(await sync(), ['* 3 FETCH (FLAGS (\\Flagged \\Seen))']);
});

test('.SILENT: a flag that the rights did not allow is corrected', async () => {
  const { view, sync } = await opened(4);
  view.ownFlagChange(NumberSet.of(2), { mode: 'add', system: Flag.deleted, keywords: [] }, 'nothing');
  assert.deepEqual(await sync(), ['* 2 FETCH (FLAGS ())']);
});

test('.SILENT with CONDSTORE: MODSEQ is told (RFC 7162 §3.1.4.2 example 14)', async () => {
  const { store, view, sync } = await opened(7, ['CONDSTORE']);
  store.flag([7], Flag.deleted, 0);
  view.ownFlagChange(NumberSet.of(7), { mode: 'add', system: Flag.deleted, keywords: [] }, 'nothing');
  assert.deepEqual(await sync(), ['* 7 FETCH (UID 7 MODSEQ (3))']);
});

test('STORE without .SILENT: flags are told though nothing changed', async () => {
  const { view, sync } = await opened(3);
  view.ownFlagChange(NumberSet.of(1, 3), replaceBy(0, []), 'flags');
  assert.deepEqual(await sync(false, true), ['* 1 FETCH (FLAGS () UID 1)', '* 3 FETCH (FLAGS () UID 3)']);
});

test('what a command tells itself is not told again', async () => {
  const { store, view, sync } = await opened(3, ['CONDSTORE']);
  store.flag([2], Flag.seen, 0);
  view.ownFlagChange(
    NumberSet.of(2),
    { mode: 'add', system: Flag.seen, keywords: [] },
    'nothing',
    store.modSeq,
  );
  assert.deepEqual(await sync(), []);
});

test('a keyword bit that means another keyword now is told again', async () => {
  const store = new ModelStore();
  store.append(2);
  store.keywordNames = ['old'];
  store.flag([1], 0, 1);
  const view = openModel(store);
  store.flag([1], 0, 0);
  store.keywordNames = ['new'];
  store.flag([1], 0, 1);
  const written = new LineReply();
  await view.sync(written.reply, { mayExpunge: true });
  assert.deepEqual(written.take().slice(2), ['* 1 FETCH (FLAGS (\\Recent new))']);
});

test('two sessions: only the first to be told has it as recent', async () => {
  const store = new ModelStore();
  const one = openModel(store);
  const two = openModel(store);
  store.append(1);
  const written = new LineReply();
  await one.sync(written.reply, { mayExpunge: true });
  await two.sync(written.reply, { mayExpunge: true });
  assert.deepEqual(written.take(), ['* 1 EXISTS', '* 1 RECENT', '* 1 EXISTS', '* 0 RECENT']);
  assert.equal(one.isRecent(1), true);
  assert.equal(two.isRecent(1), false);
});

test('chunks that are the same are passed over whole', () => {
  const store = new ModelStore();
  store.append(400);
  const old = store.snapshot();
  store.flag([200], Flag.seen, 0);
  const now = store.snapshot();
  let looked = 0;
  const watch = (chunk: SnapshotChunk): SnapshotChunk =>
    new Proxy(chunk, {
      get(target, key) {
        if (key === 'flags') looked++;
        return Reflect.get(target, key);
      },
    });
  const watched = now.chunks.map((chunk) => (old.chunks.includes(chunk) ? watch(chunk) : chunk));
  const seen = new (now.constructor as new (...args: unknown[]) => typeof now)(now.head, watched);
  assert.equal(compareViews(old, seen, true)?.flags.toString(), '199');
  assert.equal(looked, 0);
});
