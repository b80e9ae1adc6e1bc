/** The 128 keywords of a mailbox. */
import assert from 'node:assert/strict';
import { Flag, NumberSet, personalMailbox } from '@angarium/sdk';
import { addFlags, failsWith, fill, flagSet, fred, removeFlags, replaceFlags, rowsOf } from './fixtures.js';
import type { Check } from './under-test.js';

export function keywordTests(check: Check): void {
  check('128 keywords at once; a name that no message has gives its place up', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one', 'two']);
    const box = store.mailbox(id);
    const all = Array.from({ length: 128 }, (_, i) => `k${i}`);
    await box.updateFlags(NumberSet.of(1), addFlags(0, ...all));
    await failsWith('LIMIT', box.updateFlags(NumberSet.of(2), addFlags(0, 'one-more')));
    await box.updateFlags(NumberSet.of(1), removeFlags(0, 'k64'));
    await box.updateFlags(NumberSet.of(2), addFlags(0, 'one-more'));
    const rows = rowsOf(await box.snapshot());
    assert.equal(rows[0]?.keywords.length, 127);
    assert.deepEqual(rows[1]?.keywords, ['one-more']);
  });

  check('too many keywords change nothing', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one'], flagSet(Flag.flagged, 'old'));
    const box = store.mailbox(id);
    const before = await box.snapshot();
    const many = Array.from({ length: 129 }, (_, i) => `k${i}`);
    await failsWith('LIMIT', box.updateFlags(NumberSet.of(1), replaceFlags(Flag.seen, ...many)));
    assert.equal(await box.snapshot(), before);
    const others = Array.from({ length: 127 }, (_, i) => `other${i}`);
    await box.updateFlags(NumberSet.of(1), addFlags(0, ...others));
    assert.deepEqual(rowsOf(await box.snapshot())[0]?.keywords, ['old', ...others].sort());
  });

  check('expunged messages keep their keywords for the time they are kept', async ({ store, now }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    const all = Array.from({ length: 128 }, (_, i) => `k${i}`);
    await fill(store, id, ['one'], flagSet(0, ...all));
    await fill(store, id, ['two']);
    const box = store.mailbox(id);
    await box.expunge(NumberSet.of(1), { onlyDeleted: false });
    await failsWith('LIMIT', box.updateFlags(NumberSet.of(2), addFlags(0, 'new')));
    await box.unexpunge(NumberSet.of(1));
    assert.deepEqual(rowsOf(await box.snapshot())[1]?.keywords, all.sort());
    await box.expunge(NumberSet.of(3), { onlyDeleted: false });
    await box.purge(now() + 1);
    await box.updateFlags(NumberSet.of(2), addFlags(0, 'new'));
    assert.deepEqual(rowsOf(await box.snapshot())[0]?.keywords, ['new']);
  });
}
