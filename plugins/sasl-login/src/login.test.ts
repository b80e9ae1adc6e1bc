import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PasswordVerdict, SaslEnvironment, SaslStep, UserId } from '@angarium/sdk';
import { MailError } from '@angarium/sdk';
import fc from 'fast-check';
import { login } from './login.js';

function start(verdict: PasswordVerdict = 'right', asked: string[] = []) {
  return login.start({
    normalise(name: string) {
      if (name.includes('/') || name === '') throw new MailError('CANNOT', 'no name');
      return name.toLowerCase() as UserId;
    },
    async verify(user: UserId, password: string) {
      asked.push(`${user} ${password}`);
      return verdict;
    },
  } as SaslEnvironment);
}

const challengeOf = (step: SaslStep) => ('challenge' in step ? Buffer.from(step.challenge).toString() : step);

test('name, then password', async () => {
  const asked: string[] = [];
  const exchange = start('right', asked);
  assert.equal(challengeOf(await exchange.step(undefined)), 'Username:');
  assert.equal(challengeOf(await exchange.step(Buffer.from('Fred'))), 'Password:');
  assert.deepEqual(await exchange.step(Buffer.from(' pä ss')), { user: 'fred', actAs: undefined });
  assert.deepEqual(asked, ['fred  pä ss']);
});

test('the name may come as the initial response', async () => {
  const exchange = start();
  assert.equal(challengeOf(await exchange.step(Buffer.from('fred'))), 'Password:');
  assert.deepEqual(await exchange.step(Buffer.from('x')), { user: 'fred', actAs: undefined });
});

test('whatever is wrong is found out after the password', async () => {
  for (const [name, password, verdict] of [
    ['fred', 'x', 'wrong'],
    ['fred', 'x', 'unknown'],
    ['fr/ed', 'x', 'right'],
    ['', 'x', 'right'],
    ['fred', '', 'right'],
  ] as const) {
    const exchange = start(verdict);
    await exchange.step(Buffer.from(name));
    await assert.rejects(exchange.step(Buffer.from(password)), { code: 'AUTHENTICATIONFAILED' });
  }
});

test('NUL, what is no UTF-8 and endless names break the grammar', async () => {
  for (const octets of [Buffer.from('a\0b'), Buffer.of(0xff), Buffer.alloc(2000, 'x')]) {
    await assert.rejects(start().step(octets), { code: 'CLIENTBUG' });
  }
});

test('no message makes it fail in another way', async () => {
  const octets = fc.uint8Array({ maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(octets, octets, async (name, password) => {
      const exchange = start('wrong');
      const codes = ['AUTHENTICATIONFAILED', 'CLIENTBUG'];
      await assert.rejects(
        async () => {
          await exchange.step(name);
          await exchange.step(password);
        },
        (error: MailError) => codes.includes(error.code),
      );
    }),
  );
});
