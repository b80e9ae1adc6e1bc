/**
 * What every MailStore must do, as tests. A provider's test calls `mailStoreContract(name, factory)`; what it cannot do
 * by nature is left out with a reason.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import type {
  AppendItem,
  ChangeFeed,
  ContentPiece,
  FlagSet,
  MailboxChanged,
  MailboxEntry,
  MailboxId,
  MailboxName,
  MailboxSnapshot,
  MailErrorCode,
  MailStore,
  Records,
  StagedMessage,
  UserId,
} from '@angarium/sdk';
import { Flag, isMailError, NumberSet, personalMailbox, SummaryView, sharedMailbox } from '@angarium/sdk';

/** A fresh, empty store. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: MailStore;
  readonly feed: ChangeFeed;
  readonly records: Records;
  /** The store's clock. */
  now(): number;
  advance(byMs: number): void | Promise<void>;
}

export interface MailStoreContractOptions {
  /** Test names that do not apply → why. */
  readonly except?: Readonly<Record<string, string>>;
}

const fred = 'fred' as UserId;
const joe = 'joe' as UserId;
const DAY_MS = 86_400_000;
const DATE_MS = Date.UTC(2025, 5, 1, 12, 0, 0);

/** An end to loops over mailboxes larger than one chunk of any store. */
const MANY = 260;

export function mailText(subject: string, lines = 3): Buffer {
  const head = `From: Fred <fred@example.org>\r\nTo: joe@example.org\r\nSubject: ${subject}\r\nDate: Mon, 2 Jun 2025 10:00:00 +0200\r\nMessage-ID: <${subject.replace(/\W/g, '-')}@example.org>\r\n\r\n`;
  return Buffer.from(head + 'a line of text\r\n'.repeat(lines), 'latin1');
}

export function flagSet(system = 0, ...keywords: string[]): FlagSet {
  return { system, keywords };
}

export function stage(store: MailStore, bytes: Buffer): Promise<StagedMessage> {
  return store.stage([bytes], { maxBytes: 64 * 1024 * 1024, sizeHint: bytes.length });
}

/** Appends messages with these subjects; answers their UIDs. */
export async function fill(
  store: MailStore,
  mailbox: MailboxId,
  subjects: readonly string[],
  flags: FlagSet = flagSet(),
  viewer?: UserId,
): Promise<readonly number[]> {
  const items: AppendItem[] = [];
  for (const subject of subjects) {
    items.push({ message: await stage(store, mailText(subject)), flags, internalDateMs: DATE_MS });
  }
  const [outcome] = await store.append([{ mailbox, items, ...(viewer === undefined ? {} : { viewer }) }]);
  for (const { message } of items) await message[Symbol.asyncDispose]();
  assert.ok(outcome?.ok, outcome?.ok === false ? String(outcome.error) : 'no outcome');
  return outcome.uids;
}

export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `message ${i + 1}`);
}

interface Row {
  readonly uid: number;
  readonly flags: number;
  readonly modSeq: number;
  readonly keywords: readonly string[];
  readonly size: number;
  readonly date: number;
}

/** A snapshot as plain rows; fails when it is not in order. */
export function rowsOf(snapshot: MailboxSnapshot): Row[] {
  const rows: Row[] = [];
  const names = snapshot.head.keywordNames;
  for (const chunk of snapshot.chunks) {
    assert.ok(chunk.count > 0, 'a chunk without messages');
    assert.equal(chunk.maxModSeq, Math.max(...chunk.modseqs.subarray(0, chunk.count)));
    for (let i = 0; i < chunk.count; i++) {
      const keywords = names.filter(
        (name, bit) => name !== '' && ((chunk.keywords[4 * i + (bit >> 5)]! >>> (bit & 31)) & 1) === 1,
      );
      rows.push({
        uid: chunk.uids[i]!,
        flags: chunk.flags[i]!,
        modSeq: chunk.modseqs[i]!,
        keywords: keywords.sort(),
        size: chunk.sizes[i]!,
        date: chunk.dates[i]!,
      });
    }
  }
  rows.forEach((row, i) => {
    assert.ok(i === 0 || rows[i - 1]!.uid < row.uid, 'UIDs ascend');
    assert.ok(row.uid < snapshot.head.uidNext, 'UIDs are below UIDNEXT');
    assert.ok(row.modSeq <= snapshot.head.highestModSeq, 'modseqs are not above the highest');
  });
  return rows;
}

async function failsWith(code: MailErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => isMailError(error) && error.code === code);
}

