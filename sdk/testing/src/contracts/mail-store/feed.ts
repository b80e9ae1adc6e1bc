/** CHANGE_FEED: who watches is told. */
import assert from 'node:assert/strict';
import type { MailboxChanged } from '@angarium/sdk';
import { Flag, NumberSet, personalMailbox } from '@angarium/sdk';
import { addFlags, fill, fred, joe } from './fixtures.js';
import type { Check } from './under-test.js';

export function feedTests(check: Check): void {
  check('changes are told to who watches', async ({ store, feed }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    const other = await store.catalogue.create(personalMailbox(joe));
    const told: MailboxChanged[] = [];
    const all: MailboxChanged[] = [];
    const watch = feed.watch(id, (change) => told.push(change));
    feed.watchAll((change) => all.push(change));
    await fill(store, id, ['one']);
    const { modSeq } = await store.mailbox(id).updateFlags(NumberSet.of(1), addFlags(Flag.seen));
    await store.mailbox(id).expunge(NumberSet.of(1), { onlyDeleted: false });
    await fill(store, other.id, ['two']);
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['appended', 'flags', 'expunged'],
    );
    assert.deepEqual(told[1], { mailbox: id, kind: 'flags', modSeq });
    watch[Symbol.dispose]();
    await store.catalogue.change(id, { acl: { anyone: 'l' } });
    await store.catalogue.delete(personalMailbox(fred));
    assert.equal(told.length, 3);
    const kinds = all.map(({ mailbox, kind }) => (mailbox === id ? kind : `other ${kind}`));
    assert.deepEqual(kinds, ['appended', 'flags', 'expunged', 'other appended', 'catalogue', 'deleted']);
  });

  check(
    'a move is told to both ends, a message that comes back as one that has come',
    async ({ store, feed }) => {
      const from = await store.catalogue.create(personalMailbox(fred));
      const to = await store.catalogue.create(personalMailbox(joe));
      await fill(store, from.id, ['one']);
      const told: string[] = [];
      feed.watchAll(({ mailbox, kind }) => told.push(`${mailbox === to.id ? 'to' : 'from'} ${kind}`));
      await store.mailbox(from.id).moveTo(NumberSet.of(1), to.id);
      assert.deepEqual(told.splice(0).sort(), ['from expunged', 'to appended']);
      await store.mailbox(from.id).unexpunge(NumberSet.of(1));
      assert.deepEqual(told, ['from appended']);
    },
  );
}
