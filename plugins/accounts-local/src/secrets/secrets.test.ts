import assert from 'node:assert/strict';
import { test } from 'node:test';
import { preparePassword, type UserId, WorkQueue } from '@angarium/sdk';
import fc from 'fast-check';
import { PlainBox } from './plain-box.js';
import { decodeScramKeys, scramKeysOf } from './scram.js';
import { hashPassword, hasParameters, matches } from './scrypt.js';
import { isCurrent, makeSecret, type SecretPolicy } from './secret.js';

const cheap = { cost: 10, blockSize: 8, parallelization: 1 };
const policy: SecretPolicy = {
  scrypt: cheap,
  scram: ['SHA-256'],
  scramIterations: 4096,
  plainSecrets: false,
};
const fred = 'fred' as UserId;

test('a hash matches its password and no other, whatever its parameters', async () => {
  for (const parameters of [cheap, { cost: 11, blockSize: 4, parallelization: 2 }]) {
    const secret = await hashPassword('tanstaaf', parameters);
    assert.ok(hasParameters(secret, parameters));
    assert.equal(await matches('tanstaaf', secret), true);
    assert.equal(await matches('tanstaaF', secret), false);
    assert.equal(await matches('', secret), false);
  }
});

test('the same password is never stored twice alike', async () => {
  assert.notEqual((await hashPassword('x', cheap)).hash, (await hashPassword('x', cheap)).hash);
});

test('SCRAM keys as in the example of RFC 5802 §5', async () => {
  // From that exchange: the client proof is ClientKey XOR HMAC(StoredKey, AuthMessage); its server signature is given.
  const { createHmac } = await import('node:crypto');
  const keys = decodeScramKeys(
    await scramKeysOf('pencil', 'SHA-1', 4096, Buffer.from('QSXCR+Q6sek8bf92', 'base64')),
  );
  const authMessage =
    'n=user,r=fyko+d2lbbFgONRv9qkxdawL,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,' +
    'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j';
  const signature = createHmac('sha1', keys.serverKey).update(authMessage).digest('base64');
  assert.equal(signature, 'rmF9pqV8S7suAoZWja4dJRkFsKQ=');
});

test('SCRAM keys as in the example of RFC 7677 §3', async () => {
  const { createHmac } = await import('node:crypto');
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  const keys = decodeScramKeys(await scramKeysOf('pencil', 'SHA-256', 4096, salt));
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const authMessage = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonce}`;
  const signature = createHmac('sha256', keys.serverKey).update(authMessage).digest('base64');
  assert.equal(signature, '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});

test('a secret is current until the policy changes', async () => {
  const secret = await makeSecret(fred, 'x', policy, undefined);
  assert.ok(isCurrent(secret, policy));
  assert.ok(!isCurrent(secret, { ...policy, scrypt: { ...cheap, cost: 11 } }));
  assert.ok(!isCurrent(secret, { ...policy, scram: ['SHA-256', 'SHA-1'] }));
  assert.ok(!isCurrent(secret, { ...policy, scram: [] }));
  assert.ok(!isCurrent(secret, { ...policy, scramIterations: 5000 }));
  assert.ok(!isCurrent(secret, { ...policy, plainSecrets: true }));
  assert.ok(!isCurrent({ foreign: '{SHA}x', scram: secret.scram }, policy));
});

test('passwords are prepared as SASLprep says (RFC 4013 §3)', () => {
  assert.equal(preparePassword('I\u00adX'), 'IX');
  assert.equal(preparePassword('user'), 'user');
  assert.equal(preparePassword('\u00aa'), 'a');
  assert.equal(preparePassword('\u2168'), 'IX');
  assert.equal(preparePassword('a\u00a0b'), 'a b');
  assert.equal(preparePassword('e\u0301'), preparePassword('\u00e9'));
});

test('preparing twice changes nothing, and nothing becomes empty', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (password) => {
      const prepared = preparePassword(password);
      assert.notEqual(prepared, '');
      assert.equal(preparePassword(prepared), prepared);
    }),
  );
});

test('the queue runs so many at a time, in order, and turns the rest away', async () => {
  const queue = new WorkQueue(2, 3);
  const begun: number[] = [];
  const finish: (() => void)[] = [];
  const work = (n: number) =>
    queue.run(() => {
      begun.push(n);
      return new Promise<void>((resolve) => finish.push(resolve));
    });
  const all = [1, 2, 3, 4, 5].map(work);
  assert.deepEqual(begun, [1, 2]);
  await assert.rejects(work(6), { code: 'UNAVAILABLE', temporary: true });
  for (let i = 0; i < 5; i++) {
    finish[i]!();
    await new Promise(setImmediate);
  }
  await Promise.all(all);
  assert.deepEqual(begun, [1, 2, 3, 4, 5]);
  await assert.rejects(queue.run(() => Promise.reject(new Error('x'))));
  assert.equal(queue.length, 0);
});

test('a kept password opens for its user with its key alone', () => {
  const box = new PlainBox(Buffer.alloc(32, 1));
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (password) => {
      assert.equal(box.open(fred, box.seal(fred, password)), password);
    }),
  );
  const sealed = box.seal(fred, 'secret');
  assert.ok(!Buffer.from(sealed, 'base64').includes('secret'));
  assert.notEqual(box.seal(fred, 'secret'), sealed);
  assert.equal(box.open('wilma' as UserId, sealed), undefined);
  assert.equal(new PlainBox(Buffer.alloc(32, 2)).open(fred, sealed), undefined);
  for (const damaged of ['', 'AAAA', `A${sealed.slice(1)}`, sealed.slice(0, -8)]) {
    assert.equal(box.open(fred, damaged), undefined);
  }
});