async function piecesOf(pieces: AsyncIterable<ContentPiece>): Promise<ContentPiece[]> {
  const all: ContentPiece[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

async function summaryUids(pieces: AsyncIterable<{ readonly uids: Uint32Array }>): Promise<number[]> {
  const all: number[] = [];
  for await (const { uids } of pieces) all.push(...uids);
  return all;
}

/** Runs the suite. */
export function mailStoreContract(
  name: string,
  factory: () => Promise<StoreUnderTest>,
  options: MailStoreContractOptions = {},
): void {
  const check = (title: string, run: (context: StoreUnderTest) => Promise<void>) => {
    const reason = options.except?.[title];
    test(reason === undefined ? title : `${title} (left out: ${reason})`, async () => {
      if (reason !== undefined) return;
      await using context = await factory();
      await run(context);
    });
  };
  describe(`MailStore contract: ${name}`, () => {
    describe('catalogue', () => catalogueTests(check));
    describe('subscriptions and metadata', () => metadataTests(check));
    describe('stage and append', () => appendTests(check));
    describe('flags', () => flagTests(check));
    describe('expunge', () => expungeTests(check));
    describe('copy and move', () => copyTests(check));
    describe('viewers', () => viewerTests(check));
    describe('reading', () => readingTests(check));
    describe('quota', () => quotaTests(check));
    describe('records', () => recordTests(check));
    describe('change feed', () => feedTests(check));
  });
}

type Check = (title: string, run: (context: StoreUnderTest) => Promise<void>) => void;

const names = (entries: readonly MailboxEntry[]) =>
  entries.map(({ name }) => [name.owner ?? '', ...name.path].join('/'));

function catalogueTests(check: Check): void {
  check('a new mailbox is found by name and id, with what it was made with', async ({ store, now }) => {
    const { catalogue } = store;
    const made = await catalogue.create(personalMailbox(fred, ['Sent']), {
      acl: { fred: 'lrs' },
      specialUse: ['\\Sent'],
      attributes: { 'x/y': '1' },
    });
    assert.match(made.id, /^[A-Za-z0-9_-]{1,255}$/);
    assert.deepEqual(made.acl, { fred: 'lrs' });
    assert.equal(made.partition, store.partitions[0]);
    assert.equal(made.sharedSeen, false);
    assert.equal(made.createdMs, now());
    assert.ok(made.uidValidity > 0 && made.uidValidity < 2 ** 32);
    assert.deepEqual(await catalogue.find(personalMailbox(fred, ['Sent'])), made);
    assert.deepEqual(await catalogue.byId(made.id), made);
    assert.equal(await catalogue.find(personalMailbox(fred, ['sent'])), undefined);
    const snapshot = await store.mailbox(made.id).snapshot();
    assert.deepEqual([snapshot.count, snapshot.head.uidNext], [0, 1]);
    assert.ok(snapshot.head.highestModSeq >= 1, 'RFC 7162 §3.1.2.1 wants a positive HIGHESTMODSEQ');
  });

  check('the same name twice is refused', async ({ store: { catalogue } }) => {
    await catalogue.create(personalMailbox(fred));
    await failsWith('ALREADYEXISTS', catalogue.create(personalMailbox(fred)));
  });

  check('an unknown partition is refused', async ({ store: { catalogue } }) => {
    await failsWith('CANNOT', catalogue.create(personalMailbox(fred), { partition: 'nowhere' }));
    assert.equal(await catalogue.find(personalMailbox(fred)), undefined);
  });

  check(
    'list has parents right before their children, by owner, domain, tree',
    async ({ store: { catalogue } }) => {
      const all: MailboxName[] = [
        personalMailbox(fred, ['a b']),
        personalMailbox(fred, ['a', 'c']),
        personalMailbox(fred, ['a']),
        personalMailbox(fred),
        personalMailbox('freddy' as UserId),
        sharedMailbox(['news']),
        sharedMailbox(['news', 'today']),
        personalMailbox('fred@example.org' as UserId),
      ];
      for (const name of all) await catalogue.create(name);
      assert.deepEqual(names(await catalogue.list({ owner: fred })), [
        'fred',
        'fred/a',
        'fred/a/c',
        'fred/a b',
      ]);
      assert.deepEqual(names(await catalogue.list({ shared: true })), ['/news', '/news/today']);
      assert.deepEqual(names(await catalogue.list({ below: personalMailbox(fred, ['a']) })), [
        'fred/a',
        'fred/a/c',
      ]);
      assert.equal((await catalogue.list({ domain: 'example.org' })).length, 1);
      assert.equal((await catalogue.list({ domain: '' })).length, 7);
      assert.equal((await catalogue.list({})).length, 8);
    },
  );

  check('whoever listed before sees what was made since', async ({ store: { catalogue } }) => {
    assert.deepEqual(await catalogue.list({}), []);
    assert.deepEqual(await catalogue.list({ owner: fred }), []);
    await catalogue.create(personalMailbox(fred));
    assert.deepEqual(names(await catalogue.list({})), ['fred']);
    assert.deepEqual(names(await catalogue.list({ owner: fred })), ['fred']);
    await catalogue.rename(personalMailbox(fred), personalMailbox(joe));
    assert.deepEqual(names(await catalogue.list({})), ['joe']);
    assert.deepEqual(await catalogue.list({ owner: fred }), []);
  });

  check('rename takes the tree along and keeps ids, UIDs and UIDVALIDITY', async ({ store }) => {
    const { catalogue } = store;
    const parent = await catalogue.create(personalMailbox(fred, ['a']));
    const child = await catalogue.create(personalMailbox(fred, ['a', 'b']));
    await catalogue.create(personalMailbox(fred, ['ab']));
    await fill(store, child.id, ['one']);
    const renamed = await catalogue.rename(personalMailbox(fred, ['a']), personalMailbox(fred, ['z']));
    assert.deepEqual(names(renamed.map(({ entry }) => entry)), ['fred/z', 'fred/z/b']);
    assert.deepEqual(
      renamed.map(({ from }) => from.path),
      [['a'], ['a', 'b']],
    );
    assert.equal((await catalogue.find(personalMailbox(fred, ['z'])))?.id, parent.id);
    const moved = await catalogue.find(personalMailbox(fred, ['z', 'b']));
    assert.equal(moved?.id, child.id);
    assert.equal(moved.uidValidity, child.uidValidity);
    assert.equal((await store.mailbox(child.id).snapshot()).uidAt(0), 1);
    assert.equal(await catalogue.find(personalMailbox(fred, ['a'])), undefined);
    assert.ok(await catalogue.find(personalMailbox(fred, ['ab'])));
  });

  check('rename refuses taken and missing names and changes nothing', async ({ store: { catalogue } }) => {
    await catalogue.create(personalMailbox(fred, ['a']));
    await catalogue.create(personalMailbox(fred, ['a', 'x']));
    await catalogue.create(personalMailbox(fred, ['b', 'x']));
    await failsWith(
      'ALREADYEXISTS',
      catalogue.rename(personalMailbox(fred, ['a']), personalMailbox(fred, ['b'])),
    );
    await failsWith(
      'NONEXISTENT',
      catalogue.rename(personalMailbox(fred, ['q']), personalMailbox(fred, ['r'])),
    );
    assert.ok(await catalogue.find(personalMailbox(fred, ['a', 'x'])));
  });

  check(
    'a mailbox of a name that was used before has another UIDVALIDITY',
    async ({ store: { catalogue } }) => {
      const first = await catalogue.create(personalMailbox(fred, ['a']));
      await catalogue.delete(personalMailbox(fred, ['a']));
      const second = await catalogue.create(personalMailbox(fred, ['a']));
      assert.notEqual(second.id, first.id);
      assert.ok(second.uidValidity > first.uidValidity);
    },
  );

  check('delete leaves the children; the mailbox is gone for everybody', async ({ store }) => {
    const { catalogue } = store;
    const parent = await catalogue.create(personalMailbox(fred, ['a']));
    await catalogue.create(personalMailbox(fred, ['a', 'b']));
    await fill(store, parent.id, ['one']);
    const box = store.mailbox(parent.id);
    await catalogue.delete(personalMailbox(fred, ['a']));
    assert.equal(await catalogue.byId(parent.id), undefined);
    assert.ok(await catalogue.find(personalMailbox(fred, ['a', 'b'])));
    await failsWith('NONEXISTENT', box.snapshot());
    await failsWith('NONEXISTENT', box.updateFlags(NumberSet.of(1), { mode: 'add', ...flagSet(Flag.seen) }));
    assert.deepEqual(await store.status([parent.id]), [undefined]);
    await failsWith('NONEXISTENT', catalogue.delete(personalMailbox(fred, ['a'])));
  });

  check('a deleted mailbox comes back with its messages', async ({ store, advance }) => {
    const { catalogue } = store;
    const made = await catalogue.create(personalMailbox(fred, ['a']));
    await fill(store, made.id, ['one', 'two'], flagSet(Flag.flagged, 'x'));
    await catalogue.delete(personalMailbox(fred, ['a']));
    await advance(1000);
    const other = await catalogue.create(personalMailbox(fred, ['a']));
    await catalogue.delete(personalMailbox(fred, ['a']));
    assert.deepEqual(
      (await catalogue.deleted({ owner: fred })).map(({ entry }) => entry.id),
      [other.id, made.id],
    );
    await catalogue.create(personalMailbox(fred, ['b']));
    await failsWith('ALREADYEXISTS', catalogue.undelete(made.id, personalMailbox(fred, ['b'])));
    const back = await catalogue.undelete(made.id, personalMailbox(fred, ['c']));
    assert.equal(back.id, made.id);
    const rows = rowsOf(await store.mailbox(made.id).snapshot());
    assert.deepEqual(
      rows.map(({ flags, keywords }) => [flags, keywords]),
      [
        [Flag.flagged, ['x']],
        [Flag.flagged, ['x']],
      ],
    );
    assert.deepEqual(
      (await catalogue.deleted({})).map(({ entry }) => entry.id),
      [other.id],
    );
  });

  check('immediate deletion cannot be undone', async ({ store }) => {
    const { catalogue } = store;
    const made = await catalogue.create(personalMailbox(fred, ['a']));
    await fill(store, made.id, numbered(3));
    await catalogue.delete(personalMailbox(fred, ['a']), { immediate: true });
    assert.deepEqual(await catalogue.deleted({}), []);
    await failsWith('NONEXISTENT', catalogue.undelete(made.id, personalMailbox(fred, ['a'])));
  });

  check('change replaces what is given and merges attributes', async ({ store: { catalogue } }) => {
    const made = await catalogue.create(sharedMailbox(['news']), {
      attributes: { a: '1', b: '2' },
      acl: { anyone: 'lrs' },
    });
    const changed = await catalogue.change(made.id, {
      acl: { anyone: 'l' },
      sharedSeen: true,
      specialUse: ['\\Archive'],
      attributes: { a: undefined, c: '3' },
    });
    assert.deepEqual(changed.attributes, { b: '2', c: '3' });
    assert.deepEqual(changed.acl, { anyone: 'l' });
    assert.equal(changed.sharedSeen, true);
    assert.deepEqual(await catalogue.find(sharedMailbox(['news'])), changed);
    await failsWith('NONEXISTENT', catalogue.change('nobody' as MailboxId, {}));
  });
}

function metadataTests(check: Check): void {
  check('subscriptions need no mailbox and come in order', async ({ store: { catalogue } }) => {
    await catalogue.subscribe(fred, sharedMailbox(['z']));
    await catalogue.subscribe(fred, personalMailbox(fred));
    await catalogue.subscribe(fred, sharedMailbox(['b']));
    await catalogue.subscribe(fred, sharedMailbox(['b']));
    await catalogue.unsubscribe(fred, sharedMailbox(['z']));
    assert.deepEqual(
      (await catalogue.subscriptions(fred)).map(({ path }) => path),
      [['b'], []],
    );
    assert.deepEqual(await catalogue.subscriptions(joe), []);
  });

  check('metadata is kept per mailbox, user and entry', async ({ store: { catalogue } }) => {
    const { id } = await catalogue.create(personalMailbox(fred));
    await catalogue.setMetadata(id, undefined, new Map([['/shared/comment', Buffer.from('for all')]]));
    await catalogue.setMetadata(id, fred, new Map([['/private/comment', Buffer.from('mine')]]));
    await catalogue.setMetadata('server', undefined, new Map([['/shared/admin', Buffer.from('root')]]));
    const text = async (target: MailboxId | 'server', user: UserId | undefined) =>
      [...(await catalogue.metadata(target, user))].map(
        ([entry, value]) => `${entry}=${Buffer.from(value).toString()}`,
      );
    assert.deepEqual(await text(id, undefined), ['/shared/comment=for all']);
    assert.deepEqual(await text(id, fred), ['/private/comment=mine']);
    assert.deepEqual(await text(id, joe), []);
    assert.deepEqual(await text('server', undefined), ['/shared/admin=root']);
    await catalogue.setMetadata(id, undefined, new Map([['/shared/comment', undefined]]));
    assert.deepEqual(await text(id, undefined), []);
  });
}

function appendTests(check: Check): void {
  check('a staged message knows its hash, size and summary', async ({ store }) => {
    const bytes = mailText('hello');
    await using message = await store.stage([bytes.subarray(0, 20), bytes.subarray(20)], { maxBytes: 1e6 });
    assert.deepEqual(message.guid, createHash('sha256').update(bytes).digest());
    assert.equal(message.size, bytes.length);
    assert.equal(message.summary.baseSubject(), 'HELLO');
    assert.deepEqual(await message.read(5, 25), bytes.subarray(5, 25));
  });

  check('too much is refused, announced or not', async ({ store }) => {
    await failsWith('TOOBIG', store.stage([Buffer.alloc(10)], { maxBytes: 100, sizeHint: 101 }));
    let taken = 0;
    const endless = (function* () {
      for (;;) {
        taken += 40;
        yield Buffer.alloc(40);
      }
    })();
    await failsWith('TOOBIG', store.stage(endless, { maxBytes: 100 }));
    assert.ok(taken <= 160, 'the source is not read further');
  });

  check('a large message goes through whole', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    const bytes = Buffer.concat([mailText('large'), Buffer.alloc(3_000_000, 'large text\r\n')]);
    async function* chunks() {
      for (let at = 0; at < bytes.length; at += 65_000) yield bytes.subarray(at, at + 65_000);
    }
    await using message = await store.stage(chunks(), { maxBytes: 4e6 });
    const [outcome] = await store.append([
      { mailbox: id, items: [{ message, flags: flagSet(), internalDateMs: DATE_MS }] },
    ]);
    assert.ok(outcome?.ok);
    const pieces = await piecesOf(
      store.mailbox(id).contents([{ uid: 1, from: 0, to: Number.POSITIVE_INFINITY }]),
    );
    assert.ok(Buffer.concat(pieces.map((piece) => piece.bytes)).equals(bytes));
    assert.ok(
      pieces.every((piece, i) => piece.bytes.length <= 1 << 20 && piece.isLast === (i === pieces.length - 1)),
    );
  });

  check('appended messages are in the snapshot with all they were given', async ({ store, now }) => {
    const { id, uidValidity } = await store.catalogue.create(personalMailbox(fred));
    const before = await store.mailbox(id).snapshot();
    const uids = await fill(store, id, ['one', 'two'], flagSet(Flag.flagged | Flag.deleted, '$Work', 'b'));
    assert.deepEqual(uids, [1, 2]);
    const snapshot = await store.mailbox(id).snapshot();
    assert.equal(snapshot.head.uidValidity, uidValidity);
    assert.ok(snapshot.highestModSeq > before.highestModSeq);
    const [row] = rowsOf(snapshot);
    const size = mailText('one').length;
    assert.deepEqual(row, {
      uid: 1,
      flags: Flag.flagged | Flag.deleted,
      modSeq: snapshot.highestModSeq,
      keywords: ['$Work', 'b'],
      size,
      date: DATE_MS / 1000,
    });
    const [status] = await store.status([id]);
    assert.deepEqual(status, {
      messages: 2,
      recent: 2,
      unseen: 2,
      deleted: 2,
      deletedBytes: 2 * size,
      bytes: 2 * size,
      uidNext: 3,
      uidValidity,
      highestModSeq: snapshot.highestModSeq,
      lastAppendMs: now(),
    });
  });

  check('each target has its own outcome, and one message serves many', async ({ store }) => {
    const first = await store.catalogue.create(personalMailbox(fred));
    const second = await store.catalogue.create(personalMailbox(joe));
    await using message = await stage(store, mailText('to all'));
    const items = [{ message, flags: flagSet(), internalDateMs: DATE_MS }];
    const outcomes = await store.append([
      { mailbox: first.id, items },
      { mailbox: 'gone' as MailboxId, items },
      { mailbox: second.id, items },
    ]);
    assert.deepEqual(
      outcomes.map(({ ok }) => ok),
      [true, false, true],
    );
    const error = outcomes[1]?.ok === false ? outcomes[1].error : undefined;
    assert.ok(isMailError(error) && error.code === 'NONEXISTENT');
    for (const { id } of [first, second]) {
      assert.ok((await (await store.mailbox(id).open(1)).read(0, 1e6)).equals(mailText('to all')));
    }
  });

  check('a target is atomic: a limit on keywords refuses all of it', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await using message = await stage(store, mailText('x'));
    const many = Array.from({ length: 129 }, (_, i) => `k${i}`);
    const [outcome] = await store.append([
      {
        mailbox: id,
        items: [
          { message, flags: flagSet(), internalDateMs: DATE_MS },
          { message, flags: flagSet(0, ...many), internalDateMs: DATE_MS },
        ],
      },
    ]);
    assert.ok(outcome?.ok === false && isMailError(outcome.error) && outcome.error.code === 'LIMIT');
    assert.equal((await store.mailbox(id).snapshot()).count, 0);
    assert.deepEqual(await fill(store, id, ['after']), [1]);
  });

  check('\\Recent is what no session has claimed (RFC 3501 §2.3.2)', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    const box = store.mailbox(id);
    assert.equal(await box.claimRecent(), 1);
    await fill(store, id, ['one', 'two']);
    assert.equal(await box.recentFrom(), 1);
    assert.equal((await store.status([id]))[0]?.recent, 2);
    assert.equal(await box.claimRecent(), 1);
    assert.equal(await box.claimRecent(), 3);
    assert.equal((await store.status([id]))[0]?.recent, 0);
    await fill(store, id, ['three']);
    assert.equal(await box.recentFrom(), 3);
  });

  check('many messages keep their order over chunks', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, numbered(MANY));
    await fill(store, id, ['last']);
    const snapshot = await store.mailbox(id).snapshot();
    assert.deepEqual(
      rowsOf(snapshot).map(({ uid }) => uid),
      Array.from({ length: MANY + 1 }, (_, i) => i + 1),
    );
  });
}

