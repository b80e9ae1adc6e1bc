import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  MailError,
  type MailErrorCode,
  type PasswordSource,
  type Registry,
  type UserId,
} from '@angarium/sdk';
import { Passwords } from './passwords.js';

const fred = 'fred' as UserId;
const context = { service: 'imap', remoteAddress: '192.0.2.1' };

function registryOf<T>(...items: T[]): Registry<T> {
  return { items } as unknown as Registry<T>;
}

function failingWith(code: MailErrorCode): PasswordSource {
  const fail = async () => {
    throw new MailError(code, 'no');
  };
  return { name: code, verify: fail, scramKeys: fail, plainSecret: fail };
}

test('damaged keys are as good as none, so that the exchange does not tell who has some; being away is told', async () => {
  const keys = {
    salt: new Uint8Array(1),
    iterations: 4096,
    storedKey: new Uint8Array(32),
    serverKey: new Uint8Array(32),
  };
  const good: PasswordSource = {
    name: 'good',
    verify: async () => 'unknown',
    scramKeys: async () => keys,
    plainSecret: async () => 'secret',
  };
  const passwords = (...sources: PasswordSource[]) =>
    new Passwords(registryOf(...sources), registryOf(), registryOf());
  const damaged = failingWith('CANNOT');
  assert.equal(await passwords(damaged).scramKeys(fred, 'SHA-256', context), undefined);
  assert.equal(await passwords(damaged, good).scramKeys(fred, 'SHA-256', context), keys);
  assert.equal(await passwords(damaged).plainSecret(fred, context), undefined);
  assert.equal(await passwords(damaged, good).plainSecret(fred, context), 'secret');
  const away = passwords(failingWith('UNAVAILABLE'), good);
  await assert.rejects(away.scramKeys(fred, 'SHA-256', context), { code: 'UNAVAILABLE' });
  await assert.rejects(away.plainSecret(fred, context), { code: 'UNAVAILABLE' });
});
