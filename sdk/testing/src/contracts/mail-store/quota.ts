/** Use and limits of quota roots. */
import assert from 'node:assert/strict';
import { isMailError, NumberSet, personalMailbox } from '@angarium/sdk';
import { DATE_MS, failsWith, fill, flagSet, fred, joe, mailText, numbered, stage } from './fixtures.js';
import type { Check } from './under-test.js';

export function quotaTests(check: Check): void {
  const root = 'root';
  const size = mailText('message 1').length;

  check('use follows messages in, out, along and away', async ({ store }) => {
    const { catalogue } = store;
    const one = await catalogue.create(personalMailbox(fred), { quotaRoot: root });
    const two = await catalogue.create(personalMailbox(fred, ['b']), { quotaRoot: root });
    const out = await catalogue.create(personalMailbox(joe));
    await fill(store, one.id, numbered(4));
    assert.deepEqual(await store.usage(root), { bytes: 4 * size, messages: 4, mailboxes: 2 });
    await store.mailbox(one.id).moveTo(NumberSet.of(1), two.id);
    assert.equal((await store.usage(root)).messages, 4);
    await store.mailbox(one.id).copyTo(NumberSet.of(2), out.id);
    await store.mailbox(one.id).moveTo(NumberSet.of(2), out.id);
    assert.equal((await store.usage(root)).messages, 3);
    await store.mailbox(one.id).expunge(NumberSet.of(3), { onlyDeleted: false });
    assert.deepEqual(await store.usage(root), { bytes: 2 * size, messages: 2, mailboxes: 2 });
    await catalogue.delete(personalMailbox(fred, ['b']));
    assert.deepEqual(await store.usage(root), { bytes: size, messages: 1, mailboxes: 1 });
    await catalogue.change(one.id, { quotaRoot: undefined });
    assert.deepEqual(await store.usage(root), { bytes: 0, messages: 0, mailboxes: 0 });
    await catalogue.change(out.id, { quotaRoot: root });
    assert.deepEqual(await store.usage(root), { bytes: 2 * size, messages: 2, mailboxes: 1 });
  });

  check('limits are kept, also by a crowd', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred), { quotaRoot: root });
    await using message = await stage(store, mailText('message 1'));
    const append = async (limit: { bytes?: number; messages?: number }) =>
      (
        await store.append([
          {
            mailbox: id,
            items: [{ message, flags: flagSet(), internalDateMs: DATE_MS }],
            limits: [{ quotaRoot: root, ...limit }],
          },
        ])
      )[0]!;
    assert.ok((await append({ bytes: size })).ok);
    const over = await append({ bytes: 2 * size - 1 });
    assert.ok(!over.ok && isMailError(over.error) && over.error.code === 'OVERQUOTA');
    const crowd = await Promise.all(Array.from({ length: 10 }, () => append({ messages: 5 })));
    assert.equal(crowd.filter(({ ok }) => ok).length, 4);
    assert.equal((await store.usage(root)).messages, 5);
    await failsWith(
      'OVERQUOTA',
      store.mailbox(id).copyTo(NumberSet.of(1), id, { limits: [{ quotaRoot: root, messages: 5 }] }),
    );
  });

  check('a move within the root needs no room', async ({ store }) => {
    const one = await store.catalogue.create(personalMailbox(fred), { quotaRoot: root });
    const two = await store.catalogue.create(personalMailbox(fred, ['b']), { quotaRoot: root });
    await fill(store, one.id, numbered(3));
    await store
      .mailbox(one.id)
      .moveTo(NumberSet.of(1, 2), two.id, { limits: [{ quotaRoot: root, messages: 3 }] });
    assert.deepEqual(await store.usage(root), { bytes: 3 * size, messages: 3, mailboxes: 2 });
  });
}
