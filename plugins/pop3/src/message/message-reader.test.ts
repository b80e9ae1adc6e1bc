import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContentRequest, Mailbox } from '@angarium/sdk';
import { FIRST_READ_AHEAD_BYTES, READ_AHEAD_BYTES, READ_AHEAD_MESSAGES } from '../limits.js';
import type { Maildrop } from '../maildrop/maildrop.js';
import { MessageReader } from './message-reader.js';

/** `count` messages of this size; `calls` tells how many the store was asked for, each time. */
function drop(count: number, size: number) {
  const calls: number[] = [];
  let given = 0;
  const maildrop = {
    count,
    message: (number: number) => (number <= count ? { uid: number, size } : undefined),
  };
  const mailbox = {
    async *contents(requests: readonly ContentRequest[]) {
      calls.push(requests.length);
      for (const index of requests.keys()) {
        given++;
        yield { index, bytes: Buffer.alloc(1), isLast: true, isMissing: false };
      }
    },
  };
  const reader = new MessageReader(mailbox as unknown as Mailbox, maildrop as unknown as Maildrop);
  return { reader, calls, given: () => given };
}

test('who goes on in order has twice as many octets asked for each time, up to a bound', async () => {
  const size = 64 * 1024;
  const { reader, calls, given } = drop(1000, size);
  for (let number = 1; number <= 500; number++) await reader.first(number);
  const first = (2 * FIRST_READ_AHEAD_BYTES) / size;
  const most = READ_AHEAD_BYTES / size;
  assert.deepEqual(calls.slice(0, 7), [1, first, 2 * first, 4 * first, most, most, most]);
  assert.equal(given(), 500, 'taken one by one');
});

test('small messages are bounded by their number', async () => {
  const { reader, calls } = drop(1000, 10);
  for (let number = 1; number <= 600; number++) await reader.first(number);
  assert.deepEqual(calls, [1, READ_AHEAD_MESSAGES, READ_AHEAD_MESSAGES, READ_AHEAD_MESSAGES]);
});

test('who jumps about has one message read, and begins anew', async () => {
  const { reader, calls } = drop(1000, 1024 * 1024);
  for (const number of [1, 2, 3, 4, 5, 900, 3, 4, 5]) await reader.first(number);
  assert.deepEqual(calls, [1, 1, 1, 2, 1, 1, 1, 1]);
});