function flagTests(check: Check): void {
  const add = (system: number, ...keywords: string[]) => ({ mode: 'add', system, keywords }) as const;
  const remove = (system: number, ...keywords: string[]) => ({ mode: 'remove', system, keywords }) as const;
  const replace = (system: number, ...keywords: string[]) => ({ mode: 'replace', system, keywords }) as const;

  check('the snapshot is the same object until something changes', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one']);
    const box = store.mailbox(id);
    const first = await box.snapshot();
    assert.equal(await store.mailbox(id, fred).snapshot(), first);
    await box.updateFlags(NumberSet.of(1), remove(Flag.seen));
    assert.equal(await box.snapshot(), first, 'no change, no new snapshot');
    await box.updateFlags(NumberSet.of(1), add(Flag.seen));
    assert.notEqual(await box.snapshot(), first);
    assert.equal(rowsOf(first)[0]?.flags, 0, 'the old one did not change');
  });

  check('add, remove, replace; answers what changed', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, numbered(MANY));
    const box = store.mailbox(id);
    const before = (await box.snapshot()).highestModSeq;
    const added = await box.updateFlags(NumberSet.range(100, 4_294_967_295), add(Flag.seen, 'Junk'));
    assert.equal(added.changed.toString(), `100:${MANY}`);
    assert.ok(added.modSeq > before);
    const again = await box.updateFlags(NumberSet.of(99, 100), add(Flag.seen, 'JUNK'));
    assert.equal(again.changed.toString(), '99');
    await box.updateFlags(NumberSet.of(100), replace(Flag.flagged, 'other'));
    await box.updateFlags(NumberSet.of(101), remove(Flag.seen, 'nobody-has-this'));
    const rows = rowsOf(await box.snapshot());
    assert.deepEqual([rows[98]?.flags, rows[98]?.keywords], [Flag.seen, ['Junk']]);
    assert.deepEqual([rows[99]?.flags, rows[99]?.keywords], [Flag.flagged, ['other']]);
    assert.deepEqual([rows[100]?.flags, rows[100]?.keywords], [0, ['Junk']]);
    assert.equal(rows[150]?.modSeq, added.modSeq);
    const [status] = await store.status([id]);
    assert.equal(status?.unseen, rows.filter(({ flags }) => (flags & Flag.seen) === 0).length);
  });

  check('replace keeps what the user may not touch (RFC 4314 §4)', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one'], flagSet(Flag.deleted | Flag.answered, 'k'));
    const box = store.mailbox(id);
    await box.updateFlags(NumberSet.of(1), {
      ...replace(Flag.flagged | Flag.deleted, 'new'),
      touchable: { system: Flag.flagged | Flag.answered, keywords: false },
    });
    const [row] = rowsOf(await box.snapshot());
    assert.deepEqual([row?.flags, row?.keywords], [Flag.deleted | Flag.flagged, ['k']]);
  });

  check('UNCHANGEDSINCE leaves newer messages alone (RFC 7162 §3.1.3)', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one', 'two', 'three']);
    const box = store.mailbox(id);
    const known = (await box.snapshot()).highestModSeq;
    await box.updateFlags(NumberSet.of(2), add(Flag.flagged));
    const result = await box.updateFlags(NumberSet.range(1, 3), add(Flag.seen), { unchangedSince: known });
    assert.equal(result.changed.toString(), '1,3');
    assert.equal(result.modified.toString(), '2');
    assert.deepEqual(
      rowsOf(await box.snapshot()).map(({ flags }) => flags),
      [1, Flag.flagged, 1],
    );
  });

  check('128 keywords at once; a name that no message has gives its place up', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one', 'two']);
    const box = store.mailbox(id);
    const all = Array.from({ length: 128 }, (_, i) => `k${i}`);
    await box.updateFlags(NumberSet.of(1), add(0, ...all));
    await failsWith('LIMIT', box.updateFlags(NumberSet.of(2), add(0, 'one-more')));
    await box.updateFlags(NumberSet.of(1), remove(0, 'k64'));
    await box.updateFlags(NumberSet.of(2), add(0, 'one-more'));
    const rows = rowsOf(await box.snapshot());
    assert.equal(rows[0]?.keywords.length, 127);
    assert.deepEqual(rows[1]?.keywords, ['one-more']);
  });

  check('UIDs that do not exist are passed over', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    const result = await store.mailbox(id).updateFlags(NumberSet.range(1, 9), add(Flag.seen));
    assert.ok(result.changed.isEmpty && result.modified.isEmpty);
  });

  check('message annotations are per message, user and entry (RFC 5257)', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one', 'two']);
    const box = store.mailbox(id);
    const before = (await box.snapshot()).highestModSeq;
    const { modSeq } = await box.setAnnotations(
      NumberSet.of(2),
      joe,
      new Map([['/comment', Buffer.from('hm')]]),
    );
    assert.ok(modSeq > before);
    assert.deepEqual([...(await box.annotations(NumberSet.range(1, 9), joe)).keys()], [2]);
    assert.equal((await box.annotations(NumberSet.range(1, 9), undefined)).size, 0);
    await box.setAnnotations(NumberSet.of(2), joe, new Map([['/comment', undefined]]));
    assert.equal((await box.annotations(NumberSet.range(1, 9), joe)).size, 0);
  });
}

