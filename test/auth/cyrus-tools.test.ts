import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import type { TestServer } from '../support/server.js';
import { findProgram, run } from '../support/tools.js';
import { startServer } from './support.js';

/** Debian keeps them out of the PATH. */
function tool(name: string): string | undefined {
  const path = `/usr/lib/cyrus/bin/${name}`;
  return existsSync(path) ? path : findProgram(name);
}

function skipWithout(name: string): string | false {
  if (tool(name) !== undefined) return false;
  if (process.env['CI'] === 'true') throw new Error(`${name} is not installed, and this is CI`);
  return `${name} is not installed`;
}

interface Login {
  readonly mechanism?: string;
  readonly user?: string;
  readonly authzid?: string;
  readonly password?: string;
  readonly tls?: boolean;
}

async function speak(name: string, goodbye: string, port: number, login: Login): Promise<string> {
  const { mechanism, user = 'fred', authzid = user, password = 'secret', tls = false } = login;
  const args = [
    '-p',
    String(port),
    ...(mechanism === undefined ? [] : ['-m', mechanism]),
    ...(tls ? ['-t', ''] : []),
  ];
  const { output } = await run(
    tool(name)!,
    [...args, '-a', user, '-u', authzid, '-w', password, 'localhost'],
    {
      input: `${goodbye}\r\n`,
    },
  );
  return output;
}

const imtest = (server: TestServer, login: Login) => speak('imtest', '. LOGOUT', server.port('imap'), login);
const lmtptest = (server: TestServer, login: Login) => speak('lmtptest', 'QUIT', server.port('lmtp'), login);

const mechanisms = [
  'PLAIN',
  'LOGIN',
  'CRAM-MD5',
  'DIGEST-MD5',
  'SCRAM-SHA-1',
  'SCRAM-SHA-256',
  'SCRAM-SHA-512',
  'login',
];

test("Cyrus's imtest logs in with each mechanism it knows", { skip: skipWithout('imtest') }, async () => {
  await using server = await startServer();
  for (const mechanism of mechanisms) {
    const output = await imtest(server, { mechanism });
    assert.match(output, /^Authenticated\.$/m, `${mechanism}\n${output}`);
    const refused = await imtest(server, { mechanism, password: 'wrong' });
    assert.match(refused, /^Authentication failed\./m, `${mechanism}\n${refused}`);
  }
  assert.match(await imtest(server, { mechanism: 'ANONYMOUS' }), /^Authenticated\.$/m);
  const acting = await imtest(server, { mechanism: 'SCRAM-SHA-256', user: 'admin', authzid: 'fred' });
  assert.match(acting, /^Authenticated\.$/m, acting);
  const overreaching = await imtest(server, { mechanism: 'SCRAM-SHA-256', user: 'fred', authzid: 'admin' });
  assert.match(overreaching, /NO \[AUTHORIZATIONFAILED\]/);
});

test('with TLS it binds to the channel by itself', { skip: skipWithout('imtest') }, async () => {
  await using server = await startServer();
  const output = await imtest(server, { tls: true });
  assert.match(output, /^Authenticated\.$/m, output);
  const [, message = ''] = /^C: A01 AUTHENTICATE SCRAM-SHA-512(?:-PLUS)? (\S+)/m.exec(output) ?? [];
  assert.match(Buffer.from(message, 'base64').toString(), /^p=tls-/, output);
  assert.match(await imtest(server, { tls: true, password: 'wrong' }), /AUTHENTICATIONFAILED/);
});

test("Cyrus's lmtptest logs an administrator in, and nobody else", {
  skip: skipWithout('lmtptest'),
}, async () => {
  await using server = await startServer();
  for (const mechanism of ['PLAIN', 'LOGIN', 'CRAM-MD5', 'DIGEST-MD5', 'SCRAM-SHA-256']) {
    const output = await lmtptest(server, { mechanism, user: 'admin' });
    assert.match(output, /^Authenticated\.$/m, `${mechanism}\n${output}`);
    assert.match(output, /^S: 235 /m);
    const refused = await lmtptest(server, { mechanism, user: 'admin', password: 'wrong' });
    assert.match(refused, /^S: 535 5\.7\.8 Authentication failed/m, `${mechanism}\n${refused}`);
  }
  assert.match(await lmtptest(server, { mechanism: 'PLAIN' }), /^S: 535 5\.7\.8 You may not hand mail over/m);
});
