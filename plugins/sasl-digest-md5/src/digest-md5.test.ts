import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailError, type SaslEnvironment, type UserId } from '@angarium/sdk';
import fc from 'fast-check';
import { digestOf } from './digest.js';
import { parseDirectives, quoted } from './directives.js';
import { digestMd5 } from './exchange.js';

const environment = (service = 'imap') =>
  ({
    context: { service },
    normalise(name: string) {
      if (name.includes('/')) throw new MailError('CANNOT', 'no name');
      return name.toLowerCase() as UserId;
    },
    plainSecret: async (user: UserId) => ({ chris: 'secret', jürgen: 'gruß' })[user as string],
  }) as unknown as SaslEnvironment;

/** The example of RFC 2831 §4. */
const example = {
  username: 'chris',
  realm: 'elwood.innosoft.com',
  password: 'secret',
  nonce: 'OA6MG9tEQGm2hh',
  cnonce: 'OA6MHXh6VqTrRk',
  nonceCount: '00000001',
  digestUri: 'imap/elwood.innosoft.com',
  authzid: undefined,
};

test('the example of RFC 2831 §4', () => {
  assert.equal(digestOf(example, 'client'), 'd388dad90d4bbd760a152321f2143af7');
  assert.equal(digestOf(example, 'server'), 'ea40f60335c427b5527b84dbabcdfffd');
});

async function respond(
  changes: Record<string, string | undefined> = {},
  password = 'secret',
  service = 'imap',
) {
  const exchange = digestMd5('elwood.innosoft.com').start(environment(service));
  const first = await exchange.step(undefined);
  assert.ok('challenge' in first);
  const asked = parseDirectives(Buffer.from(first.challenge).toString());
  assert.deepEqual(
    [asked?.get('qop'), asked?.get('algorithm'), asked?.get('charset')],
    ['auth', 'md5-sess', 'utf-8'],
  );
  const input = {
    ...example,
    nonce: asked?.get('nonce') ?? '',
    password,
    username: changes['username'] ?? 'chris',
    authzid: changes['authzid'],
    digestUri: changes['digest-uri'] ?? example.digestUri,
  };
  const directives: Record<string, string | undefined> = {
    username: input.username,
    realm: input.realm,
    nonce: input.nonce,
    cnonce: input.cnonce,
    nc: '00000001',
    qop: 'auth',
    'digest-uri': input.digestUri,
    response: digestOf(input, 'client'),
    charset: 'utf-8',
    ...changes,
  };
  const given = Object.entries(directives).filter(([, value]) => value !== undefined);
  const text = given.map(([name, value]) => `${name}=${quoted(value ?? '')}`).join(',');
  const step = await exchange.step(Buffer.from(text));
  assert.ok('user' in step);
  return { ...step, expected: `rspauth=${digestOf(input, 'server')}` };
}

test('the right password; the server proves itself with rspauth', async () => {
  const step = await respond();
  assert.deepEqual([step.user, step.actAs], ['chris', undefined]);
  assert.equal(Buffer.from(step.data ?? []).toString(), step.expected);
  assert.equal((await respond({ authzid: 'wilma' })).actAs, 'wilma');
  assert.equal((await respond({ username: 'Jürgen' }, 'gruß')).user, 'jürgen');
  assert.equal((await respond({ 'digest-uri': 'smtp/any' }, 'secret', 'lmtp')).user, 'chris');
});

const wrong: [string, Record<string, string | undefined>, string?][] = [
  ['a wrong password', {}, 'wrong'],
  ['an unknown user', { username: 'nobody' }],
  ['a name that is none', { username: 'a/b' }],
  ['a replayed nonce', { nonce: 'OA6MG9tEQGm2hh' }],
  ['a nonce count above one', { nc: '00000002' }],
  ['another realm', { realm: 'evil.example' }],
  ['another service', { 'digest-uri': 'ldap/elwood.innosoft.com' }],
];
for (const [what, changes, password] of wrong) {
  test(`${what} fails`, async () => {
    await assert.rejects(respond(changes, password), { code: 'AUTHENTICATIONFAILED' });
  });
}

test('incomplete responses, and security layers, break the mechanism', async () => {
  for (const changes of [
    { username: undefined },
    { cnonce: undefined },
    { 'digest-uri': undefined, response: 'x' },
    { response: 'abc' },
    { qop: 'auth-conf' },
    { cnonce: 'x'.repeat(5000) },
  ]) {
    await assert.rejects(respond(changes), { code: 'CLIENTBUG' }, JSON.stringify(changes).slice(0, 60));
  }
});

test('lists of directives are read as they were written', () => {
  assert.deepEqual(
    parseDirectives('a=b, c="d,\\"e" ,,F=1'),
    new Map([
      ['a', 'b'],
      ['c', 'd,"e'],
      ['f', '1'],
    ]),
  );
  for (const text of ['a', 'a=', '=b', 'a="b', 'a=b c=d', 'a=1,a=2', 'a="b"c']) {
    assert.equal(parseDirectives(text), undefined, text);
  }
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string()), (values) => {
      const text = Object.entries(values)
        .map(([name, value]) => `${name}=${quoted(value)}`)
        .join(',');
      assert.deepEqual(parseDirectives(text), new Map(Object.entries(values)));
    }),
  );
});

test('no octets whatever are taken, or break it otherwise than by its errors', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (octets) => {
      const exchange = digestMd5('r').start(environment());
      await exchange.step(undefined);
      await assert.rejects(exchange.step(octets), { name: 'MailError' });
    }),
  );
});
