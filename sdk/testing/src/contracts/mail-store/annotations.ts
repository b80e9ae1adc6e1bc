/** Message annotations (RFC 5257). */
import assert from 'node:assert/strict';
import { NumberSet, personalMailbox } from '@angarium/sdk';
import { fill, fred, joe } from './fixtures.js';
import type { Check } from './under-test.js';

export function annotationTests(check: Check): void {
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
