import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { UserId } from '@angarium/sdk';
import { ManualClock, temporaryFolder } from '@angarium/testing';
import Database from 'better-sqlite3';
import { MAX_APP_PASSWORDS } from './app-passwords.js';
import { setUp } from './set-up.test.support.js';

const fred = 'fred' as UserId;

test('an application password opens its services until it expires or is removed', async () => {
  const clock = new ManualClock();
  await using it = await setUp({ clock });
  await it.managed.create(fred, { password: 'secret' });
  await it.managed.create('wilma' as UserId, { password: 'other' });
  const { appPassword, password } = await it.appPasswords.add(fred, {
    label: 'phone',
    services: ['imap', 'sieve'],
    expiresMs: clock.now() + 1000,
  });
  assert.match(password, /^([a-z2-7]{5}-){3}[a-z2-7]{5}$/);
  assert.equal(await it.verify('fred', password), 'right');
  assert.equal(await it.verify('fred', password.toUpperCase().replaceAll('-', ' '), 'sieve'), 'right');
  assert.equal(await it.verify('fred', password, 'lmtp'), 'wrong');
  assert.equal(await it.verify('wilma', password), 'wrong');
  assert.equal(await it.verify('nobody', password), 'unknown');
  assert.equal(await it.verify('fred', `${password}a`), 'wrong');
  assert.equal(await it.verify('fred', 'secret'), 'right');
  await clock.advance(1000);
  await assert.rejects(it.verify('fred', password), { code: 'EXPIRED' });
  await it.appPasswords.remove(fred, appPassword.id);
  assert.equal(await it.verify('fred', password), 'wrong');
  await assert.rejects(it.appPasswords.remove(fred, appPassword.id), { code: 'NONEXISTENT' });
});

test('they are listed with their use, kept over restarts, and go with the account', async () => {
  const clock = new ManualClock();
  await using it = await setUp({ clock });
  await it.managed.create(fred, { password: 'secret' });
  const one = await it.appPasswords.add(fred, { label: 'phone' });
  assert.equal(one.appPassword.lastUsedMs, undefined);
  await it.verify('fred', one.password);
  {
    await using again = await setUp({ clock, dataDir: it.kernel.dataDir });
    assert.equal(await again.verify('fred', one.password), 'right');
    assert.deepEqual(
      (await again.appPasswords.list(fred)).map(({ label, lastUsedMs }) => [label, lastUsedMs]),
      [['phone', clock.now()]],
    );
  }
  await it.managed.remove(fred);
  await assert.rejects(it.appPasswords.list(fred), { code: 'NONEXISTENT' });
  await it.managed.create(fred, { password: 'secret' });
  assert.deepEqual(await it.appPasswords.list(fred), []);
  assert.equal(await it.verify('fred', one.password), 'wrong');
});

test('a file of the first layout gets what it lacks, and keeps its accounts', async () => {
  using folder = temporaryFolder();
  {
    await using it = await setUp({ dataDir: folder.path });
    await it.managed.create(fred, { password: 'secret' });
  }
  const file = new Database(join(folder.path, 'accounts', 'accounts.db'));
  file.exec(
    `DROP TABLE app_password; DELETE FROM server_key WHERE name = 'app-passwords'; PRAGMA user_version = 1`,
  );
  file.close();
  await using again = await setUp({ dataDir: folder.path });
  assert.equal(await again.verify('fred', 'secret'), 'right');
  const { password } = await again.appPasswords.add(fred, { label: 'phone' });
  assert.equal(await again.verify('fred', password), 'right');
});

test('there are bounds', async () => {
  await using it = await setUp();
  await it.managed.create(fred, {});
  for (const label of ['', 'x'.repeat(101), 'a\nb']) {
    await assert.rejects(it.appPasswords.add(fred, { label }), { code: 'CANNOT' });
  }
  for (let n = 0; n < MAX_APP_PASSWORDS; n++) await it.appPasswords.add(fred, { label: `n${n}` });
  await assert.rejects(it.appPasswords.add(fred, { label: 'more' }), { code: 'LIMIT' });
});

test('angarium users app-password', async () => {
  await using it = await setUp();
  await it.managed.create(fred, {});
  const added = await it.run('users app-password', ['add', 'Fred'], {
    label: 'phone',
    services: 'imap',
    days: '30',
  });
  const [password = ''] = added.text.split('\n');
  assert.equal(await it.verify('fred', password), 'right');
  assert.equal(await it.verify('fred', password, 'pop'), 'wrong');
  const listed = await it.run('users app-password', ['list', 'fred']);
  const [, id = ''] = /^(\w{8}) {2}phone {2}imap {2}until \d{4}-\d\d-\d\d {2}used /.exec(listed.text) ?? [];
  assert.equal((await it.run('users app-password', ['remove', 'fred', id])).text, `removed ${id}`);
  assert.equal((await it.run('users app-password', ['list', 'fred'])).text, 'no application passwords');
  for (const [args, options] of [
    [['add', 'fred'], {}],
    [['add', 'fred'], { label: 'x', days: '0' }],
    [['remove', 'fred'], {}],
    [['show', 'fred'], {}],
  ] as const) {
    await assert.rejects(it.run('users app-password', [...args], options), { exitStatus: 2 });
  }
});

test('angarium users groups', async () => {
  await using it = await setUp();
  await it.managed.create(fred, { groups: ['staff'] });
  await it.managed.create('wilma' as UserId, {});
  const groups = async (args: string[], options = {}) => (await it.run('users groups', args, options)).text;
  assert.equal(await groups([]), 'staff: fred');
  assert.equal(await groups(['wilma']), 'wilma is in no group');
  assert.equal(await groups(['wilma'], { add: 'staff,quarry' }), 'wilma: quarry, staff');
  assert.equal(await groups(['fred'], { remove: 'staff,none' }), 'fred is in no group');
  assert.equal(await groups([]), 'quarry: wilma\nstaff: wilma');
  await assert.rejects(groups(['nobody']), /no account/);
  await assert.rejects(groups(['fred'], { add: 'a b' }), { exitStatus: 2 });
  await assert.rejects(groups([], { add: 'a' }), { exitStatus: 2 });
});
