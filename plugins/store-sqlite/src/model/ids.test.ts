import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MailboxId, NumberSet, personalMailbox, sharedMailbox, type UserId } from '@angarium/sdk';
import fc from 'fast-check';
import {
  flatten,
  MAX_MAILBOX_NUMBER,
  MAX_UID,
  newMailboxId,
  parseUidText,
  rowOf,
  shardOfId,
  shardOfName,
  shardOfUser,
  uidOfRow,
  unflatten,
} from './ids.js';

test('rows of the last mailbox are safe integers, and a mailbox ends where the next begins', () => {
  assert.ok(Number.isSafeInteger(rowOf(MAX_MAILBOX_NUMBER, MAX_UID)));
  assert.equal(rowOf(7, MAX_UID) + 1, rowOf(8, 0));
  assert.equal(uidOfRow(rowOf(MAX_MAILBOX_NUMBER, MAX_UID)), MAX_UID);
});

test('a mailbox id names its shard and is a MAILBOXID (RFC 8474)', () => {
  for (const shard of [0, 9, 255]) {
    const id = newMailboxId(shard);
    assert.match(id, /^[A-Za-z0-9_-]{1,255}$/);
    assert.equal(shardOfId(id), shard);
    assert.notEqual(newMailboxId(shard), id);
  }
  assert.equal(shardOfId('../../etc' as MailboxId), undefined);
});

test('all mailboxes of a user are in the shard of his records', () => {
  const user = 'fred@example.org' as UserId;
  const shards = [[], ['Sent'], ['a', 'b']].map((path) => shardOfName(personalMailbox(user, path), 8));
  assert.deepEqual(new Set(shards), new Set([shardOfUser(user, 8)]));
  const spread = new Set(Array.from({ length: 100 }, (_, i) => shardOfName(sharedMailbox([`news ${i}`]), 8)));
  assert.equal(spread.size, 8);
});

test('number sets survive the way to the thread and to a row', () => {
  const set = fc
    .array(fc.tuple(fc.integer({ min: 1, max: MAX_UID }), fc.integer({ min: 1, max: MAX_UID })))
    .map((ranges) => NumberSet.fromRanges(ranges));
  fc.assert(
    fc.property(set, (uids) => {
      assert.equal(unflatten(flatten(uids)).toString(), uids.toString());
      assert.equal(parseUidText(uids.toString()).toString(), uids.toString());
    }),
  );
});
