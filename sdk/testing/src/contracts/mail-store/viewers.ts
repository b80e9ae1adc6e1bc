/** Each viewer’s own \Seen. */
import assert from 'node:assert/strict';
import type { MailboxId, MailStore, UserId } from '@angarium/sdk';
import { Flag, NumberSet, personalMailbox, sharedMailbox } from '@angarium/sdk';
import { fill, flagSet, fred, joe, MANY, numbered, rowsOf } from './fixtures.js';
import type { Check } from './under-test.js';

export function viewerTests(check: Check): void {
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

  check('who copies takes his own \\Seen along, not the owner’s', async ({ store }) => {
    const from = await store.catalogue.create(personalMailbox(fred));
    const to = await store.catalogue.create(personalMailbox(joe));
    await fill(store, from.id, ['one', 'two']);
    await store.mailbox(from.id, fred).updateFlags(NumberSet.of(1), seen);
    await store.mailbox(from.id, joe).updateFlags(NumberSet.of(2), seen);
    await store.mailbox(from.id, joe).copyTo(NumberSet.range(1, 2), to.id, { viewer: joe });
    assert.deepEqual(await flagsOf(store, to.id, joe), [0, Flag.seen]);
  });
}