function expungeTests(check: Check): void {
  check('expunge takes what has \\Deleted, or all that is asked for', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, numbered(MANY));
    const box = store.mailbox(id);
    await box.updateFlags(
      NumberSet.fromRanges([
        [5, 7],
        [200, 201],
      ]),
      { mode: 'add', ...flagSet(Flag.deleted) },
    );
    const known = (await box.snapshot()).highestModSeq;
    const some = await box.expunge(NumberSet.range(6, 300), { onlyDeleted: true });
    assert.equal(some.uids.toString(), '6:7,200:201');
    assert.ok(some.modSeq > known);
    const rest = await box.expunge(NumberSet.range(10, 250), { onlyDeleted: false });
    const left = rowsOf(await box.snapshot()).map(({ uid }) => uid);
    assert.deepEqual(left, [1, 2, 3, 4, 5, 8, 9, ...Array.from({ length: MANY - 250 }, (_, i) => 251 + i)]);
    const vanished = await box.vanishedSince(known);
    assert.equal(vanished.complete, true);
    assert.equal(vanished.uids.toString(), '6:7,10:250');
    assert.equal((await box.vanishedSince(some.modSeq)).uids.toString(), '10:199,202:250');
    assert.equal((await box.vanishedSince(known, NumberSet.range(1, 20))).uids.toString(), '6:7,10:20');
    assert.ok((await box.vanishedSince(rest.modSeq)).uids.isEmpty);
    const [status] = await store.status([id]);
    assert.deepEqual([status?.messages, status?.deleted, status?.uidNext], [left.length, 1, MANY + 1]);
  });

  check('nothing to expunge changes nothing', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one']);
    const box = store.mailbox(id);
    const snapshot = await box.snapshot();
    const result = await box.expunge(NumberSet.range(1, 5), { onlyDeleted: true });
    assert.ok(result.uids.isEmpty);
    assert.equal(result.modSeq, snapshot.highestModSeq);
    assert.equal(await box.snapshot(), snapshot);
  });

  check('expunged messages can be listed, brought back, given up', async ({ store, now, advance }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one', 'two', 'three'], flagSet(Flag.flagged, 'k'));
    const box = store.mailbox(id);
    await box.expunge(NumberSet.of(1, 2), { onlyDeleted: false });
    const kept = await box.expunged();
    assert.deepEqual(
      kept.map(({ uid, expungedMs, flags }) => [uid, expungedMs, flags.system, flags.keywords]),
      [
        [1, now(), Flag.flagged, ['k']],
        [2, now(), Flag.flagged, ['k']],
      ],
    );
    const back = await box.unexpunge(NumberSet.of(2));
    assert.deepEqual([back.source, back.target], [[2], [4]]);
    assert.ok((await (await box.open(4)).read(0, 1e6)).equals(mailText('two')));
    assert.deepEqual(
      rowsOf(await box.snapshot()).map(({ uid, keywords }) => [uid, keywords]),
      [
        [3, ['k']],
        [4, ['k']],
      ],
    );
    await advance(DAY_MS);
    assert.deepEqual(await box.purge(now()), { messages: 1, bytes: mailText('one').length });
    assert.deepEqual(await box.expunged(), []);
    await failsWith('EXPUNGEISSUED', box.open(1));
  });

  check('what was expunged a moment ago can still be read', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one', 'two']);
    const box = store.mailbox(id);
    await box.expunge(NumberSet.of(1), { onlyDeleted: false });
    assert.deepEqual(await summaryUids(box.summaries(NumberSet.of(1))), [1]);
    assert.ok((await (await box.open(1)).read(0, 1e6)).equals(mailText('one')));
  });
}

