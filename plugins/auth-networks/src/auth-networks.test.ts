import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailError, type UserId } from '@angarium/sdk';
import { accountsOf, createTestKernel, HookProbe } from '@angarium/testing';

const accounts = accountsOf(
  (user) => ({ groups: user === 'wilma' ? ['staff'] : [] }),
  (text) => {
    if (text.includes('/')) throw new MailError('CANNOT', 'This is no valid user name');
    return text.toLowerCase() as UserId;
  },
);
const probe = new HookProbe();

const rules = [
  { users: ['Admin'], networks: ['127.0.0.0/8', 'unix'] },
  { users: ['admin'], networks: ['2001:db8::/32'] },
  { groups: ['staff'], services: ['imap'], networks: ['192.0.2.0/24'] },
];

const start = (config: Record<string, unknown>) =>
  createTestKernel({ plugins: [accounts, probe, { name: 'auth-networks', config }] });

const cases: readonly [user: string, service: string, address: string, isAdmitted: boolean][] = [
  ['admin', 'imap', '127.0.0.1', true],
  ['admin', 'lmtp', 'unix', true],
  ['admin', 'imap', '2001:db8::7', true],
  ['admin', 'imap', '192.0.2.1', false],
  ['wilma', 'imap', '192.0.2.1', true],
  ['wilma', 'imap', '198.51.100.1', false],
  ['wilma', 'pop', '198.51.100.1', true],
  ['fred', 'imap', '198.51.100.1', true],
];
for (const [user, service, remoteAddress, isAdmitted] of cases) {
  test(`${user} ${isAdmitted ? 'may' : 'may not'} use ${service} from ${remoteAddress}`, async () => {
    await using _ = await start({ rules });
    const attempt = { service, user, remoteAddress, mechanism: 'PLAIN', session: 's', isSecured: true };
    const admitted = Promise.resolve(probe.hooks.hook('auth.attempting').call(attempt));
    if (isAdmitted) await admitted;
    else await assert.rejects(admitted, { code: 'AUTHENTICATIONFAILED' });
  });
}

test('a rule for everybody leaves nobody out', async () => {
  await using _ = await start({ rules: [{ users: ['*'], networks: ['192.0.2.0/24'] }] });
  const attempt = { service: 'imap', user: 'fred', mechanism: 'PLAIN', session: 's', isSecured: true };
  await probe.hooks.hook('auth.attempting').call({ ...attempt, remoteAddress: '192.0.2.1' });
  await assert.rejects(
    Promise.resolve(probe.hooks.hook('auth.attempting').call({ ...attempt, remoteAddress: '::1' })),
  );
});

test('without rules nothing is tapped; what is no network or no user stops the start', async () => {
  await using _ = await start({});
  assert.equal(probe.hooks.hook('auth.attempting').isTapped, false);
  await assert.rejects(
    start({ rules: [{ users: ['a'], networks: ['nowhere'] }] }),
    /"nowhere" is no address/,
  );
  await assert.rejects(start({ rules: [{ users: ['a/b'], networks: [] }] }), /no valid user name/);
});
