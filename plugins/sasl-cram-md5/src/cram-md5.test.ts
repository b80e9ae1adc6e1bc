import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { MailError, type SaslEnvironment, type UserId } from '@angarium/sdk';
import { cramMd5Client } from '@angarium/testing';
import fc from 'fast-check';
import { cramMd5 } from './cram-md5.js';

const environment = {
  normalise(name: string) {
    if (name.includes('/')) throw new MailError('CANNOT', 'no name');
    return name.toLowerCase() as UserId;
  },
  plainSecret: async (user: UserId) => ({ tim: 'tanstaaftanstaaf', 'two words': 'grüße' })[user as string],
} as unknown as SaslEnvironment;

async function begun() {
  const exchange = cramMd5('mail.example.org').start(environment);
  const first = await exchange.step(undefined);
  assert.ok('challenge' in first);
  return { exchange, challenge: Buffer.from(first.challenge) };
}

async function login(user: string, password: string) {
  const { exchange, challenge } = await begun();
  return exchange.step(cramMd5Client(user, password).respond(challenge));
}

test('the digest of RFC 2195 §2', () => {
  const challenge = '<1896.697170952@postoffice.reston.mci.net>';
  const answer = cramMd5Client('tim', 'tanstaaftanstaaf').respond(Buffer.from(challenge)).toString();
  assert.equal(answer, 'tim b913a602c7eda7a495b4e6e7334d3890');
});

test('right and wrong passwords, names with blanks, unknown names', async () => {
  assert.deepEqual(await login('Tim', 'tanstaaftanstaaf'), { user: 'tim', actAs: undefined });
  assert.deepEqual(await login('two words', 'grüße'), { user: 'two words', actAs: undefined });
  for (const [user, password] of [
    ['tim', 'x'],
    ['nobody', ''],
    ['a/b', 'x'],
  ] as const) {
    await assert.rejects(login(user, password), { code: 'AUTHENTICATIONFAILED' });
  }
});

test('a challenge is a msg-id, never the same, and good for one exchange', async () => {
  const one = await begun();
  const other = await begun();
  assert.match(one.challenge.toString(), /^<[0-9a-f]{32}@mail\.example\.org>$/);
  assert.notDeepEqual(one.challenge, other.challenge);
  const replayed = cramMd5Client('tim', 'tanstaaftanstaaf').respond(one.challenge);
  await assert.rejects(other.exchange.step(replayed), { code: 'AUTHENTICATIONFAILED' });
});

test('responses that break the grammar', async () => {
  const digest = createHmac('md5', 'x').digest('hex');
  for (const text of [
    '',
    'tim',
    `tim${digest}`,
    ` ${digest}`,
    `tim ${digest}0`,
    `tim ${digest.slice(1)}`,
    `t\0m ${digest}`,
  ]) {
    const { exchange } = await begun();
    await assert.rejects(exchange.step(Buffer.from(text)), { code: 'CLIENTBUG' }, JSON.stringify(text));
  }
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (octets) => {
      const { exchange } = await begun();
      await assert.rejects(exchange.step(octets), { name: 'MailError' });
    }),
  );
});
