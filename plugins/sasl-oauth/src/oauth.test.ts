import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { MailError, type SaslEnvironment, type UserId } from '@angarium/sdk';
import { ManualClock, temporaryFolder } from '@angarium/testing';
import fc from 'fast-check';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { type OauthConfig, serverUrl } from './config.js';
import { Introspection } from './introspection.js';
import { JwtCheck } from './jwt-check.js';
import { oauthMechanism } from './mechanism.js';
import { parseOauthBearer, parseXoauth2 } from './messages.js';
import type { TokenCheck } from './token.js';

const NOW = 1_700_000_000;
const clock = new ManualClock(NOW * 1000);
const config: OauthConfig = {
  mechanisms: ['OAUTHBEARER', 'XOAUTH2'],
  algorithms: ['RS256', 'ES256'],
  issuer: 'https://idp.example',
  audience: 'imap',
  scope: 'mail',
  userClaim: 'sub',
  clockSkewSeconds: 30,
  timeoutSeconds: 2,
  openidConfiguration: 'https://idp.example/.well-known/openid-configuration',
};
const pair = await generateKeyPair('ES256');
const stranger = await generateKeyPair('ES256');
const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256' }] };

/** The authorization server: /jwks, /introspect, and what else a test puts there. */
let server: Server;
let base = '';
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void = () => {};
before(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const good: JWTPayload = {
  sub: 'Fred',
  scope: 'openid mail',
  iss: config.issuer,
  aud: ['imap', 'x'],
  exp: NOW + 60,
};

async function token(changes: JWTPayload = {}, key = pair.privateKey, kid = 'one'): Promise<string> {
  return new SignJWT({ ...good, ...changes }).setProtectedHeader({ alg: 'ES256', kid }).sign(key);
}

const announced: string[] = [];
const environment = {
  normalise(name: string) {
    if (name.includes('/')) throw new MailError('CANNOT', 'no name');
    return name.toLowerCase() as UserId;
  },
  announce: async (claim: string) => void announced.push(claim),
} as unknown as SaslEnvironment;

function fileCheck(): JwtCheck {
  const folder = temporaryFolder();
  after(() => folder[Symbol.dispose]());
  writeFileSync(join(folder.path, 'keys.json'), JSON.stringify(jwks));
  return new JwtCheck(config, 'keys.json', folder.path, clock);
}

function exchange(checks: readonly TokenCheck[], name: 'OAUTHBEARER' | 'XOAUTH2' = 'OAUTHBEARER') {
  return oauthMechanism(name, { config, checks }).start(environment);
}

const bearerMessage = (bearer: string, gs2 = 'n,,') =>
  Buffer.from(`${gs2}\x01host=h\x01port=143\x01auth=Bearer ${bearer}\x01\x01`);

/** The status that the client is told; then the exchange must fail. */
async function refusal(bearer: string, checks: readonly TokenCheck[] = [fileCheck()]): Promise<unknown> {
  const running = exchange(checks);
  const step = await running.step(bearerMessage(bearer));
  assert.ok('challenge' in step, 'the token was taken');
  await assert.rejects(running.step(Buffer.from('\x01')), { code: 'AUTHENTICATIONFAILED' });
  return JSON.parse(Buffer.from(step.challenge).toString());
}

test('a good token lets its user in, as himself or as another', async () => {
  const check = fileCheck();
  const step = (gs2: string, bearer: string) => exchange([check]).step(bearerMessage(bearer, gs2));
  assert.deepEqual(await step('n,,', await token()), { user: 'fred', actAs: undefined });
  assert.deepEqual(await step('n,a=fred,', await token()), { user: 'fred', actAs: 'fred' });
  assert.deepEqual(await step('y,a=Wil=2Cma,', await token()), { user: 'fred', actAs: 'wil,ma' });
  assert.ok(announced.includes('Wil,ma'));
  const xoauth2 = Buffer.from(`user=fred\x01auth=Bearer ${await token()}\x01\x01`);
  assert.deepEqual(await exchange([check], 'XOAUTH2').step(xoauth2), { user: 'fred', actAs: 'fred' });
});

test('wrong tokens: expired, early, for others, unsigned, wrongly signed, by a shared secret', async () => {
  const invalid = {
    status: 'invalid_token',
    scope: 'mail',
    'openid-configuration': config.openidConfiguration,
  };
  const secret = new SignJWT(good).setProtectedHeader({ alg: 'HS256' });
  const { exp: _, ...endless } = good;
  const noExp = new SignJWT(endless).setProtectedHeader({ alg: 'ES256', kid: 'one' });
  const tokens = [
    await token({ exp: NOW - 31 }),
    await token({ nbf: NOW + 31 }),
    await token({ iss: 'https://evil.example' }),
    await token({ aud: 'other' }),
    await token({ sub: '' }),
    new UnsecuredJWT(good).encode(),
    await token({}, stranger.privateKey),
    await token({}, stranger.privateKey, 'two'),
    await secret.sign(Buffer.from(JSON.stringify(jwks.keys[0]))),
    await noExp.sign(pair.privateKey),
    'opaque',
    `${'x'.repeat(10_000)}.y.z`,
  ];
  for (const wrong of tokens) assert.deepEqual(await refusal(wrong), invalid, wrong.slice(0, 60));
  assert.deepEqual(await refusal(await token({ scope: 'openid' })), {
    ...invalid,
    status: 'insufficient_scope',
  });
});

test('clocks may differ by clockSkewSeconds', async () => {
  assert.ok('user' in (await exchange([fileCheck()]).step(bearerMessage(await token({ exp: NOW - 29 })))));
});

test('XOAUTH2 is refused in its own words', async () => {
  const running = exchange([fileCheck()], 'XOAUTH2');
  const step = await running.step(Buffer.from('user=fred\x01auth=Bearer x\x01\x01'));
  assert.ok('challenge' in step);
  assert.equal(JSON.parse(Buffer.from(step.challenge).toString()).status, '401');
  await assert.rejects(running.step(Buffer.alloc(0)), { code: 'AUTHENTICATIONFAILED' });
});

test('keys come from a URL and are kept; a server that does not answer is a temporary failure', async () => {
  let asked = 0;
  answer = (request, response) => {
    asked++;
    assert.equal(request.url, '/jwks');
    response.end(JSON.stringify(jwks));
  };
  const check = new JwtCheck(config, `${base}/jwks`, '/', clock);
  for (let n = 0; n < 3; n++)
    assert.ok('user' in (await exchange([check]).step(bearerMessage(await token()))));
  assert.equal(asked, 1);
  const failures: (typeof answer)[] = [
    (_, response) => response.writeHead(500).end('{}'),
    (_, response) => response.end('no json'),
    (_, response) => void response.destroy(),
    () => {}, // silence
  ];
  for (const failure of failures) {
    answer = failure;
    const broken = new JwtCheck({ ...config, timeoutSeconds: 0.2 }, `${base}/jwks`, '/', clock);
    await assert.rejects(exchange([broken]).step(bearerMessage(await token())), { code: 'UNAVAILABLE' });
  }
  const noFile = new JwtCheck(config, '/nowhere/keys.json', '/', clock);
  await assert.rejects(exchange([noFile]).step(bearerMessage(await token())), { code: 'UNAVAILABLE' });
});

test('introspection: good answers are remembered until they end, bad ones are not', async () => {
  const bodies: string[] = [];
  let claims: Record<string, unknown> = { active: true, sub: 'fred', scope: 'mail', exp: NOW + 20 };
  answer = (request, response, body) => {
    bodies.push(`${request.headers.authorization} ${body}`);
    response.end(JSON.stringify(claims));
  };
  const time = new ManualClock(NOW * 1000);
  const settings = { url: `${base}/introspect`, clientId: 'a:b', clientSecret: 's%', cacheSeconds: 60 };
  const check = new Introspection(config, settings, time);
  const login = () => exchange([check]).step(bearerMessage('opaque-token'));
  assert.deepEqual(await login(), { user: 'fred', actAs: undefined });
  await login();
  const basic = Buffer.from('a%3Ab:s%25').toString('base64');
  assert.deepEqual(bodies, [`Basic ${basic} token=opaque-token&token_type_hint=access_token`]);
  await time.advance(20_000);
  claims = { active: false };
  assert.deepEqual(((await refusal('opaque-token', [check])) as { status: string }).status, 'invalid_token');
  assert.equal(bodies.length, 2);
  for (const wrong of [
    { active: 'true', sub: 'fred' },
    { active: true, sub: 'fred', iss: 'https://evil.example' },
    { active: true, sub: 'fred', aud: 'other' },
    { active: true, sub: 'fred', exp: NOW - 100 },
  ]) {
    claims = wrong;
    await refusal('opaque-token', [check]);
  }
});

test('introspection that fails, answers nonsense or without end is a temporary failure', async () => {
  const settings = { url: `${base}/introspect`, cacheSeconds: 60 };
  const check = new Introspection({ ...config, timeoutSeconds: 0.2 }, settings, clock);
  const failures: (typeof answer)[] = [
    (_, response) => response.writeHead(401).end('{}'),
    (_, response) => response.writeHead(302, { location: '/other' }).end(),
    (_, response) => response.end('[]'),
    (_, response) => response.end('x'.repeat(100_000)),
    () => {},
  ];
  for (const failure of failures) {
    answer = failure;
    await assert.rejects(exchange([check]).step(bearerMessage('t')), { code: 'UNAVAILABLE' });
  }
});

test('with both checks a revoked token is noticed', async () => {
  answer = (_, response) => response.end(JSON.stringify({ active: false }));
  const revoked = new Introspection(config, { url: `${base}/introspect`, cacheSeconds: 0 }, clock);
  await refusal(await token(), [fileCheck(), revoked]);
});

test('http only within this machine', () => {
  for (const url of ['https://a.example/x', 'http://localhost:1/', 'http://127.0.0.1/', 'http://[::1]/'])
    serverUrl(url, 'x');
  for (const url of ['http://a.example/', 'ftp://localhost/', 'http://127.0.0.1.evil.example/', 'nonsense']) {
    assert.throws(() => serverUrl(url, 'x'));
  }
});

test('messages: the examples of RFC 7628 §4.1, and what is none', () => {
  const example =
    'n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01';
  assert.deepEqual(parseOauthBearer(example), {
    claim: 'user@example.com',
    token: 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==',
  });
  for (const text of [
    '',
    'n,,',
    'n,,\x01auth=Bearer x\x01',
    'n,,\x01\x01',
    'n,,auth=Bearer x\x01\x01',
    'p=tls-exporter,,\x01auth=Bearer x\x01\x01',
    'n,,\x01auth=Basic x\x01\x01',
    'n,,\x01auth=Bearer a b\x01\x01',
    'n,,\x01auth=Bearer x\x01auth=Bearer y\x01\x01',
    'n,,\x01a b=c\x01auth=Bearer x\x01\x01',
  ]) {
    assert.equal(parseOauthBearer(text), undefined, JSON.stringify(text));
  }
  for (const text of [
    'auth=Bearer x\x01\x01',
    'user=\x01auth=Bearer x\x01\x01',
    'user=a\x01auth=Bearer x\x01',
  ]) {
    assert.equal(parseXoauth2(text), undefined, JSON.stringify(text));
  }
});

test('no octets whatever are taken', async () => {
  const check: TokenCheck = { check: async () => assert.fail('asked') };
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (octets) => {
      await assert.rejects(exchange([check]).step(octets), { code: 'CLIENTBUG' });
    }),
  );
});
