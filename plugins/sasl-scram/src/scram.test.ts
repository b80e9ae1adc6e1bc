import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { test } from 'node:test';
import type { ScramHash } from '@angarium/sdk';
import { ScramClient, type ScramClientOptions } from '@angarium/testing';
import fc from 'fast-check';
import { type FakeOptions, fakeEnvironment, keysOf } from './environment.test.support.js';
import { ScramExchange } from './exchange.js';
import { type ScramConfig, scramMechanisms } from './mechanisms.js';
import { parseClientFinal, parseClientFirst } from './messages.js';

const config: ScramConfig = {
  mechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
  channelBindings: ['tls-exporter', 'tls-unique', 'tls-server-end-point'],
};
const decoyKey = Buffer.alloc(32, 7);
const salt = Buffer.from('QSXCR+Q6sek8bf92', 'base64');
const exporter = Buffer.alloc(32, 3);
const failed = { code: 'AUTHENTICATIONFAILED' };

function exchange(
  hash: ScramHash,
  options: FakeOptions,
  { isPlus = false, serverNonce }: { isPlus?: boolean; serverNonce?: string } = {},
) {
  const variant = { hash, isPlus, name: `SCRAM-${hash}`, config, decoyKey: createSecretKey(decoyKey) };
  return new ScramExchange(
    { ...variant, ...(serverNonce === undefined ? {} : { serverNonce }) },
    fakeEnvironment(options),
  );
}

const onlyFred = (hash: ScramHash) => (user: string) =>
  user === 'fred' ? keysOf(hash, 'pencil', salt) : undefined;

async function run(
  client: Partial<ScramClientOptions>,
  {
    hash = 'SHA-256' as ScramHash,
    isPlus = false,
    ...options
  }: FakeOptions & { hash?: ScramHash; isPlus?: boolean } = {},
) {
  const server = exchange(hash, { keys: onlyFred(hash), ...options }, { isPlus });
  const scram = new ScramClient({ user: 'fred', password: 'pencil', hash, ...client });
  const first = await server.step(scram.initial);
  assert.ok('challenge' in first);
  const last = await server.step(scram.respond(Buffer.from(first.challenge)));
  assert.ok('user' in last);
  scram.respond(Buffer.from(last.data ?? []));
  return { ...last, isServerVerified: scram.isServerVerified };
}

