/** Random sequences of operations against a model in memory: snapshots of all viewers, modseqs, vanished UIDs, counters. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Flag,
  type FlagChange,
  type MailboxId,
  type MailStore,
  NumberSet,
  personalMailbox,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import { fill, flagSet, rowsOf } from '@angarium/testing/contracts';
import fc from 'fast-check';
import { openTestEngine } from './engine.test.support.js';

const fred = 'fred' as UserId;
const joe = 'joe' as UserId;
const viewers = [undefined, fred, joe] as const;
type Viewer = (typeof viewers)[number];

interface ModelMessage {
  uid: number;
  flags: number;
  keywords: Set<string>;
  modSeq: number;
  /** Own \Seen of viewers that are not everybody. */
  readonly seen: Map<string, { isSeen: boolean; modSeq: number }>;
}

class ModelMailbox {
  messages: ModelMessage[] = [];
  readonly vanished: { uid: number; modSeq: number }[] = [];
  uidNext = 1;
  modSeq = 1;

  constructor(
    readonly id: MailboxId,
    private readonly owner: UserId | undefined,
  ) {}

  /** The viewer whose own \Seen counts. */
  own(viewer: Viewer): string | undefined {
    return viewer === undefined || viewer === this.owner ? undefined : viewer;
  }

  flagsFor(message: ModelMessage, viewer: Viewer): number {
    const own = this.own(viewer);
    if (own === undefined) return message.flags;
    return (message.flags & ~Flag.seen) | (message.seen.get(own)?.isSeen === true ? Flag.seen : 0);
  }

  modSeqFor(message: ModelMessage, viewer: Viewer): number {
    const own = this.own(viewer);
    return Math.max(message.modSeq, own === undefined ? 0 : (message.seen.get(own)?.modSeq ?? 0));
  }

  add(count: number, flags: number, keywords: Iterable<string>, viewer: Viewer, modSeq: number): void {
    const own = this.own(viewer);
    for (let i = 0; i < count; i++) {
      const message: ModelMessage = {
        uid: this.uidNext++,
        flags: own === undefined ? flags : flags & ~Flag.seen,
        keywords: new Set(keywords),
        modSeq,
        seen: new Map(),
      };
      if (own !== undefined && (flags & Flag.seen) !== 0) message.seen.set(own, { isSeen: true, modSeq });
      this.messages.push(message);
    }
    this.modSeq = modSeq;
  }

  change(
    message: ModelMessage,
    { mode, system, keywords }: FlagChange,
    viewer: Viewer,
    modSeq: number,
  ): boolean {
    const before = this.flagsFor(message, viewer);
    const after = mode === 'add' ? before | system : mode === 'remove' ? before & ~system : system;
    const old = [...message.keywords].sort().join();
    if (mode === 'replace') message.keywords = new Set(keywords);
    else for (const name of keywords) message.keywords[mode === 'add' ? 'add' : 'delete'](name);
    const own = this.own(viewer);
    let isChanged = [...message.keywords].sort().join() !== old;
    const shared = own === undefined ? ~0 : ~Flag.seen;
    if (((before ^ after) & shared) !== 0) {
      message.flags = (message.flags & ~shared) | (after & shared);
      isChanged = true;
    }
    if (isChanged) message.modSeq = modSeq;
    if (own !== undefined && ((before ^ after) & Flag.seen) !== 0) {
      message.seen.set(own, { isSeen: (after & Flag.seen) !== 0, modSeq });
      return true;
    }
    return isChanged;
  }

  remove(uids: NumberSet, modSeq: number): void {
    for (const { uid } of this.messages) if (uids.has(uid)) this.vanished.push({ uid, modSeq });
    this.messages = this.messages.filter(({ uid }) => !uids.has(uid));
    this.modSeq = modSeq;
  }
}

interface World {
  readonly store: MailStore;
  readonly boxes: readonly [ModelMailbox, ModelMailbox];
}

type Step = (world: World) => Promise<void>;

async function compare({ store, boxes }: World): Promise<void> {
  for (const box of boxes) {
    for (const viewer of viewers) {
      const snapshot = await store.mailbox(box.id, viewer).snapshot();
      assert.equal(snapshot.head.uidNext, box.uidNext);
      assert.equal(snapshot.highestModSeq, box.modSeq);
      assert.deepEqual(
        rowsOf(snapshot).map(({ uid, flags, keywords, modSeq }) => [uid, flags, keywords, modSeq]),
        box.messages.map((message) => [
          message.uid,
          box.flagsFor(message, viewer),
          [...message.keywords].sort(),
          box.modSeqFor(message, viewer),
        ]),
      );
      const [status] = await store.status([box.id], viewer);
      const unseen = box.messages.filter(
        (message) => (box.flagsFor(message, viewer) & Flag.seen) === 0,
      ).length;
      const deleted = box.messages.filter(({ flags }) => (flags & Flag.deleted) !== 0).length;
      assert.deepEqual(
        [status?.messages, status?.unseen, status?.deleted],
        [box.messages.length, unseen, deleted],
      );
    }
    for (const since of [0, Math.floor(box.modSeq / 2), box.modSeq]) {
      const { uids, complete } = await store.mailbox(box.id).vanishedSince(since);
      const wanted = box.vanished.filter(({ modSeq }) => modSeq > since).map(({ uid }) => uid);
      assert.equal(complete, true);
      assert.equal(uids.toString(), NumberSet.of(...wanted).toString());
    }
  }
}

