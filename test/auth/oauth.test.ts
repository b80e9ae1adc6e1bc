import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImapTestClient } from '@angarium/testing';
import { eventually, run, without } from '../support/tools.js';
import { authenticate, startServer } from './support.js';
import { bearer, jwks, token } from './tokens.test.support.js';

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

test('curl logs in with both, over IMAP and POP3', { skip: without('curl') }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oauth-'));
  try {
    const file = join(folder, 'jwks.json');
    writeFileSync(file, JSON.stringify(jwks));
    for (const mechanism of ['OAUTHBEARER', 'XOAUTH2']) {
      // curl takes the better one, whatever it is told.
      const only = { ...JSON.parse(settings(file)), mechanisms: [mechanism] };
      await using angarium = await startServer({ set: { 'plugins.sasl-oauth': JSON.stringify(only) } });
      for (const [scheme, service] of [
        ['imap', 'imap'],
        ['pop3', 'pop'],
      ] as const) {
        const url = `${scheme}://127.0.0.1:${angarium.port(scheme)}/`;
        const curl = (text: string) =>
          run('curl', ['--silent', '--show-error', '--user', 'fred', '--oauth2-bearer', text, url]);
        const { code, output } = await curl(token('fred'));
        assert.equal(code, 0, output);
        const login = new RegExp(
          `"service":"${service}","mechanism":"${mechanism}".*"user":"fred","msg":"login"`,
        );
        await eventually(() => (login.test(angarium.output) ? true : undefined));
        // CURLE_LOGIN_DENIED
        assert.equal((await curl(token('fred', -60))).code, 67);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
