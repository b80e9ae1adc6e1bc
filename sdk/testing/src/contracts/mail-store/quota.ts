/** Use and limits of quota roots. */
import assert from 'node:assert/strict';
import { isMailError, mailboxKey, NumberSet, personalMailbox } from '@angarium/sdk';
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

  check('what comes may cross a limit that says so, once', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred), { quotaRoot: root });
    await using message = await stage(store, mailText('message 1'));
    const append = async (limit: { bytes?: number; messages?: number }) => {
      const item = { message, flags: flagSet(), internalDateMs: DATE_MS };
      const limits = [{ quotaRoot: root, mayCross: true, ...limit }];
      return (await store.append([{ mailbox: id, items: [item, item], limits }]))[0]!;
    };
    assert.ok((await append({ messages: 1, bytes: size })).ok);
    for (const limit of [{ messages: 1 }, { bytes: 2 * size - 1 }]) {
      const over = await append(limit);
      assert.ok(!over.ok && isMailError(over.error) && over.error.code === 'OVERQUOTA');
    }
    assert.ok((await append({ messages: 2, bytes: 2 * size })).ok, 'at the limit is not over it');
  });

  check('a root that lies in several places is one', async ({ store }) => {
    const names = Array.from({ length: 12 }, (_, i) => personalMailbox(`user${i}` as typeof fred));
    const ids = [];
    for (const name of names) ids.push((await store.catalogue.create(name, { quotaRoot: root })).id);
    await using message = await stage(store, mailText('message 1'));
    const item = { message, flags: flagSet(), internalDateMs: DATE_MS };
    const limits = [{ quotaRoot: root, messages: 7 }];
    const outcomes = await store.append(ids.map((mailbox) => ({ mailbox, items: [item], limits })));
    assert.equal(outcomes.filter(({ ok }) => ok).length, 7);
    assert.deepEqual(await store.usage(root), { bytes: 7 * size, messages: 7, mailboxes: 12 });
  });

  check('mailboxes are limited, also for a crowd', async ({ store: { catalogue } }) => {
    const create = (name: string) =>
      catalogue.create(personalMailbox(fred, [name]), { quotaRoot: root, maxMailboxes: 3 });
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const made = await Promise.allSettled(names.map(create));
    assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 3);
    await failsWith('OVERQUOTA', create('g'));
    const [first] = await catalogue.list({ owner: fred });
    await catalogue.delete(first!.name);
    await create('g');
  });

  check('annotations are counted and limited (RFC 9208 §5.4)', async ({ store }) => {
    const one = await store.catalogue.create(personalMailbox(fred), { quotaRoot: root });
    const two = await store.catalogue.create(personalMailbox(joe), { quotaRoot: root });
    const out = await store.catalogue.create(personalMailbox(joe, ['out']));
    await fill(store, one.id, numbered(2));
    await fill(store, out.id, numbered(1));
    const limits = [{ quotaRoot: root, annotationBytes: 10 }];
    const comment = (text: string | undefined) =>
      new Map([['/comment', text === undefined ? undefined : Buffer.from(text)]]);
    await store.mailbox(one.id).setAnnotations(NumberSet.of(1), undefined, comment('12345'));
    await store.mailbox(out.id).setAnnotations(NumberSet.of(1), fred, comment('123456789'));
    assert.equal(await store.annotationUsage(root), 5);
    const box = store.mailbox(one.id);
    await box.copyTo(NumberSet.of(1), two.id, { limits });
    assert.equal(await store.annotationUsage(root), 10);
    await failsWith('OVERQUOTA', box.copyTo(NumberSet.of(1), two.id, { limits }));
    // A note of fred's own, which goes along when he copies.
    const own = store.mailbox(out.id, fred);
    await failsWith('OVERQUOTA', own.copyTo(NumberSet.of(1), two.id, { limits, viewer: fred }));
    await box.copyTo(NumberSet.of(2), two.id, { limits });
    await using message = await stage(store, mailText('message 1'));
    const item = { message, flags: flagSet(), internalDateMs: DATE_MS };
    const annotated = { ...item, annotations: new Map([['/comment', Buffer.from('1')]]) };
    const [over] = await store.append([{ mailbox: one.id, items: [annotated], limits }]);
    assert.ok(over?.ok === false && isMailError(over.error) && over.error.code === 'OVERQUOTA');
    const [plain] = await store.append([{ mailbox: one.id, items: [item], limits }]);
    assert.ok(plain?.ok);
    await box.setAnnotations(NumberSet.of(1), undefined, comment(undefined));
    assert.equal(await store.annotationUsage(root), 5);
  });

  check('a root that is renamed takes its mailboxes along', async ({ store: { catalogue } }) => {
    const top = mailboxKey(personalMailbox(fred, ['a']));
    await catalogue.create(personalMailbox(fred, ['a']), { quotaRoot: top });
    await catalogue.create(personalMailbox(fred, ['a', 'b']), { quotaRoot: top });
    await catalogue.create(personalMailbox(fred, ['a', 'c']), { quotaRoot: root });
    await catalogue.rename(personalMailbox(fred, ['a']), personalMailbox(fred, ['z']));
    const moved = mailboxKey(personalMailbox(fred, ['z']));
    const roots = (await catalogue.list({ owner: fred })).map(({ quotaRoot }) => quotaRoot);
    assert.deepEqual(roots, [moved, moved, root]);
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
