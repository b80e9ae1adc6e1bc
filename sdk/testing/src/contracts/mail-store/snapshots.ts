/** What a session sees of a mailbox: the snapshot and \Recent. */
import assert from 'node:assert/strict';
import { Flag, NumberSet, personalMailbox } from '@angarium/sdk';
import { addFlags, fill, fred, MANY, numbered, removeFlags, rowsOf } from './fixtures.js';
import type { Check } from './under-test.js';

export function snapshotTests(check: Check): void {
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

  check('the snapshot is the same object until something changes', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one']);
    const box = store.mailbox(id);
    const first = await box.snapshot();
    assert.equal(await store.mailbox(id, fred).snapshot(), first);
    await box.updateFlags(NumberSet.of(1), removeFlags(Flag.seen));
    assert.equal(await box.snapshot(), first, 'no change, no new snapshot');
    await box.updateFlags(NumberSet.of(1), addFlags(Flag.seen));
    assert.notEqual(await box.snapshot(), first);
    assert.equal(rowsOf(first)[0]?.flags, 0, 'the old one did not change');
  });
}
