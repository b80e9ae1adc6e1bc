/** Changing flags and keywords. */
import assert from 'node:assert/strict';
import { Flag, NumberSet, personalMailbox } from '@angarium/sdk';
import {
  addFlags,
  fill,
  flagSet,
  fred,
  MANY,
  numbered,
  removeFlags,
  replaceFlags,
  rowsOf,
} from './fixtures.js';
import type { Check } from './under-test.js';

export function flagTests(check: Check): void {
  check('add, remove, replace; answers what changed', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, numbered(MANY));
    const box = store.mailbox(id);
    const before = (await box.snapshot()).highestModSeq;
    const added = await box.updateFlags(NumberSet.range(100, 4_294_967_295), addFlags(Flag.seen, 'Junk'));
    assert.equal(added.changed.toString(), `100:${MANY}`);
    assert.ok(added.modSeq > before);
    const again = await box.updateFlags(NumberSet.of(99, 100), addFlags(Flag.seen, 'JUNK'));
    assert.equal(again.changed.toString(), '99');
    await box.updateFlags(NumberSet.of(100), replaceFlags(Flag.flagged, 'other'));
    await box.updateFlags(NumberSet.of(101), removeFlags(Flag.seen, 'nobody-has-this'));
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
      ...replaceFlags(Flag.flagged | Flag.deleted, 'new'),
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
    await box.updateFlags(NumberSet.of(2), addFlags(Flag.flagged));
    const result = await box.updateFlags(NumberSet.range(1, 3), addFlags(Flag.seen), {
      unchangedSince: known,
    });
    assert.equal(result.changed.toString(), '1,3');
    assert.equal(result.modified.toString(), '2');
    assert.deepEqual(
      rowsOf(await box.snapshot()).map(({ flags }) => flags),
      [1, Flag.flagged, 1],
    );
  });

  check('UIDs that do not exist are passed over', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    const result = await store.mailbox(id).updateFlags(NumberSet.range(1, 9), addFlags(Flag.seen));
    assert.ok(result.changed.isEmpty && result.modified.isEmpty);
  });
}
