import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scram } from './scram.js';

test('the exchanges of RFC 5802 §5 and RFC 7677 §3', () => {
  const one = new Scram('sha1', 'user', undefined, 'pencil', 'fyko+d2lbbFgONRv9qkxdawL');
  assert.equal(one.first(), 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL');
  assert.equal(
    one.respond('r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096'),
    'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
  );
  assert.throws(() => one.mustBeDone());
  assert.equal(one.respond('v=rmF9pqV8S7suAoZWja4dJRkFsKQ='), '');
  one.mustBeDone();
  const two = new Scram('sha256', 'user', undefined, 'pencil', 'rOprNGfwEbeRWgbNEkqO');
  two.first();
  assert.match(
    two.respond('r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'),
    /,p=dHzbZapWIk4jUhN\+Ute9ytag9zjfMHgsqmmiz7AndVQ=$/,
  );
  assert.throws(() => two.respond('v=AAAA'), /does not know the password/);
});

test('names with `,` and `=`, and whom to act for; a server that is none', () => {
  const scram = new Scram('sha1', 'a,b', 'c=d', 'x', 'abc');
  assert.equal(scram.first(), 'n,a=c=3Dd,n=a=2Cb,r=abc');
  for (const message of [
    '',
    'r=abc,s=AAAA,i=1',
    'r=xyz,s=AAAA,i=1',
    'r=abcd,s=,i=1',
    'r=abcd,s=AAAA,i=0',
    'r=abcd,s=AAAA,i=99999999',
  ])
    assert.throws(
      () => new Scram('sha1', 'a', undefined, 'x', 'abc').respond(message),
      /broke the SCRAM/,
      message,
    );
});