function copyTests(check: Check): void {
  check('copies keep flags, keywords, date and content, and get new UIDs', async ({ store }) => {
    const from = await store.catalogue.create(personalMailbox(fred));
    for (const to of [
      await store.catalogue.create(personalMailbox(fred, ['Copies'])),
      ...(await Promise.all(
        ['a', 'b', 'c', 'd'].map((user) => store.catalogue.create(personalMailbox(user as UserId))),
      )),
    ]) {
      if ((await store.mailbox(from.id).snapshot()).count === 0) {
        await fill(store, from.id, ['one', 'two', 'three'], flagSet(Flag.answered, 'k1', 'k2'));
      }
      await fill(store, to.id, ['there'], flagSet(0, 'k2'));
      const copied = await store.mailbox(from.id).copyTo(NumberSet.of(1, 3, 77), to.id);
      assert.equal(copied.uidValidity, to.uidValidity);
      assert.deepEqual(
        [copied.source, copied.target],
        [
          [1, 3],
          [2, 3],
        ],
      );
      const rows = rowsOf(await store.mailbox(to.id).snapshot());
      assert.deepEqual(
        rows.slice(1).map(({ flags, keywords, date }) => [flags, keywords, date]),
        [
          [Flag.answered, ['k1', 'k2'], DATE_MS / 1000],
          [Flag.answered, ['k1', 'k2'], DATE_MS / 1000],
        ],
      );
      assert.ok((await (await store.mailbox(to.id).open(3)).read(0, 1e6)).equals(mailText('three')));
      assert.equal((await store.status([to.id]))[0]?.recent, 3);
    }
    assert.equal((await store.mailbox(from.id).snapshot()).count, 3);
  });

  check('a copy into the same mailbox, and flags that do not go along', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one'], flagSet(Flag.seen | Flag.deleted, 'k'));
    const box = store.mailbox(id);
    const copied = await box.copyTo(NumberSet.of(1), id, { keep: { system: Flag.seen, keywords: false } });
    assert.deepEqual(copied.target, [2]);
    assert.deepEqual(
      rowsOf(await box.snapshot()).map(({ flags, keywords }) => [flags, keywords]),
      [
        [Flag.seen | Flag.deleted, ['k']],
        [Flag.seen, []],
      ],
    );
  });

  check('a move leaves the source, near and far (RFC 6851)', async ({ store }) => {
    const from = await store.catalogue.create(personalMailbox(fred));
    await fill(store, from.id, numbered(6));
    const box = store.mailbox(from.id);
    for (const [index, user] of ['fred', 'a', 'b', 'c'].entries()) {
      const to = await store.catalogue.create(personalMailbox(user as UserId, ['Moved']));
      const known = (await box.snapshot()).highestModSeq;
      const moved = await box.moveTo(NumberSet.of(index + 1), to.id);
      assert.deepEqual([moved.source, moved.target], [[index + 1], [1]]);
      assert.ok(moved.expungeModSeq > known);
      assert.equal((await box.snapshot()).highestModSeq, moved.expungeModSeq);
      assert.equal((await box.vanishedSince(known)).uids.toString(), String(index + 1));
      assert.ok(
        (await (await store.mailbox(to.id).open(1)).read(0, 1e6)).equals(mailText(`message ${index + 1}`)),
      );
    }
    assert.deepEqual(
      rowsOf(await box.snapshot()).map(({ uid }) => uid),
      [5, 6],
    );
  });

  check('nowhere to copy to, nothing to copy', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one']);
    await failsWith('NONEXISTENT', store.mailbox(id).copyTo(NumberSet.of(1), 'gone' as MailboxId));
    const { source, target } = await store.mailbox(id).copyTo(NumberSet.of(9), id);
    assert.deepEqual([source, target], [[], []]);
  });
}

