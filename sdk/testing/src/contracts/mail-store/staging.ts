/** Messages on their way in. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { personalMailbox } from '@angarium/sdk';
import { DATE_MS, failsWith, flagSet, fred, mailText, piecesOf } from './fixtures.js';
import type { Check } from './under-test.js';

export function stagingTests(check: Check): void {
  check('a staged message knows its hash, size and summary', async ({ store }) => {
    const bytes = mailText('hello');
    await using message = await store.stage([bytes.subarray(0, 20), bytes.subarray(20)], { maxBytes: 1e6 });
    assert.deepEqual(message.guid, createHash('sha256').update(bytes).digest());
    assert.equal(message.size, bytes.length);
    assert.equal(message.summary.baseSubject(), 'HELLO');
    assert.deepEqual(await message.read(5, 25), bytes.subarray(5, 25));
  });

  check('too much is refused, announced or not', async ({ store }) => {
    let taken = 0;
    const endless = (function* () {
      for (;;) {
        taken += 40;
        yield Buffer.alloc(40);
      }
    })();
    await failsWith('TOOBIG', store.stage(endless, { maxBytes: 100, sizeHint: 101 }));
    assert.equal(taken, 0, 'the source is not touched');
    await failsWith('TOOBIG', store.stage(endless, { maxBytes: 100 }));
    assert.ok(taken <= 160, 'the source is not read further');
  });

  check('a large message goes through whole', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    const bytes = Buffer.concat([mailText('large'), Buffer.alloc(3_000_000, 'large text\r\n')]);
    async function* chunks() {
      for (let at = 0; at < bytes.length; at += 65_000) yield bytes.subarray(at, at + 65_000);
    }
    await using message = await store.stage(chunks(), { maxBytes: 4e6 });
    const [outcome] = await store.append([
      { mailbox: id, items: [{ message, flags: flagSet(), internalDateMs: DATE_MS }] },
    ]);
    assert.ok(outcome?.ok);
    const pieces = await piecesOf(
      store.mailbox(id).contents([{ uid: 1, from: 0, to: Number.POSITIVE_INFINITY }]),
    );
    assert.ok(Buffer.concat(pieces.map((piece) => piece.bytes)).equals(bytes));
    assert.ok(
      pieces.every((piece, i) => piece.bytes.length <= 1 << 20 && piece.isLast === (i === pieces.length - 1)),
    );
  });
}
