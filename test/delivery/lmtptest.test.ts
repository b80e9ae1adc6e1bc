/** Cyrus's own LMTP client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imapSession, subjects } from '../support/imap.js';
import { TestServer } from '../support/server.js';
import { run, without } from '../support/tools.js';

const skip = without('lmtptest');

test("Cyrus's lmtptest logs in, with TLS and without, and delivers", { skip }, async () => {
  await using server = await TestServer.start({
    users: { fred: 'secret', mta: 'secret' },
    set: { 'plugins.lmtp.deliverers': '["mta"]' },
  });
  const port = String(server.port('lmtp'));
  const lmtptest = (user: string, mechanism: string, input: string, ...more: string[]) =>
    run(
      'lmtptest',
      ['-p', port, '-m', mechanism, '-u', user, '-a', user, '-w', 'secret', ...more, '127.0.0.1'],
      {
        input: input.replaceAll('\n', '\r\n'),
      },
    );
  const transaction = (subject: string) =>
    `MAIL FROM:<me@example.org>\nRCPT TO:<fred@example.net>\nRCPT TO:<nobody@example.net>\nDATA\nSubject: ${subject}\n\nHi\n.\nQUIT\n`;
  const plain = await lmtptest('mta', 'PLAIN', transaction('plain'));
  assert.match(plain.output, /S: 235 2\.7\.0 Authenticated/);
  assert.match(plain.output, /550 5\.1\.1 User unknown/);
  assert.match(plain.output, /250 2\.1\.5 Success SESSIONID=/);
  const secured = await lmtptest('mta', 'LOGIN', transaction('secured'), '-t', '');
  assert.match(secured.output, /TLS connection established/);
  assert.match(secured.output, /250 2\.1\.5 Success/);
  const refused = await lmtptest('fred', 'PLAIN', 'QUIT\n');
  assert.match(refused.output, /535 5\.7\.8 You may not hand mail over/);
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  assert.deepEqual(await subjects(client, 'INBOX'), ['plain', 'secured']);
  const { untagged } = await client.ok('FETCH 1:2 BODY.PEEK[HEADER.FIELDS (RECEIVED)]');
  assert.match(untagged[0]!, /with LMTPA id/);
  assert.match(untagged[1]!, /with LMTPSA id/);
  await client.logout();
});