function viewerTests(check: Check): void {
  const seen = { mode: 'add', system: Flag.seen, keywords: [] } as const;
  const flagsOf = async (store: MailStore, id: MailboxId, viewer?: UserId) =>
    rowsOf(await store.mailbox(id, viewer).snapshot()).map(({ flags }) => flags);

  check('\\Seen is each viewer’s own, the other flags are everybody’s', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one', 'two', 'three']);
    await store.mailbox(id, fred).updateFlags(NumberSet.of(1), seen);
    const mine = await store.mailbox(id, joe).updateFlags(NumberSet.of(2), {
      ...seen,
      system: Flag.seen | Flag.flagged,
    });
    assert.equal(mine.changed.toString(), '2');
    assert.deepEqual(await flagsOf(store, id, fred), [Flag.seen, Flag.flagged, 0]);
    assert.deepEqual(await flagsOf(store, id, joe), [0, Flag.seen | Flag.flagged, 0]);
    assert.equal((await store.status([id], joe))[0]?.unseen, 2);
    assert.equal((await store.status([id], fred))[0]?.unseen, 2);
    assert.equal((await store.status([id], 'ann' as UserId))[0]?.unseen, 3);
  });

  check('modseqs hold for a viewer: what he changed is newer for him', async ({ store }) => {
    const { id } = await store.catalogue.create(sharedMailbox(['news']));
    await fill(store, id, numbered(MANY));
    const box = store.mailbox(id, joe);
    const before = await box.snapshot();
    const other = await store.mailbox(id, fred).snapshot();
    const { modSeq, changed } = await box.updateFlags(NumberSet.of(3, 250), seen);
    assert.equal(changed.toString(), '3,250');
    assert.ok(modSeq > before.highestModSeq);
    const rows = rowsOf(await box.snapshot());
    assert.deepEqual(
      rows.filter((row) => row.modSeq > before.highestModSeq).map(({ uid }) => uid),
      [3, 250],
    );
    const late = await box.updateFlags(
      NumberSet.range(1, 3),
      { ...seen, mode: 'remove' },
      { unchangedSince: before.highestModSeq },
    );
    assert.equal(late.modified.toString(), '3');
    const forFred = rowsOf(await store.mailbox(id, fred).snapshot());
    assert.ok(forFred.every((row) => row.modSeq <= other.highestModSeq && row.flags === 0));
  });

  check('with sharedSeen one \\Seen is for all', async ({ store }) => {
    const { id } = await store.catalogue.create(sharedMailbox(['news']));
    await store.catalogue.change(id, { sharedSeen: true });
    await fill(store, id, ['one']);
    await store.mailbox(id, joe).updateFlags(NumberSet.of(1), seen);
    assert.deepEqual(await flagsOf(store, id, fred), [Flag.seen]);
  });

  check('append and copy set the \\Seen of the viewer', async ({ store }) => {
    const news = await store.catalogue.create(sharedMailbox(['news']));
    const inbox = await store.catalogue.create(personalMailbox(joe));
    await fill(store, news.id, ['one'], flagSet(Flag.seen), joe);
    assert.deepEqual(await flagsOf(store, news.id, joe), [Flag.seen]);
    assert.deepEqual(await flagsOf(store, news.id, fred), [0]);
    await store.mailbox(news.id, joe).copyTo(NumberSet.of(1), inbox.id, { viewer: joe });
    assert.deepEqual(await flagsOf(store, inbox.id, joe), [Flag.seen]);
    await store.mailbox(inbox.id, joe).copyTo(NumberSet.of(1), news.id, { viewer: joe });
    assert.deepEqual(await flagsOf(store, news.id, joe), [Flag.seen, Flag.seen]);
    assert.deepEqual(await flagsOf(store, news.id, fred), [0, 0]);
  });
}

