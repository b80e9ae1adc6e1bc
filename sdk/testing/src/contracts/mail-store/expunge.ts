/** Messages that leave, and come back. */
import assert from 'node:assert/strict';
import { Flag, NumberSet, personalMailbox } from '@angarium/sdk';
import {
  addFlags,
  DAY_MS,
  failsWith,
  fill,
  flagSet,
  fred,
  MANY,
  mailText,
  numbered,
  rowsOf,
  summaryUids,
} from './fixtures.js';
import type { Check } from './under-test.js';

export function expungeTests(check: Check): void {
  check('expunge takes what has \\Deleted, or all that is asked for', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, numbered(MANY));
    const box = store.mailbox(id);
    await box.updateFlags(
      NumberSet.fromRanges([
        [5, 7],
        [200, 201],
      ]),
      addFlags(Flag.deleted),
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
