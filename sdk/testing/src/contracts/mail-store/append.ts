/** Appending: many messages, many mailboxes, all or nothing each. */
import assert from 'node:assert/strict';
import type { MailboxId, UserId } from '@angarium/sdk';
import { Flag, isMailError, NumberSet, personalMailbox, sharedMailbox } from '@angarium/sdk';
import { DATE_MS, fill, flagSet, fred, joe, mailText, rowsOf, stage } from './fixtures.js';
import type { Check } from './under-test.js';

export function appendTests(check: Check): void {
  check('appended messages are in the snapshot with all they were given', async ({ store, now }) => {
    const { id, uidValidity } = await store.catalogue.create(personalMailbox(fred));
    const before = await store.mailbox(id).snapshot();
    const uids = await fill(store, id, ['one', 'two'], flagSet(Flag.flagged | Flag.deleted, '$Work', 'b'));
    assert.deepEqual(uids, [1, 2]);
    const snapshot = await store.mailbox(id).snapshot();
    assert.equal(snapshot.head.uidValidity, uidValidity);
    assert.ok(snapshot.highestModSeq > before.highestModSeq);
    const [row] = rowsOf(snapshot);
    const size = mailText('one').length;
    assert.deepEqual(row, {
      uid: 1,
      flags: Flag.flagged | Flag.deleted,
      modSeq: snapshot.highestModSeq,
      keywords: ['$Work', 'b'],
      size,
      date: DATE_MS / 1000,
    });
    const [status] = await store.status([id]);
    assert.deepEqual(status, {
      messages: 2,
      recent: 2,
      unseen: 2,
      deleted: 2,
      deletedBytes: 2 * size,
      bytes: 2 * size,
      uidNext: 3,
      uidValidity,
      highestModSeq: snapshot.highestModSeq,
      lastAppendMs: now(),
    });
  });

  check('each target has its own outcome, and one message serves many', async ({ store }) => {
    const first = await store.catalogue.create(personalMailbox(fred));
    const second = await store.catalogue.create(personalMailbox(joe));
    await using message = await stage(store, mailText('to all'));
    const items = [{ message, flags: flagSet(), internalDateMs: DATE_MS }];
    const outcomes = await store.append([
      { mailbox: first.id, items },
      { mailbox: 'gone' as MailboxId, items },
      { mailbox: second.id, items },
    ]);
    assert.deepEqual(
      outcomes.map(({ ok }) => ok),
      [true, false, true],
    );
    const error = outcomes[1]?.ok === false ? outcomes[1].error : undefined;
    assert.ok(isMailError(error) && error.code === 'NONEXISTENT');
    for (const { id } of [first, second]) {
      assert.ok((await (await store.mailbox(id).open(1)).read(0, 1e6)).equals(mailText('to all')));
    }
  });

  check('dates are kept from 1970 to 2106, and come as near as that', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await using message = await stage(store, mailText('old'));
    const dates = [Date.UTC(1969, 11, 31), Date.UTC(1980, 0, 1), Date.UTC(9999, 0, 1)];
    const items = dates.map((internalDateMs) => ({ message, flags: flagSet(), internalDateMs }));
    await store.append([{ mailbox: id, items }]);
    const kept = rowsOf(await store.mailbox(id).snapshot()).map(({ date }) => date);
    assert.deepEqual(kept, [0, Date.UTC(1980, 0, 1) / 1000, 0xffffffff]);
  });

  check('an append replaces messages in one step, or does nothing', async ({ store }) => {
    const one = await store.catalogue.create(personalMailbox(fred), { quotaRoot: 'root' });
    const two = await store.catalogue.create(personalMailbox(fred, ['b']), { quotaRoot: 'root' });
    await fill(store, one.id, ['message 1', 'message 2']);
    const size = mailText('message 1').length;
    await using message = await stage(store, mailText('message 3'));
    const items = [{ message, flags: flagSet(), internalDateMs: DATE_MS }];
    const replace = async (mailbox: MailboxId, uid: number, bytes: number) => {
      const replaces = { mailbox: one.id, uids: NumberSet.of(uid) };
      const limits = [{ quotaRoot: 'root', bytes }];
      const [outcome] = await store.append([{ mailbox, items, replaces, limits }]);
      return outcome?.ok === false ? (outcome.error as { code?: string }).code : outcome?.expungeModSeq;
    };
    // What is replaced makes room for what comes.
    const modSeq = await replace(one.id, 1, 2 * size);
    const after = await store.mailbox(one.id).snapshot();
    assert.deepEqual(
      rowsOf(after).map(({ uid }) => uid),
      [2, 3],
    );
    assert.ok(typeof modSeq === 'number' && modSeq <= after.highestModSeq);
    assert.deepEqual([...(await store.mailbox(one.id).vanishedSince(1)).uids], [1]);
    assert.equal(await replace(one.id, 2, size), 'OVERQUOTA');
    assert.equal(await replace(one.id, 1, 9 * size), 'EXPUNGEISSUED');
    assert.equal((await store.mailbox(one.id).snapshot()).count, 2);
    await replace(two.id, 3, 2 * size);
    // Near and far: a store may keep every user in a place of his own.
    for (let i = 0; i < 6; i++) {
      const far = await store.catalogue.create(personalMailbox(`user${i}` as UserId));
      const [uid] = await fill(store, one.id, [`far ${i}`]);
      const limits = [{ quotaRoot: 'root', bytes: 99 * size }];
      const replaces = { mailbox: one.id, uids: NumberSet.of(uid!) };
      const [outcome] = await store.append([{ mailbox: far.id, items, replaces, limits }]);
      const { count, highestModSeq } = await store.mailbox(one.id).snapshot();
      assert.deepEqual([outcome?.ok && outcome.expungeModSeq, count], [highestModSeq, 1]);
    }
    assert.deepEqual(
      [(await store.mailbox(one.id).snapshot()).count, (await store.status([two.id]))[0]?.messages],
      [1, 1],
    );
    assert.deepEqual(await store.usage('root'), { bytes: 2 * size, messages: 2, mailboxes: 2 });
  });

  check(
    'a marked message is appended once, also when two come at the same instant',
    async ({ store, records, now, advance }) => {
      const { id } = await store.catalogue.create(personalMailbox(fred));
      const other = await store.catalogue.create(sharedMailbox(['news']));
      const once = { space: 'test/marks', key: 'm', value: Buffer.from('seen'), expiresMs: now() + 1000 };
      const append = async (mailbox: MailboxId, body: string, ...keywords: string[]) => {
        await using message = await stage(store, mailText(body));
        const items = [{ message, flags: flagSet(0, ...keywords), internalDateMs: DATE_MS }];
        const [outcome] = await store.append([{ mailbox, items, once }]);
        return outcome;
      };
      const many = await append(id, 'refused', ...Array.from({ length: 129 }, (_, i) => `k${i}`));
      assert.ok(many?.ok === false && many.isRepeat !== true, 'what is refused leaves no mark');
      const outcomes = await Promise.all(['a', 'b', 'c'].map((body) => append(id, body)));
      assert.equal(outcomes.filter((outcome) => outcome?.ok).length, 1);
      assert.equal(outcomes.filter((outcome) => outcome?.ok === false && outcome.isRepeat).length, 2);
      assert.equal((await store.mailbox(id).snapshot()).count, 1);
      assert.equal((await append(other.id, 'a'))?.ok, true, 'each mailbox has its own marks');
      const rows = await records.space('test/marks').list({ mailbox: id });
      assert.deepEqual(
        rows.map(({ key, value, expiresMs }) => [key, String(value), expiresMs]),
        [['m', 'seen', once.expiresMs]],
      );
      await advance(1000);
      assert.equal((await append(id, 'd'))?.ok, true, 'an expired mark counts as absent');
      await records.space('test/marks').write({ mailbox: other.id }, [{ key: 'm', value: undefined }]);
      assert.equal((await append(other.id, 'e'))?.ok, true);
    },
  );

  check('a target is atomic: a limit on keywords refuses all of it', async ({ store }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    await using message = await stage(store, mailText('x'));
    const many = Array.from({ length: 129 }, (_, i) => `k${i}`);
    const [outcome] = await store.append([
      {
        mailbox: id,
        items: [
          { message, flags: flagSet(), internalDateMs: DATE_MS },
          { message, flags: flagSet(0, ...many), internalDateMs: DATE_MS },
        ],
      },
    ]);
    assert.ok(outcome?.ok === false && isMailError(outcome.error) && outcome.error.code === 'LIMIT');
    assert.equal((await store.mailbox(id).snapshot()).count, 0);
    assert.deepEqual(await fill(store, id, ['after']), [1]);
  });
}
