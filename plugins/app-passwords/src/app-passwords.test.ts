import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RECORDS, USER_BELONGINGS, type UserId } from '@angarium/sdk';
import { ManualClock } from '@angarium/testing';
import { setUp } from './set-up.test.support.js';

const fred = 'fred' as UserId;

test('an application password opens its services until it expires or is removed', async () => {
  const clock = new ManualClock();
  const people = new Map([
    ['fred', undefined],
    ['wilma', undefined],
  ]);
  await using it = await setUp({ clock, people });
  const { appPassword, password } = await it.appPasswords.add(fred, {
    label: 'phone',
    services: ['imap', 'sieve'],
    expiresMs: clock.now() + 1000,
  });
  assert.match(password, /^([a-z2-7]{5}-){3}[a-z2-7]{5}$/);
  assert.equal(await it.verify('fred', password), 'right');
  assert.equal(await it.verify('fred', password.toUpperCase().replaceAll('-', ' '), 'sieve'), 'right');
  assert.equal(await it.verify('fred', password, 'lmtp'), 'other-service');
  for (const user of ['wilma', 'nobody']) assert.equal(await it.verify(user, password), 'none');
  for (const typed of ['', 'secret', `${password}a`, 'a'.repeat(20), 'x'.repeat(1 << 20)])
    assert.equal(await it.verify('fred', typed), 'none');
  await clock.advance(1000);
  assert.equal(await it.verify('fred', password), 'expired');
  await it.appPasswords.remove(fred, appPassword.id);
  assert.equal(await it.verify('fred', password), 'none');
  await assert.rejects(it.appPasswords.remove(fred, appPassword.id), { code: 'NONEXISTENT' });
});

test('they are listed, oldest first, with their use', async () => {
  const clock = new ManualClock();
  await using it = await setUp({ clock });
  const phone = await it.appPasswords.add(fred, { label: 'phone' });
  assert.equal(phone.appPassword.lastUsedMs, undefined);
  await clock.advance(5);
  const news = await it.appPasswords.add(fred, { label: 'news', services: ['nntp'] });
  await it.verify('fred', phone.password);
  assert.deepEqual(await it.appPasswords.list(fred), [
    { ...phone.appPassword, lastUsedMs: clock.now() },
    news.appPassword,
  ]);
});

test('several that are made at once are all there, and the bound is exact', async () => {
  await using it = await setUp({ config: { perUser: 4 } });
  const made = await Promise.allSettled(
    Array.from({ length: 6 }, (_, n) => it.appPasswords.add(fred, { label: `n${n}` })),
  );
  const refused = made.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  assert.deepEqual(
    refused.map(({ reason }) => reason.code),
    ['LIMIT', 'LIMIT'],
  );
  assert.equal((await it.appPasswords.list(fred)).length, 4);
  for (const label of ['', 'x'.repeat(101), 'a\nb'])
    await assert.rejects(it.appPasswords.add(fred, { label }), { code: 'CANNOT' });
});

test('only users that some source knows have any', async () => {
  await using it = await setUp();
  await assert.rejects(it.appPasswords.add('nobody' as UserId, { label: 'x' }), { code: 'NONEXISTENT' });
  await assert.rejects(it.appPasswords.list('nobody' as UserId), { code: 'NONEXISTENT' });
});

test('a later account of the same name does not inherit them', async () => {
  await using it = await setUp({ people: new Map([['fred', 'uuid-1']]) });
  const { password } = await it.appPasswords.add(fred, { label: 'phone' });
  assert.equal(await it.verify('fred', password), 'right');
  it.people.delete('fred');
  assert.equal(await it.verify('fred', password), 'none');
  it.people.set('fred', 'uuid-2');
  assert.equal(await it.verify('fred', password), 'none');
  assert.deepEqual(await it.appPasswords.list(fred), []);
  const second = await it.appPasswords.add(fred, { label: 'tablet' });
  assert.equal(await it.verify('fred', second.password), 'right');
  it.people.set('fred', 'uuid-1');
  assert.equal(await it.verify('fred', password), 'none', 'gone for good');
});

test('all of a user go at once', async () => {
  await using it = await setUp();
  const { password } = await it.appPasswords.add(fred, { label: 'phone' });
  const [belongings] = it.kernel.get(USER_BELONGINGS).items;
  assert.deepEqual(await belongings!.owners({ limit: 10 }), [{ user: fred, incarnation: undefined }]);
  await belongings!.remove(fred);
  await belongings!.remove(fred);
  assert.equal(await it.verify('fred', password), 'none');
  assert.deepEqual(await belongings!.owners({ limit: 10 }), []);
});

test('the secret cannot be read in the store', async () => {
  await using it = await setUp();
  const { password } = await it.appPasswords.add(fred, { label: 'phone' });
  const value = await it.kernel.get(RECORDS).space('app-passwords').get(undefined, fred);
  assert.ok(!Buffer.from(value!).toString().includes(password.replaceAll('-', '')));
});

test('angarium users app-password', async () => {
  await using it = await setUp();
  const added = await it.run(['add', 'Fred'], { label: 'phone', services: 'imap', days: '30' });
  const [password = ''] = added.split('\n');
  assert.equal(await it.verify('fred', password), 'right');
  assert.equal(await it.verify('fred', password, 'pop'), 'other-service');
  const listed = await it.run(['list', 'fred']);
  const [, id = ''] = /^(\w{8}) {2}phone {2}imap {2}until \d{4}-\d\d-\d\d {2}used /.exec(listed) ?? [];
  assert.equal(await it.run(['remove', 'fred', id]), `removed ${id}`);
  assert.equal(await it.run(['list', 'fred']), 'no application passwords');
  for (const [args, options] of [
    [['add', 'fred'], {}],
    [['add', 'fred'], { label: 'x', days: '0' }],
    [['remove', 'fred'], {}],
    [['show', 'fred'], {}],
  ] as const) {
    await assert.rejects(it.run([...args], options), { exitStatus: 2 });
  }
});
