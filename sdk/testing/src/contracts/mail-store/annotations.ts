/** Message annotations (RFC 5257). */
import assert from 'node:assert/strict';
import { Flag, NumberSet, personalMailbox, type UserId } from '@angarium/sdk';
import { addFlags, DATE_MS, fill, flagSet, fred, joe, mailText, stage } from './fixtures.js';
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

  check('annotations come with a message and go along with a copy, which has its own', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await using message = await stage(store, mailText('one'));
    const annotations = new Map([['/comment', Buffer.from('old')]]);
    await store.append([
      { mailbox: id, items: [{ message, flags: flagSet(), internalDateMs: DATE_MS, annotations }] },
    ]);
    const box = store.mailbox(id);
    await box.copyTo(NumberSet.of(1), id);
    await box.setAnnotations(NumberSet.of(2), undefined, new Map([['/comment', Buffer.from('new')]]));
    const comments = [...(await box.annotations(NumberSet.range(1, 9), undefined))].map(([uid, own]) => [
      uid,
      Buffer.from(own.get('/comment')!).toString(),
    ]);
    assert.deepEqual(comments, [
      [1, 'old'],
      [2, 'new'],
    ]);
  });

  check(
    'a copy or move takes along what is shared and the copier’s own (RFC 5257 §4.6)',
    async ({ store }) => {
      const { id } = await store.catalogue.create(personalMailbox(fred));
      const { id: there } = await store.catalogue.create(personalMailbox(joe));
      await using message = await stage(store, mailText('one'));
      const value = (text: string) => new Map([['/comment', Buffer.from(text)]]);
      const item = { message, flags: flagSet(), internalDateMs: DATE_MS };
      const items = [{ ...item, annotations: value('all'), privateAnnotations: value('fred') }];
      await store.append([{ mailbox: id, viewer: fred, items }]);
      await store.mailbox(id).setAnnotations(NumberSet.of(1), joe, value('joe'));
      await store.mailbox(id, joe).copyTo(NumberSet.of(1), there, { viewer: joe });
      const keep = { system: 0, keywords: false, annotations: false };
      await store.mailbox(id, fred).moveTo(NumberSet.of(1), there, { viewer: fred, keep });
      const told = async (user: UserId | undefined) =>
        [...(await store.mailbox(there).annotations(NumberSet.range(1, 9), user))].map(
          ([uid, own]) => `${uid} ${Buffer.from(own.get('/comment')!).toString()}`,
        );
      assert.deepEqual(await told(undefined), ['1 all']);
      assert.deepEqual(await told(joe), ['1 joe']);
      assert.deepEqual(await told(fred), ['2 fred']);
    },
  );

  check('UNCHANGEDSINCE of annotations: of two at the same instant one wins', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one', 'two', 'three']);
    const box = store.mailbox(id);
    const unchangedSince = (await box.snapshot()).highestModSeq;
    await box.setAnnotations(NumberSet.of(2), undefined, new Map([['/comment', Buffer.from('before')]]));
    const values = ['first', 'second', 'third'];
    const results = await Promise.all(
      values.map((value) =>
        box.setAnnotations(NumberSet.range(1, 3), undefined, new Map([['/comment', Buffer.from(value)]]), {
          unchangedSince,
        }),
      ),
    );
    const failed = results.map(({ modified }) => modified.toString()).sort();
    assert.deepEqual(failed, ['1:3', '1:3', '2']);
    const won = values[results.findIndex(({ modified }) => modified.size === 1)];
    const told = [...(await box.annotations(NumberSet.range(1, 3), undefined)).values()].map((own) =>
      Buffer.from(own.get('/comment')!).toString(),
    );
    assert.deepEqual(told, [won, 'before', won]);
  });

  check('UNCHANGEDSINCE of annotations counts the viewer’s own \\Seen', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one', 'two']);
    const box = store.mailbox(id, joe);
    const unchangedSince = (await box.snapshot()).highestModSeq;
    await box.updateFlags(NumberSet.of(1), addFlags(Flag.seen));
    const entries = new Map([['/comment', Buffer.from('x')]]);
    const { modified } = await box.setAnnotations(NumberSet.range(1, 2), joe, entries, { unchangedSince });
    assert.equal(modified.toString(), '1');
  });

  check('annotations of no message change nothing', async ({ store, feed }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    const box = store.mailbox(id);
    const { highestModSeq } = await box.snapshot();
    using _watch = feed.watch(id, () => assert.fail('nothing to tell'));
    const entries = new Map([['/comment', Buffer.from('hm')]]);
    assert.equal((await box.setAnnotations(NumberSet.of(7), joe, entries)).modSeq, highestModSeq);
  });
}
