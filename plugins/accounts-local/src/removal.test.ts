import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailError, USER_BELONGINGS, type UserId } from '@angarium/sdk';
import { setUp } from './set-up.test.support.js';

const fred = 'fred' as UserId;

test('what is kept for a user goes before his account, and nobody comes in meanwhile', async () => {
  await using it = await setUp();
  await it.managed.create(fred, { password: 'secret' });
  const seen: unknown[] = [];
  for (const name of ['codes', 'keys']) {
    it.kernel.get(USER_BELONGINGS).add({
      name,
      owners: async () => [],
      remove: async (user) => {
        seen.push([name, user, (await it.accounts.find(user))?.isDisabled]);
      },
    });
  }
  await it.run('users remove', ['Fred']);
  assert.deepEqual(seen, [
    ['codes', 'fred', true],
    ['keys', 'fred', true],
  ]);
  assert.equal(await it.accounts.find(fred), undefined);
  await assert.rejects(it.managed.remove(fred), { code: 'NONEXISTENT' });
  assert.equal(seen.length, 2);
});

test('when it fails halfway the account is there, disabled, and can be removed again', async () => {
  await using it = await setUp();
  await it.managed.create(fred, { password: 'secret' });
  let isDown = true;
  it.kernel.get(USER_BELONGINGS).add({
    name: 'keys',
    owners: async () => [],
    remove: async () => {
      if (isDown) throw new MailError('UNAVAILABLE', 'not now');
    },
  });
  await assert.rejects(it.managed.remove(fred), { code: 'UNAVAILABLE' });
  assert.equal((await it.accounts.find(fred))?.isDisabled, true);
  isDown = false;
  await it.managed.remove(fred);
  assert.equal(await it.accounts.find(fred), undefined);
});

test("an account that another source's stands before takes nothing along", async () => {
  await using it = await setUp();
  await it.managed.create(fred, {});
  const before = { user: fred, displayName: 'LDAP', groups: [], isDisabled: false, attributes: {} };
  it.accounts.find = async () => before;
  it.kernel.get(USER_BELONGINGS).add({
    name: 'keys',
    owners: async () => [],
    remove: async () => assert.fail('they are of the other account'),
  });
  await it.managed.remove(fred);
  assert.equal(await it.source.verify(fred, 'x', { service: 'imap', remoteAddress: '' }), 'unknown');
});