function readingTests(check: Check): void {
  check('summaries come ascending, with the dates of this filing', async ({ store, now }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, numbered(MANY));
    await store.mailbox(id).expunge(NumberSet.of(4), { onlyDeleted: false });
    await store.mailbox(id).purge(now() + 1);
    const uids = await summaryUids(
      store.mailbox(id).summaries(
        NumberSet.fromRanges([
          [2, 5],
          [200, 4_294_967_295],
        ]),
      ),
    );
    assert.deepEqual(uids, [2, 3, 5, ...Array.from({ length: MANY - 199 }, (_, i) => 200 + i)]);
    for await (const { records } of store.mailbox(id).summaries(NumberSet.of(7))) {
      const view = new SummaryView(records[0]!);
      assert.equal(view.baseSubject(), 'MESSAGE 7');
      assert.deepEqual([view.internalDateMs, view.saveDateMs], [DATE_MS, now()]);
    }
  });

  check('contents come in the order asked, missing ones say so', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one', 'two', 'three']);
    const end = Number.POSITIVE_INFINITY;
    const pieces = await piecesOf(
      store.mailbox(id).contents([
        { uid: 3, from: 0, to: end },
        { uid: 9, from: 0, to: end },
        { uid: 1, from: 5, to: 25 },
        { uid: 1, from: 1e6, to: end },
      ]),
    );
    assert.deepEqual(
      pieces.map(({ index, isLast, isMissing }) => [index, isLast, isMissing]),
      [
        [0, true, false],
        [1, true, true],
        [2, true, false],
        [3, true, false],
      ],
    );
    assert.ok(pieces[0]?.bytes.equals(mailText('three')));
    assert.ok(pieces[2]?.bytes.equals(mailText('one').subarray(5, 25)));
    assert.equal(pieces[3]?.bytes.length, 0);
  });

  check('an opened message has its size, hash and octets', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one']);
    const message = await store.mailbox(id).open(1);
    const bytes = mailText('one');
    assert.equal(message.size, bytes.length);
    assert.deepEqual(message.guid, createHash('sha256').update(bytes).digest());
    assert.deepEqual(await message.read(3, 9), bytes.subarray(3, 9));
    await failsWith('EXPUNGEISSUED', store.mailbox(id).open(2));
  });
}

