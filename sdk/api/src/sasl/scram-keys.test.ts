import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { deriveScramKeys, fitsScramKeys } from './scram-keys.js';

const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');

test('the exchange of RFC 7677 §3 fits the keys', async () => {
  const { storedKey, serverKey } = await deriveScramKeys('pencil', 'SHA-256', { salt, iterations: 4096 });
  const authMessage =
    'n=user,r=rOprNGfwEbeRWgbNEkqO,' +
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,' +
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');
  const signature = createHmac('sha256', storedKey).update(authMessage).digest();
  const clientKey = proof.map((octet, i) => octet ^ signature[i]!);
  assert.deepEqual(createHash('sha256').update(clientKey).digest(), storedKey);
  const verifier = createHmac('sha256', serverKey).update(authMessage).digest('base64');
  assert.equal(verifier, '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});

test('a password fits its own keys, prepared, and no other', async () => {
  for (const hash of ['SHA-1', 'SHA-256', 'SHA-512'] as const) {
    const keys = await deriveScramKeys('IX', hash, { salt, iterations: 16 });
    assert.equal(await fitsScramKeys('I\u00adX', hash, keys), true);
    assert.equal(await fitsScramKeys('Ix', hash, keys), false);
  }
  const keys = await deriveScramKeys('x', 'SHA-1', { salt, iterations: 16 });
  assert.equal(await fitsScramKeys('x', 'SHA-256', keys), false);
});
