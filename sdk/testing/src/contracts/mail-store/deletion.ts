/** Deleting mailboxes and bringing them back. */
import assert from 'node:assert/strict';
import { Flag, NumberSet, personalMailbox } from '@angarium/sdk';
import { addFlags, failsWith, fill, flagSet, fred, numbered, rowsOf } from './fixtures.js';
import type { Check } from './under-test.js';

export function deletionTests(check: Check): void {
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
    await failsWith('NONEXISTENT', box.updateFlags(NumberSet.of(1), addFlags(Flag.seen)));
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
}
