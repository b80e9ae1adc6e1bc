/** The 128 keywords of a mailbox. */
import assert from 'node:assert/strict';
import { NumberSet, personalMailbox } from '@angarium/sdk';
import { addFlags, failsWith, fill, fred, removeFlags, rowsOf } from './fixtures.js';
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
}
