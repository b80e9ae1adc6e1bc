import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImapTestClient, type SaslClient } from '@angarium/testing';
import { run, without } from '../support/tools.js';
import { authenticate, startServer } from './support.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256' }] };

function token(user: string, secondsLeft = 600): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    sub: user,
    iss: 'https://idp.example',
    aud: 'imap',
    exp: Math.floor(Date.now() / 1000) + secondsLeft,
  };
  const signed = `${encode({ alg: 'ES256', kid: 'k1' })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

const messages = {
  OAUTHBEARER: (user: string, bearer: string) => `n,a=${user},\x01auth=Bearer ${bearer}\x01\x01`,
  XOAUTH2: (user: string, bearer: string) => `user=${user}\x01auth=Bearer ${bearer}\x01\x01`,
};

/** Answers an error challenge as RFC 7628 §3.2.3 says, and keeps it. */
function bearer(mechanism: keyof typeof messages, user: string, text: string) {
  const errors: string[] = [];
  const initial = Buffer.from(messages[mechanism](user, text));
  const client: SaslClient = {
    initial,
    respond(challenge) {
      if (challenge.length === 0) return initial;
      errors.push(challenge.toString());
      return Buffer.from('\x01');
    },
  };
  return { client, errors };
}

const settings = (jwksPlace: string) =>
  JSON.stringify({
    issuer: 'https://idp.example',
    audience: 'imap',
    jwks: jwksPlace,
    openidConfiguration: 'https://idp.example/c',
  });

test('tokens log in over IMAP, and refused ones say what is wrong', async () => {
  const server = createServer((_, response) => void response.end(JSON.stringify(jwks)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  try {
    await using angarium = await startServer({ set: { 'plugins.sasl-oauth': settings(url) } });
    for (const mechanism of ['OAUTHBEARER', 'XOAUTH2'] as const) {
      for (const isInitial of [true, false]) {
        const login = async (user: string, text: string) => {
          const client = await ImapTestClient.connect(angarium.port('imap'));
          await client.line();
          const { client: sasl, errors } = bearer(mechanism, user, text);
          const answer = await authenticate(client, mechanism, sasl, { isInitial });
          // The session goes on, and takes a right one.
          const again = bearer(mechanism, 'fred', token('fred'));
          if (!answer.startsWith('OK'))
            assert.match(await authenticate(client, mechanism, again.client), /^OK/);
          client.destroy();
          return { answer, errors };
        };
        assert.match((await login('fred', token('fred'))).answer, /^OK/);
        assert.match((await login('fred', token('admin'))).answer, /^OK/);
        assert.match((await login('admin', token('fred'))).answer, /^NO \[AUTHORIZATIONFAILED\]/);
        assert.match((await login('nobody', token('nobody'))).answer, /^NO \[AUTHENTICATIONFAILED\]/);
        for (const wrong of [
          token('fred', -60),
          `${token('fred').slice(0, -4)}AAAA`,
          'x',
          'x'.repeat(10_000),
        ]) {
          const { answer, errors } = await login('fred', wrong);
          assert.match(answer, /^NO \[AUTHENTICATIONFAILED\] Authentication failed/);
          const [error] = errors.map((text) => JSON.parse(text));
          assert.equal(error.status, mechanism === 'OAUTHBEARER' ? 'invalid_token' : '401');
          assert.equal(error['openid-configuration'], 'https://idp.example/c');
        }
      }
    }
    assert.match(angarium.output, /"msg":"login failed"/);
    assert.ok(!angarium.output.includes(token('fred').split('.')[0] ?? '?'), 'a token is in the log');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('an authorization server that is gone is a temporary failure', async () => {
  await using angarium = await startServer({
    set: { 'plugins.sasl-oauth': settings('http://127.0.0.1:9/jwks') },
  });
  const client = await ImapTestClient.connect(angarium.port('imap'));
  await client.line();
  const { client: sasl } = bearer('OAUTHBEARER', 'fred', token('fred'));
  assert.match(await authenticate(client, 'OAUTHBEARER', sasl), /^NO \[UNAVAILABLE\]/);
  client.destroy();
});

test('curl logs in with both', { skip: without('curl') }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oauth-'));
  try {
    const file = join(folder, 'jwks.json');
    writeFileSync(file, JSON.stringify(jwks));
    for (const mechanism of ['OAUTHBEARER', 'XOAUTH2']) {
      // curl takes the better one, whatever it is told.
      const only = { ...JSON.parse(settings(file)), mechanisms: [mechanism] };
      await using angarium = await startServer({ set: { 'plugins.sasl-oauth': JSON.stringify(only) } });
      const curl = (text: string) =>
        run('curl', [
          ...['--silent', '--show-error', '--user', 'fred', '--oauth2-bearer', text],
          `imap://127.0.0.1:${angarium.port('imap')}/`,
        ]);
      const { code, output } = await curl(token('fred'));
      assert.equal(code, 0, output);
      assert.match(output, /\* LIST .*INBOX/);
      assert.match(angarium.output, new RegExp(`"mechanism":"${mechanism}".*"user":"fred","msg":"login"`));
      assert.notEqual((await curl(token('fred', -60))).code, 0);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
