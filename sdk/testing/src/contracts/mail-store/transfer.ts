/** Copies and moves (RFC 6851). */
import assert from 'node:assert/strict';
import type { MailboxId, UserId } from '@angarium/sdk';
import { Flag, NumberSet, personalMailbox } from '@angarium/sdk';
import { DATE_MS, failsWith, fill, flagSet, fred, mailText, numbered, rowsOf } from './fixtures.js';
import type { Check } from './under-test.js';

export function transferTests(check: Check): void {
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
