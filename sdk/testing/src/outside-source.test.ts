import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageHub } from '@angarium/core';
import { type Account, MailError, type OutsideAccounts, OutsideSource, type UserId } from '@angarium/sdk';
import { ManualClock } from './clock.js';
import { RecordingLogger } from './host.js';

const fred = 'fred' as UserId;
const context = { service: 'imap', remoteAddress: '192.0.2.1' };
const account: Account = { user: fred, displayName: 'Fred', groups: [], isDisabled: false, attributes: {} };

function setUp(outside: Partial<OutsideAccounts> = {}, cacheSeconds = 60, hub = new MessageHub()) {
  const asked: string[] = [];
  const clock = new ManualClock();
  const log = new RecordingLogger();
  const whole: OutsideAccounts = {
    async find(user) {
      asked.push(`find ${user}`);
      return user === fred ? account : undefined;
    },
    async verify(user, password) {
      asked.push(`verify ${user} ${password}`);
      return user !== fred ? 'unknown' : password === 'secret' ? 'right' : 'wrong';
    },
    ...outside,
  };
  const key = Buffer.alloc(32, 1);
  const source = new OutsideSource('test', whole, { clock, log, bus: hub.join(), key, cacheSeconds });
  source.share();
  return { source, asked, clock, log };
}

test('answers are good for a while; that somebody is not there, for a moment', async () => {
  const { source, asked, clock } = setUp();
  for (let i = 0; i < 3; i++) assert.equal((await source.find(fred))?.displayName, 'Fred');
  for (let i = 0; i < 3; i++) assert.equal(await source.find('nobody' as UserId), undefined);
  assert.deepEqual(asked, ['find fred', 'find nobody']);
  await clock.advance(5000);
  await source.find(fred);
  await source.find('nobody' as UserId);
  await clock.advance(55_000);
  await source.find(fred);
  assert.deepEqual(asked, ['find fred', 'find nobody', 'find nobody', 'find fred']);
});

test('a right password is remembered, a wrong one asked about each time', async () => {
  const { source, asked, clock } = setUp();
  for (const password of ['secret', 'secret', 'wrong', 'wrong', 'secret'])
    await source.verify(fred, password, context);
  assert.deepEqual(asked, ['verify fred secret', 'verify fred wrong', 'verify fred wrong']);
  await clock.advance(60_000);
  assert.equal(await source.verify(fred, 'secret', context), 'right');
  assert.equal(asked.length, 4);
});

test('the same question is asked once at a time', async () => {
  const { source, asked } = setUp();
  await Promise.all(Array.from({ length: 10 }, () => source.find(fred)));
  assert.deepEqual(asked, ['find fred']);
});

test('what one process has verified the others know', async () => {
  const hub = new MessageHub();
  const [here, there] = [setUp({}, 60, hub), setUp({}, 60, hub)];
  await here.source.verify(fred, 'secret', context);
  await new Promise(setImmediate);
  assert.equal(await there.source.verify(fred, 'secret', context), 'right');
  assert.deepEqual(there.asked, []);
});

test('nothing is remembered where the manifest says so', async () => {
  const { source, asked } = setUp({}, 0);
  for (let i = 0; i < 2; i++) {
    await source.find(fred);
    await source.verify(fred, 'secret', context);
  }
  assert.equal(asked.length, 4);
});

test('who cannot be asked is unavailable for the time being, says no more, and is asked again', async () => {
  let isDown = true;
  const { source, log } = setUp({
    async find() {
      if (isDown) throw new Error('connect ECONNREFUSED 192.0.2.9:389');
      return account;
    },
    verify: () => Promise.reject(new MailError('UNAVAILABLE', 'Too many logins at once')),
  });
  await assert.rejects(source.find(fred), {
    code: 'UNAVAILABLE',
    temporary: true,
    message: 'Accounts cannot be asked now',
  });
  await assert.rejects(source.verify(fred, 'x', context), { message: 'Too many logins at once' });
  assert.match(String(log.lines[0]?.fields['err']), /ECONNREFUSED/);
  isDown = false;
  assert.equal(await source.find(fred), account);
});

test('lists and SCRAM keys are passed on where there are any', async () => {
  assert.equal(setUp().source.list, undefined);
  assert.equal(setUp().source.scramKeys, undefined);
  assert.equal(setUp().source.scramParameters('SHA-256'), undefined);
  const parameters = { iterations: 4096, saltBytes: 16 };
  const { source } = setUp({
    list: async () => [account],
    scramKeys: async () => undefined,
    scramParameters: () => parameters,
  });
  assert.deepEqual(await source.list?.({ limit: 1 }), [account]);
  assert.equal(source.scramParameters('SHA-256'), parameters);
});

test('what a system has to say of a verdict is passed on; being away is said as such', async () => {
  const { source } = setUp({ explain: async (user, verdict) => `${verdict} of ${user}` });
  assert.equal(await source.explain?.(fred, 'unknown'), 'unknown of fred');
  assert.equal(setUp().source.explain, undefined);
  const away = setUp({
    explain: async () => {
      throw new Error('gone');
    },
  });
  await assert.rejects(away.source.explain!(fred, 'wrong'), { code: 'UNAVAILABLE' });
});
