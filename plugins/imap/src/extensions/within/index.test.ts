import { test } from 'node:test';
import { ManualClock } from '@angarium/testing';
import { append, mailbox, talk } from '../searching.test.support.js';

test('OLDER and YOUNGER, to the second, both ends included (RFC 5032 §2)', async () => {
  const clock = new ManualClock();
  const now = clock.now();
  const at = (secondsAgo: number): string => {
    const [, day = '', month = '', year = '', time = ''] =
      /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(now - secondsAgo * 1000).toUTCString()) ?? [];
    return `${day.padStart(2, '0')}-${month}-${year} ${time} +0000`;
  };
  const { server, client } = await mailbox([], { clock });
  await using _ = server;
  await append(
    client,
    'INBOX',
    [10, 59, 60, 61, 3600].map((seconds) => ({ text: 'Subject: x\n\n\n', date: at(seconds) })),
  );
  await client.ok('SELECT INBOX');
  await talk(client, [
    ['SEARCH YOUNGER 60', ['SEARCH 1 2 3']],
    ['SEARCH OLDER 60', ['SEARCH 3 4 5']],
    ['SEARCH YOUNGER 60 OLDER 59', ['SEARCH 2 3']],
    ['SEARCH NOT YOUNGER 4294967295', ['SEARCH']],
    ['SEARCH YOUNGER 0', [], /^BAD/],
    ['SEARCH OLDER -1', [], /^BAD/],
    ['SEARCH OLDER', [], /^BAD/],
  ]);
});
