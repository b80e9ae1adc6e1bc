import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserId } from '@angarium/sdk';
import { setUp } from './set-up.test.support.js';

const fred = 'fred' as UserId;

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
