import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { type MailboxEntry, mailboxSettingKey } from '@angarium/sdk';
import { temporaryFolder } from '@angarium/testing';
import fc from 'fast-check';
import { dateTime } from './date-time.js';
import { Process, parseHolder } from './holder.js';
import { parseLoginName } from './login-name.js';
import { Marks } from './marks.js';
import { PollLimit } from './polls.js';
import { showAfter } from './show-after.js';
import { uidlWriter } from './uidl-format.js';

test('login names', () => {
  const table: readonly [string, string, string | undefined][] = [
    ['fred', 'fred', undefined],
    ['fred@example.org', 'fred@example.org', undefined],
    ['fred+Work', 'fred', 'Work'],
    ['fred+Work.Old', 'fred', 'Work.Old'],
    ['fred+Work+More', 'fred', 'Work+More'],
    ['fred+Work@example.org', 'fred@example.org', 'Work'],
    ['fred@example.org+Work', 'fred@example.org', 'Work'],
    ['fred@example.org+Work@home', 'fred@example.org', 'Work@home'],
    ['fred+', 'fred+', undefined],
    ['+Work', '+Work', undefined],
  ];
  for (const [name, user, folder] of table) assert.deepEqual(parseLoginName(name), { user, folder }, name);
});

test('unique ids', () => {
  assert.equal(uidlWriter('cyrus', 1700000000)(42), '1700000000.42');
  assert.equal(uidlWriter('uidonly', 1700000000)(42), '42');
  assert.equal(uidlWriter('courier', 1700000000)(42), '1700000000-42');
  assert.equal(uidlWriter('dovecot', 1700000000)(42), '0000002a6553f100');
});

test('marks are a set', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100 })), (numbers) => {
      const marks = new Marks(100);
      for (const number of numbers) marks.add(number);
      const expected = [...new Set(numbers)].sort((a, b) => a - b);
      assert.deepEqual([...marks], expected);
      assert.equal(marks.size, expected.length);
      for (let number = 1; number <= 100; number++)
        assert.equal(marks.has(number), expected.includes(number));
    }),
  );
});

test('the queue of logins is a queue: so many at once, and one more each period', () => {
  const minute = 60_000;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 }),
      (padding, waits) => {
        const limit = new PollLimit(10, padding);
        let now = 1e12;
        let last: number | undefined;
        let level = 0;
        let levelMs = now;
        for (const wait of waits) {
          now += wait * minute;
          level = Math.max(0, level - (now - levelMs) / (10 * minute));
          levelMs = now;
          const isFree = level <= padding - 1 + 1e-9;
          assert.equal(limit.allows(last, now), isFree);
          if (!isFree) continue;
          last = limit.after(last, now);
          level++;
        }
      },
    ),
  );
});

test('pop3showafter as mboxcfg sets it', () => {
  const after = (value: string) =>
    showAfter({ attributes: { [mailboxSettingKey('pop3showafter')]: value } } as unknown as MailboxEntry);
  const noon = Date.UTC(2026, 6, 12, 8) / 1000;
  assert.equal(after('12-Jul-2026 10:00:00 +0200'), noon);
  assert.equal(after(' 2-Jul-2026'), Date.UTC(2026, 6, 2) / 1000);
  assert.equal(after(String(noon)), noon);
  assert.equal(after('whenever'), 0);
});

test('times as Cyrus tells them', () => {
  assert.equal(dateTime(Date.UTC(2026, 10, 4, 6, 1, 18)), ' 4-Nov-2026 06:01:18 +0000');
});

test('a lock names its process: this one, one that lives, one that has gone, one of another server', async () => {
  using folder = temporaryFolder();
  using other = temporaryFolder();
  const here = new Process(folder.path);
  const mine = here.holder('a');
  assert.deepEqual(parseHolder(Buffer.from(JSON.stringify(mine))), mine);
  assert.equal(parseHolder(Buffer.from('{"pid":1}')), undefined);
  assert.equal(
    here.lifeOf(mine, () => true),
    'alive',
  );
  assert.equal(
    here.lifeOf(mine, () => false),
    'dead',
    'this process knows its own sessions',
  );
  assert.equal(
    new Process(other.path).lifeOf(mine, () => true),
    'elsewhere',
  );
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")']);
  await once(child.stdout, 'data');
  const theirs = { ...mine, pid: child.pid!, began: '' };
  assert.equal(
    here.lifeOf(theirs, () => false),
    'alive',
  );
  if (mine.began !== '') {
    const used = { ...theirs, began: mine.began };
    assert.equal(
      here.lifeOf(used, () => false),
      'dead',
      'an id that is used again',
    );
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(
    here.lifeOf(theirs, () => false),
    'dead',
  );
});