function quotaTests(check: Check): void {
  const root = 'root';
  const size = mailText('message 1').length;

  check('use follows messages in, out, along and away', async ({ store }) => {
    const { catalogue } = store;
    const one = await catalogue.create(personalMailbox(fred), { quotaRoot: root });
    const two = await catalogue.create(personalMailbox(fred, ['b']), { quotaRoot: root });
    const out = await catalogue.create(personalMailbox(joe));
    await fill(store, one.id, numbered(4));
    assert.deepEqual(await store.usage(root), { bytes: 4 * size, messages: 4, mailboxes: 2 });
    await store.mailbox(one.id).moveTo(NumberSet.of(1), two.id);
    assert.equal((await store.usage(root)).messages, 4);
    await store.mailbox(one.id).copyTo(NumberSet.of(2), out.id);
    await store.mailbox(one.id).moveTo(NumberSet.of(2), out.id);
    assert.equal((await store.usage(root)).messages, 3);
    await store.mailbox(one.id).expunge(NumberSet.of(3), { onlyDeleted: false });
    assert.deepEqual(await store.usage(root), { bytes: 2 * size, messages: 2, mailboxes: 2 });
    await catalogue.delete(personalMailbox(fred, ['b']));
    assert.deepEqual(await store.usage(root), { bytes: size, messages: 1, mailboxes: 1 });
    await catalogue.change(one.id, { quotaRoot: undefined });
    assert.deepEqual(await store.usage(root), { bytes: 0, messages: 0, mailboxes: 0 });
    await catalogue.change(out.id, { quotaRoot: root });
    assert.deepEqual(await store.usage(root), { bytes: 2 * size, messages: 2, mailboxes: 1 });
  });

  check('limits are kept, also by a crowd', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred), { quotaRoot: root });
    await using message = await stage(store, mailText('message 1'));
    const append = async (limit: { bytes?: number; messages?: number }) =>
      (
        await store.append([
          {
            mailbox: id,
            items: [{ message, flags: flagSet(), internalDateMs: DATE_MS }],
            limits: [{ quotaRoot: root, ...limit }],
          },
        ])
      )[0]!;
    assert.ok((await append({ bytes: size })).ok);
    const over = await append({ bytes: 2 * size - 1 });
    assert.ok(!over.ok && isMailError(over.error) && over.error.code === 'OVERQUOTA');
    const crowd = await Promise.all(Array.from({ length: 10 }, () => append({ messages: 5 })));
    assert.equal(crowd.filter(({ ok }) => ok).length, 4);
    assert.equal((await store.usage(root)).messages, 5);
    await failsWith(
      'OVERQUOTA',
      store.mailbox(id).copyTo(NumberSet.of(1), id, { limits: [{ quotaRoot: root, messages: 5 }] }),
    );
  });

  check('a move within the root needs no room', async ({ store }) => {
    const one = await store.catalogue.create(personalMailbox(fred), { quotaRoot: root });
    const two = await store.catalogue.create(personalMailbox(fred, ['b']), { quotaRoot: root });
    await fill(store, one.id, numbered(3));
    await store
      .mailbox(one.id)
      .moveTo(NumberSet.of(1, 2), two.id, { limits: [{ quotaRoot: root, messages: 3 }] });
    assert.deepEqual(await store.usage(root), { bytes: 3 * size, messages: 3, mailboxes: 2 });
  });
}

function recordTests(check: Check): void {
  const text = (value: Uint8Array | undefined) =>
    value === undefined ? undefined : Buffer.from(value).toString();

  check('records are kept per space and owner, listed in order', async ({ records }) => {
    const space = records.space('test/a');
    for (const key of ['b', 'a', 'ab', 'c']) await space.write(fred, [{ key, value: Buffer.from(key) }]);
    await records.space('test/b').write(fred, [{ key: 'other', value: Buffer.from('x') }]);
    await space.write(undefined, [{ key: 'server', value: Buffer.from('s') }]);
    const keys = async (query = {}) => (await space.list(fred, query)).map(({ key }) => key);
    assert.deepEqual(await keys(), ['a', 'ab', 'b', 'c']);
    assert.deepEqual(await keys({ prefix: 'a' }), ['a', 'ab']);
    assert.deepEqual(await keys({ after: 'ab', limit: 1 }), ['b']);
    assert.deepEqual(await keys({ prefix: 'a', after: 'a' }), ['ab']);
    assert.equal(text(await space.get(fred, 'ab')), 'ab');
    assert.equal(await space.get(joe, 'ab'), undefined);
    assert.equal(text(await space.get(undefined, 'server')), 's');
  });

  check('a write is all or nothing, with expectations', async ({ records }) => {
    const space = records.space('test');
    assert.equal(await space.write(fred, [{ key: 'a', value: Buffer.from('1'), expect: 'absent' }]), true);
    const failed = await space.write(fred, [
      { key: 'b', value: Buffer.from('new') },
      { key: 'a', value: Buffer.from('2'), expect: 'absent' },
    ]);
    assert.equal(failed, false);
    assert.equal(await space.get(fred, 'b'), undefined);
    assert.equal(await space.write(fred, [{ key: 'a', value: undefined, expect: Buffer.from('1') }]), true);
    assert.equal(await space.get(fred, 'a'), undefined);
    const winners = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        space.write(fred, [{ key: 'lock', value: Buffer.from([i]), expect: 'absent' }]),
      ),
    );
    assert.equal(winners.filter(Boolean).length, 1);
  });

  check('expired records count as absent, and prune takes them out', async ({ records, now, advance }) => {
    const space = records.space('test');
    const value = Buffer.from('x');
    await space.write(fred, [{ key: 'a', value, expiresMs: now() + 1000 }]);
    await space.write(undefined, [{ key: 'b', value, expiresMs: now() + 1000 }]);
    await space.write(fred, [{ key: 'c', value, expiresMs: now() + 5000 }]);
    assert.equal((await space.list(fred))[0]?.expiresMs, now() + 1000);
    await advance(1000);
    assert.equal(await space.get(fred, 'a'), undefined);
    assert.deepEqual(
      (await space.list(fred)).map(({ key }) => key),
      ['c'],
    );
    assert.equal(await space.write(fred, [{ key: 'a', value, expect: 'absent' }]), true);
    assert.equal(await space.prune(now()), 1);
  });
}

function feedTests(check: Check): void {
  check('changes are told to who watches', async ({ store, feed }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    const other = await store.catalogue.create(personalMailbox(joe));
    const told: MailboxChanged[] = [];
    const all: MailboxChanged[] = [];
    const watch = feed.watch(id, (change) => told.push(change));
    feed.watchAll((change) => all.push(change));
    await fill(store, id, ['one']);
    const { modSeq } = await store
      .mailbox(id)
      .updateFlags(NumberSet.of(1), { mode: 'add', ...flagSet(Flag.seen) });
    await store.mailbox(id).expunge(NumberSet.of(1), { onlyDeleted: false });
    await fill(store, other.id, ['two']);
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['appended', 'flags', 'expunged'],
    );
    assert.deepEqual(told[1], { mailbox: id, kind: 'flags', modSeq });
    watch[Symbol.dispose]();
    await store.catalogue.change(id, { acl: { anyone: 'l' } });
    await store.catalogue.delete(personalMailbox(fred));
    assert.equal(told.length, 3);
    const kinds = all.map(({ mailbox, kind }) => (mailbox === id ? kind : `other ${kind}`));
    assert.deepEqual(kinds, ['appended', 'flags', 'expunged', 'other appended', 'catalogue', 'deleted']);
  });
}
