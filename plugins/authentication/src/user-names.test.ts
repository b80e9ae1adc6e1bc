import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normaliseDomain, normaliseUserId } from './user-names.js';

const rules = { usernameToLower: true, defaultDomain: 'example.org' };
const normal = (text: string) => normaliseUserId(text, rules);

const accepted: readonly [typed: string, user: string][] = [
  ['fred', 'fred'],
  ['Fred', 'fred'],
  ['Fred@EXAMPLE.org', 'fred'],
  ['fred@Example.net', 'fred@example.net'],
  ['john.doe', 'john.doe'],
  ["o'brien", "o'brien"],
  ['joe+work', 'joe+work'],
  ['JOSE\u0301', 'josé'],
  ['ｆｒｅｄ', 'fred'],
  ['fred@bücher.example', 'fred@bücher.example'],
  ['fred@XN--BCHER-KVA.example', 'fred@bücher.example'],
  ['user1', 'user1'],
];
for (const [typed, user] of accepted) {
  test(`${typed} is ${user}`, () => assert.equal(normal(typed), user));
}

const refused = [
  ...['', '@', 'fred@', '@example.org', 'a@b@c', 'fred@exa mple', 'fred@[127.0.0.1]', 'fred@a..b'],
  ...['user', 'User', 'anyone', 'anonymous', '%x', '-fred', 'group:staff', '.a', 'a.', 'a..b', '~a', '$a'],
  ...[
    'a/b',
    'a*b',
    'a%b',
    'a b',
    'a\u00a0b',
    'a\tb',
    'a\0b',
    'a\u200bb',
    'a\u202eb',
    'a^b',
    'a"b',
    'a\\b',
    'a&b',
  ],
  ...['a\ud800b', 'x'.repeat(256), 'ü'.repeat(128)],
];
for (const typed of refused) {
  test(`${JSON.stringify(typed.slice(0, 20))} is no user id`, () => {
    assert.throws(() => normal(typed), { code: 'CANNOT' });
  });
}

test('case is kept where the manifest says so, domains are folded anyway', () => {
  assert.equal(normaliseUserId('Fred@Example.NET', { ...rules, usernameToLower: false }), 'Fred@example.net');
});

test('without a default domain every domain stays', () => {
  assert.equal(normaliseUserId('fred@example.org', { ...rules, defaultDomain: '' }), 'fred@example.org');
});

test('a user id normalises to itself', () => {
  const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.emailAddress());
  fc.assert(
    fc.property(text, (typed) => {
      let user: string;
      try {
        user = normal(typed);
      } catch {
        return;
      }
      assert.equal(normal(user), user);
      assert.doesNotMatch(user, /[\s/*%"\\\0]/u);
    }),
    { numRuns: 1000 },
  );
});

test('a domain normalises to itself', () => {
  fc.assert(
    fc.property(fc.oneof(fc.domain(), fc.string({ unit: 'grapheme' })), (text) => {
      const domain = normaliseDomain(text);
      if (domain !== undefined) assert.equal(normaliseDomain(domain), domain);
    }),
    { numRuns: 1000 },
  );
});