test('the example of RFC 5802 §5', async () => {
  const server = exchange(
    'SHA-1',
    { keys: () => keysOf('SHA-1', 'pencil', salt) },
    { serverNonce: '3rfcNHYJY1ZVvWVs7j' },
  );
  const first = await server.step(Buffer.from('n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL'));
  assert.ok('challenge' in first);
  assert.equal(
    Buffer.from(first.challenge).toString(),
    'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
  );
  const last = await server.step(
    Buffer.from('c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts='),
  );
  assert.ok('user' in last);
  assert.equal(last.user, 'user');
  assert.equal(Buffer.from(last.data ?? []).toString(), 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=');
});

test('the example of RFC 7677 §3', async () => {
  const server = exchange(
    'SHA-256',
    { keys: () => keysOf('SHA-256', 'pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')) },
    { serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0' },
  );
  await server.step(Buffer.from('n,,n=user,r=rOprNGfwEbeRWgbNEkqO'));
  const last = await server.step(
    Buffer.from(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    ),
  );
  assert.ok('user' in last);
  assert.equal(Buffer.from(last.data ?? []).toString(), 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});

for (const hash of ['SHA-1', 'SHA-256', 'SHA-512'] as const) {
  test(`${hash}: the right password, for himself and for another; each side proves itself`, async () => {
    const himself = await run({}, { hash });
    assert.deepEqual([himself.user, himself.actAs, himself.isServerVerified], ['fred', undefined, true]);
    assert.equal((await run({ authzid: 'Wil,ma=' }, { hash })).actAs, 'wil,ma=');
    await assert.rejects(run({ password: 'pencils' }, { hash }), failed);
  });
}

test('the name is prepared (RFC 5802 §5.1), and what can be no name fails like any other', async () => {
  assert.equal((await run({ user: 'FR\u00adED' })).user, 'fred');
  for (const user of ['fr/ed', 'fr\u0007ed', '\u00ad', 'wilma']) await assert.rejects(run({ user }), failed);
});

test('a wrong authorization identity is told after the proof alone', async () => {
  await assert.rejects(run({ authzid: 'a/b' }), { code: 'AUTHORIZATIONFAILED' });
  await assert.rejects(run({ authzid: 'a/b', password: 'wrong' }), failed);
});

test('an unknown user is shown a salt: always the same, of the usual size, another for each name and hash', async () => {
  const shown = async (user: string, hash: ScramHash = 'SHA-256') => {
    const first = await exchange(hash, { keys: onlyFred(hash) }).step(Buffer.from(`n,,n=${user},r=abc`));
    assert.ok('challenge' in first);
    const text = Buffer.from(first.challenge).toString();
    return text.slice(text.indexOf(',s='));
  };
  const wilma = await shown('wilma');
  assert.match(wilma, /^,s=[A-Za-z0-9+/]{16},i=4096$/);
  assert.equal(await shown('WILMA'), wilma);
  assert.notEqual(await shown('betty'), wilma);
  assert.notEqual(await shown('wilma', 'SHA-512'), wilma);
  assert.equal((await shown('fred')).length, wilma.length);
});

test('a bound exchange needs the data of this very connection', async () => {
  const bindings = { 'tls-exporter': exporter, 'tls-unique': Buffer.from('unique') };
  const bound = (type: string, data: Uint8Array) =>
    run({ binding: { type, data } }, { bindings, isPlus: true, offered: ['SCRAM-SHA-256-PLUS'] });
  assert.equal((await bound('tls-exporter', exporter)).user, 'fred');
  assert.equal((await bound('tls-unique', Buffer.from('unique'))).user, 'fred');
  await assert.rejects(bound('tls-exporter', Buffer.alloc(32, 4)), failed);
  await assert.rejects(bound('tls-exporter', Buffer.alloc(0)), failed);
  await assert.rejects(bound('tls-server-end-point', exporter), failed);
  await assert.rejects(bound('tls-other', exporter), failed);
});

test('channel binding where it does not belong, and none where it does', async () => {
  const bindings = { 'tls-exporter': exporter };
  const binding = { type: 'tls-exporter', data: exporter };
  await assert.rejects(run({ binding }, { bindings }), { code: 'CLIENTBUG' });
  await assert.rejects(run({ binding: 'n' }, { bindings, isPlus: true }), { code: 'CLIENTBUG' });
  await assert.rejects(run({ binding: 'y' }, { bindings, isPlus: true }), { code: 'CLIENTBUG' });
});

test("Cyrus's clients bind and name the mechanism without -PLUS; the binding is checked all the same", async () => {
  const bindings = { 'tls-exporter': exporter };
  const offered = ['SCRAM-SHA-256-PLUS'];
  const bound = (data: Uint8Array) => run({ binding: { type: 'tls-exporter', data } }, { bindings, offered });
  assert.equal((await bound(exporter)).user, 'fred');
  await assert.rejects(bound(Buffer.alloc(32)), failed);
});

test('a client that was talked out of channel binding is stopped (RFC 5802 §6)', async () => {
  const offered = ['SCRAM-SHA-256-PLUS'];
  await assert.rejects(run({ binding: 'y' }, { offered }), failed);
  assert.equal((await run({ binding: 'y' }, { offered: ['SCRAM-SHA-1-PLUS'] })).user, 'fred');
  assert.equal((await run({ binding: 'n' }, { offered })).user, 'fred');
});

test('a changed header, a foreign nonce, a replayed proof are wrong', async () => {
  const begin = async () => {
    const server = exchange('SHA-256', { keys: onlyFred('SHA-256') });
    const client = new ScramClient({ user: 'fred', password: 'pencil', hash: 'SHA-256', nonce: 'abc' });
    const first = await server.step(client.initial);
    assert.ok('challenge' in first);
    return { server, final: client.respond(Buffer.from(first.challenge)).toString() };
  };
  const one = await begin();
  const other = await begin();
  await assert.rejects(other.server.step(Buffer.from(one.final)), failed);
  const header = await begin();
  await assert.rejects(header.server.step(Buffer.from(header.final.replace('c=biws', 'c=eSws'))), failed);
  const short = await begin();
  await assert.rejects(short.server.step(Buffer.from(short.final.replace(/p=.*/, 'p=AAAA'))), failed);
  assert.ok('user' in (await one.server.step(Buffer.from(one.final))));
});

const malformedFirst = [
  'n,,n=user',
  'n,,r=abc,n=user',
  'n,,n=,r=abc',
  'n,,n=us=er,r=abc',
  'n,,n=user,r=',
  'n,,n=user,r=a b',
  'n,,n=user,r=abc,nonsense',
  'user',
  '',
  'x,,n=user,r=abc',
  `n,,n=user,r=${'x'.repeat(2000)}`,
];
for (const text of malformedFirst) {
  test(`${JSON.stringify(text.slice(0, 40))} is no first message`, async () => {
    await assert.rejects(exchange('SHA-1', {}).step(Buffer.from(text)), { code: 'CLIENTBUG' });
  });
}

test('mandatory extensions are refused, optional ones passed over', async () => {
  await assert.rejects(exchange('SHA-1', {}).step(Buffer.from('n,,m=x,n=user,r=abc')), failed);
  assert.ok('challenge' in (await exchange('SHA-1', {}).step(Buffer.from('n,,n=user,r=abc,x=more'))));
  assert.equal(parseClientFirst('n,,m=x,n=user,r=abc'), 'extension');
});

test('broken final messages and broken UTF-8', async () => {
  for (const text of [
    '',
    'c=biws,r=abc',
    'r=abc,c=biws,p=AAAA',
    'c=b*ws,r=abc,p=AAAA',
    'c=biws,r=abc,p=A',
    'c=biws,p=AAAA',
  ]) {
    assert.equal(parseClientFinal(text), undefined, text);
  }
  await assert.rejects(exchange('SHA-1', {}).step(Buffer.from([0x6e, 0xff])), { code: 'CLIENTBUG' });
});

test('no octets whatever make it fail in another way than by its errors', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ maxLength: 60 }), async (a, b) => {
      const server = exchange('SHA-256', { keys: onlyFred('SHA-256') });
      await server.step(Buffer.concat([Buffer.from('n,,n=fred,r=x'), a])).catch(mailErrorOnly);
      await server.step(b).catch(mailErrorOnly);
    }),
  );
});

test('what the manifest names is offered, -PLUS where the connection has a binding', () => {
  const names = scramMechanisms(config, decoyKey).map(({ name }) => name);
  assert.equal(names.length, 6);
  const one = scramMechanisms({ mechanisms: ['SCRAM-SHA-256'], channelBindings: [] }, decoyKey);
  assert.deepEqual(
    one.map(({ name }) => name),
    ['SCRAM-SHA-256'],
  );
  const plus = scramMechanisms(config, decoyKey).find(({ name }) => name === 'SCRAM-SHA-256-PLUS');
  const context = (bindings?: Record<string, Buffer>) =>
    fakeEnvironment(bindings ? { bindings } : {}).context;
  assert.equal(plus?.isAvailable?.(context()), false);
  assert.equal(plus?.isAvailable?.(context({})), false);
  assert.equal(plus?.isAvailable?.(context({ 'tls-unique': exporter })), true);
});

function mailErrorOnly(error: Error) {
  assert.equal(error.name, 'MailError');
}
