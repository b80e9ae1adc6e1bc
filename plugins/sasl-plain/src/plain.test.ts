import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PasswordVerdict, SaslEnvironment, UserId } from '@angarium/sdk';
import { MailError } from '@angarium/sdk';
import fc from 'fast-check';
import { plain } from './plain.js';
import { parsePlainMessage } from './plain-message.js';

function environment(verdict: PasswordVerdict = 'right', asked: string[] = []): SaslEnvironment {
  return {
    normalise(name: string) {
      if (name.includes('/')) throw new MailError('CANNOT', 'no name');
      return name.toLowerCase() as UserId;
    },
    async verify(user: UserId, password: string) {
      asked.push(`${user} ${password}`);
      return verdict;
    },
  } as SaslEnvironment;
}

const bytes = (text: string) => Buffer.from(text, 'utf8');
const step = (text: string, from = environment()) => plain.start(from).step(bytes(text));

test('the examples of RFC 4616 §4', async () => {
  assert.deepEqual(await step('\0tim\0tanstaaftanstaaf'), { user: 'tim', actAs: undefined });
  assert.deepEqual(await step('Ursel\0Kurt\0xipj3plmq'), { user: 'kurt', actAs: 'ursel' });
});

test('without an initial response it is asked for with an empty challenge', async () => {
  const exchange = plain.start(environment());
  assert.deepEqual(await exchange.step(undefined), { challenge: new Uint8Array(0) });
  assert.deepEqual(await exchange.step(bytes('\0fred\0pass')), { user: 'fred', actAs: undefined });
});

const malformed = [
  '',
  '\0',
  '\0\0',
  'fred\0pass',
  '\0fred\0',
  '\0\0pass',
  '\0fred\0pa\0ss',
  'a\0b\0c\0',
  'fred',
];
for (const text of malformed) {
  test(`${JSON.stringify(text)} breaks the grammar`, async () => {
    await assert.rejects(step(text), { code: 'CLIENTBUG' });
  });
}

test('what is no UTF-8 breaks the grammar', async () => {
  for (const octets of [
    [0, 0xc0, 0x80, 0, 65],
    [0, 0xff, 0, 65],
    [0, 65, 0, 0xed, 0xa0, 0x80],
  ]) {
    await assert.rejects(plain.start(environment()).step(Buffer.from(octets)), { code: 'CLIENTBUG' });
  }
});

test('passwords keep their octets: blanks, BOM, 255 and more of them', async () => {
  const asked: string[] = [];
  for (const password of [' p ', '\ufeffp', 'ü', 'x'.repeat(1000)]) {
    await step(`\0fred\0${password}`, environment('right', asked));
    assert.equal(asked.pop(), `fred ${password}`);
  }
});

test('whom to act as is judged after the password alone', async () => {
  await assert.rejects(step('a/b\0fred\0pass', environment('wrong')), { code: 'AUTHENTICATIONFAILED' });
  await assert.rejects(step('a/b\0fred\0pass'), { code: 'AUTHORIZATIONFAILED' });
  await assert.rejects(step('\0fr/ed\0pass'), { code: 'AUTHENTICATIONFAILED' });
  await assert.rejects(step('\0fred\0pass', environment('unknown')), { code: 'AUTHENTICATIONFAILED' });
});

test('every message of the grammar is read as it was written, and no other is read at all', () => {
  const safe = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(fc.option(safe, { nil: undefined }), safe, safe, (authzid, authcid, password) => {
      const message = bytes(`${authzid ?? ''}\0${authcid}\0${password}`);
      assert.deepEqual(parsePlainMessage(message), { authzid, authcid, password });
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (octets) => {
      const parsed = parsePlainMessage(octets);
      if (parsed === undefined) return;
      const back = bytes(`${parsed.authzid ?? ''}\0${parsed.authcid}\0${parsed.password}`);
      assert.deepEqual(back, Buffer.from(octets));
    }),
  );
});
