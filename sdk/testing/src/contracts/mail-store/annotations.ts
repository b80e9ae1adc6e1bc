/** Message annotations (RFC 5257). */
import assert from 'node:assert/strict';
import { NumberSet, personalMailbox } from '@angarium/sdk';
import { DATE_MS, fill, flagSet, fred, joe, mailText, stage } from './fixtures.js';
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

  check('annotations of no message change nothing', async ({ store, feed }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    const box = store.mailbox(id);
    const { highestModSeq } = await box.snapshot();
    using _watch = feed.watch(id, () => assert.fail('nothing to tell'));
    const entries = new Map([['/comment', Buffer.from('hm')]]);
    assert.equal((await box.setAnnotations(NumberSet.of(7), joe, entries)).modSeq, highestModSeq);
  });
}