const box = fc.integer({ min: 0, max: 1 });
const viewer = fc.constantFrom(...viewers);
const system = fc.integer({ min: 0, max: 31 });
const keywords = fc.uniqueArray(fc.constantFrom('a', 'b', '$Junk', 'd'), { maxLength: 2 });
const uids = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 150 })), {
    minLength: 1,
    maxLength: 3,
  })
  .map((ranges) =>
    NumberSet.fromRanges(ranges.map(([from, length]): [number, number] => [from, from + length])),
  );

const append: fc.Arbitrary<Step> = fc
  .tuple(box, fc.integer({ min: 1, max: 120 }), system, keywords, viewer)
  .map(([index, count, flags, names, who]) => async ({ store, boxes }) => {
    const model = boxes[index as 0 | 1];
    const subjects = new Array<string>(count).fill('the same');
    const filed = await fill(store, model.id, subjects, flagSet(flags, ...names), who);
    assert.equal(filed[0], model.uidNext);
    model.add(count, flags, names, who, model.modSeq + 1);
  });

const store_: fc.Arbitrary<Step> = fc
  .record({
    index: box,
    set: uids,
    mode: fc.constantFrom('add', 'remove', 'replace'),
    flags: system,
    names: keywords,
    who: viewer,
    back: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  })
  .map(({ index, set, mode, flags, names, who, back }) => async ({ store, boxes }) => {
    const model = boxes[index as 0 | 1];
    const change: FlagChange = { mode, system: flags, keywords: names };
    const unchangedSince = back === undefined ? undefined : model.modSeq - back;
    const modSeq = model.modSeq + 1;
    const changed: number[] = [];
    const modified: number[] = [];
    for (const message of model.messages) {
      if (!set.has(message.uid)) continue;
      if (unchangedSince !== undefined && model.modSeqFor(message, who) > unchangedSince)
        modified.push(message.uid);
      else if (model.change(message, change, who, modSeq)) changed.push(message.uid);
    }
    if (changed.length > 0) model.modSeq = modSeq;
    const options = unchangedSince === undefined ? {} : { unchangedSince };
    const result = await store.mailbox(model.id, who).updateFlags(set, change, options);
    assert.equal(result.changed.toString(), NumberSet.of(...changed).toString());
    assert.equal(result.modified.toString(), NumberSet.of(...modified).toString());
    assert.equal(result.modSeq, model.modSeq);
  });

const expunge: fc.Arbitrary<Step> = fc
  .tuple(box, uids, fc.boolean())
  .map(([index, set, onlyDeleted]) => async ({ store, boxes }) => {
    const model = boxes[index as 0 | 1];
    const gone = model.messages.filter(
      ({ uid, flags }) => set.has(uid) && (!onlyDeleted || (flags & Flag.deleted) !== 0),
    );
    const wanted = NumberSet.of(...gone.map(({ uid }) => uid));
    const result = await store.mailbox(model.id).expunge(set, { onlyDeleted });
    assert.equal(result.uids.toString(), wanted.toString());
    if (!wanted.isEmpty) model.remove(wanted, model.modSeq + 1);
    assert.equal(result.modSeq, model.modSeq);
  });

const transfer: fc.Arbitrary<Step> = fc
  .tuple(box, box, uids, fc.boolean(), viewer)
  .map(([from, to, set, isMove, who]) => async ({ store, boxes }) => {
    const source = boxes[from as 0 | 1];
    const target = boxes[to as 0 | 1];
    const going = source.messages.filter(({ uid }) => set.has(uid));
    const options = who === undefined ? {} : { viewer: who };
    const box_ = store.mailbox(source.id, who);
    const result = await (isMove
      ? box_.moveTo(set, target.id, options)
      : box_.copyTo(set, target.id, options));
    assert.deepEqual(
      result.source,
      going.map(({ uid }) => uid),
    );
    if (going.length === 0) return;
    const modSeq = target.modSeq + 1;
    const copies = going.map((message) => ({
      flags: source.flagsFor(message, who),
      keywords: message.keywords,
    }));
    for (const { flags, keywords: names } of copies) target.add(1, flags, names, who, modSeq);
    if (isMove) source.remove(NumberSet.of(...result.source), source.modSeq + 1);
  });

const steps = fc.array(fc.oneof(append, store_, store_, expunge, transfer), { minLength: 4, maxLength: 14 });

test('random operations give what the model gives, for all viewers', async () => {
  const { engine, close } = await openTestEngine({ config: { shards: 2, snapshotCache: '16KB' } });
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        run++;
        // Personal, in either shard, and shared: \Seen is everybody's in neither.
        const personal = await engine.catalogue.create(personalMailbox(fred, [`box ${run}`]));
        const shared = await engine.catalogue.create(sharedMailbox([`box ${run}`]));
        const boxes = [new ModelMailbox(personal.id, fred), new ModelMailbox(shared.id, undefined)] as const;
        for (const step of sequence) {
          await step({ store: engine, boxes });
          await compare({ store: engine, boxes });
        }
      }),
      { numRuns: Number(process.env['ANGARIUM_RUNS'] ?? 40) },
    );
    for (let shard = 0; shard < engine.shards.length; shard++) {
      const blobs = await engine.writer.run('repairBlobs', { shard, isDry: true });
      assert.deepEqual(blobs, { wrongRefs: 0, orphans: 0, missing: 0 });
    }
    for (const { ref } of engine.catalogue.listed({})) {
      const { faults } = await engine.writer.run('reconstruct', { ref, isFull: false, isDry: true });
      assert.deepEqual(faults, []);
    }
  } finally {
    await close();
  }
});
