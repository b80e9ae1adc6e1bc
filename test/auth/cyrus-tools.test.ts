/** What Cyrus's programs do beside the matrix of mechanisms and protocols (matrix.test.ts). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestServer } from '../support/server.js';
import { run, without } from '../support/tools.js';
import { startServer } from './support.js';

const skip = without('imtest') || without('lmtptest');
let server: TestServer;
before(async () => {
  if (!skip) server = await startServer();
});
after(() => server?.[Symbol.asyncDispose]());

interface Login {
  readonly mechanism?: string;
  readonly user?: string;
  readonly authzid?: string;
  readonly password?: string;
  readonly tls?: boolean;
}

async function imtest({ mechanism, user = 'fred', authzid = user, password = 'secret', tls = false }: Login) {
  const how = [...(mechanism === undefined ? [] : ['-m', mechanism]), ...(tls ? ['-t', ''] : [])];
  const who = ['-a', user, '-u', authzid, '-w', password];
  const args = ['-p', String(server.port('imap')), ...how, ...who, 'localhost'];
  return (await run('imtest', args, { input: '. LOGOUT\r\n' })).output;
}

test('imtest: the command LOGIN, anybody, and an administrator for another', { skip }, async () => {
  assert.match(await imtest({ mechanism: 'login' }), /^Authenticated\.$/m);
  assert.match(await imtest({ mechanism: 'login', password: 'wrong' }), /^Authentication failed\./m);
  assert.match(await imtest({ mechanism: 'ANONYMOUS' }), /^Authenticated\.$/m);
  const acting = await imtest({ mechanism: 'SCRAM-SHA-256', user: 'admin', authzid: 'fred' });
  assert.match(acting, /^Authenticated\.$/m, acting);
  const overreaching = await imtest({ mechanism: 'SCRAM-SHA-256', user: 'fred', authzid: 'admin' });
  assert.match(overreaching, /NO \[AUTHORIZATIONFAILED\]/);
});

test('with TLS it binds to the channel by itself', { skip }, async () => {
  const output = await imtest({ tls: true });
  assert.match(output, /^Authenticated\.$/m, output);
  const [, message = ''] = /^C: A01 AUTHENTICATE SCRAM-SHA-512(?:-PLUS)? (\S+)/m.exec(output) ?? [];
  assert.match(Buffer.from(message, 'base64').toString(), /^p=tls-/, output);
  assert.match(await imtest({ tls: true, password: 'wrong' }), /AUTHENTICATIONFAILED/);
});

test('lmtptest: who is neither administrator nor deliverer hands nothing over', { skip }, async () => {
  const args = ['-p', String(server.port('lmtp')), '-m', 'PLAIN', '-a', 'fred', '-u', 'fred', '-w', 'secret'];
  const { output } = await run('lmtptest', [...args, 'localhost'], { input: 'QUIT\r\n' });
  assert.match(output, /^S: 535 5\.7\.8 You may not hand mail over/m);
});
