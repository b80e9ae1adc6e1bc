/** Summaries and contents. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { NumberSet, personalMailbox, SummaryView } from '@angarium/sdk';
import {
  DATE_MS,
  failsWith,
  fill,
  fred,
  MANY,
  mailText,
  numbered,
  piecesOf,
  summaryUids,
} from './fixtures.js';
import type { Check } from './under-test.js';

export function readingTests(check: Check): void {
  check('summaries come ascending, with the dates of this filing', async ({ store, now }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, numbered(MANY));
    await store.mailbox(id).expunge(NumberSet.of(4), { onlyDeleted: false });
    await store.mailbox(id).purge(now() + 1);
    const uids = await summaryUids(
      store.mailbox(id).summaries(
        NumberSet.fromRanges([
          [2, 5],
          [200, 4_294_967_295],
        ]),
      ),
    );
    assert.deepEqual(uids, [2, 3, 5, ...Array.from({ length: MANY - 199 }, (_, i) => 200 + i)]);
    for await (const { records } of store.mailbox(id).summaries(NumberSet.of(7))) {
      const view = new SummaryView(records[0]!);
      assert.equal(view.baseSubject(), 'MESSAGE 7');
      assert.deepEqual([view.internalDateMs, view.saveDateMs], [DATE_MS, now()]);
    }
  });

  check('contents come in the order asked, missing ones say so', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one', 'two', 'three']);
    const end = Number.POSITIVE_INFINITY;
    const pieces = await piecesOf(
      store.mailbox(id).contents([
        { uid: 3, from: 0, to: end },
        { uid: 9, from: 0, to: end },
        { uid: 1, from: 5, to: 25 },
        { uid: 1, from: 1e6, to: end },
      ]),
    );
    assert.deepEqual(
      pieces.map(({ index, isLast, isMissing }) => [index, isLast, isMissing]),
      [
        [0, true, false],
        [1, true, true],
        [2, true, false],
        [3, true, false],
      ],
    );
    assert.ok(pieces[0]?.bytes.equals(mailText('three')));
    assert.ok(pieces[2]?.bytes.equals(mailText('one').subarray(5, 25)));
    assert.equal(pieces[3]?.bytes.length, 0);
  });

  check('an opened message has its size, hash and octets', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await fill(store, id, ['one']);
    const message = await store.mailbox(id).open(1);
    const bytes = mailText('one');
    assert.equal(message.size, bytes.length);
    assert.deepEqual(message.guid, createHash('sha256').update(bytes).digest());
    assert.deepEqual(await message.read(3, 9), bytes.subarray(3, 9));
    await failsWith('EXPUNGEISSUED', store.mailbox(id).open(2));
  });
}
