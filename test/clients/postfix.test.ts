import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImapTestClient, LineClient } from '@angarium/testing';
import { noPostfix, startPostfix } from '../support/postfix.js';
import { TestServer } from '../support/server.js';
import { eventually } from '../support/tools.js';

test('a real Postfix hands mail over through the unix socket', { skip: noPostfix }, async () => {
  await using server = await TestServer.start({ users: { fred: 'secret', ann: 'secret' } });
  // Postfix's lmtp client runs as the user postfix and must reach the socket.
  chmodSync(server.data, 0o755);
  const postfix = await startPostfix(join(server.data, 'postfix'), server.lmtpSocket);
  try {
    const smtp = await LineClient.connect(postfix.port);
    await smtp.expect(/^220/);
    smtp.sendLine('HELO client.example');
    await smtp.expect(/^250/);
    for (let n = 1; n <= 20; n++) {
      for (const line of [
        'MAIL FROM:<sender@example.org>',
        'RCPT TO:<fred@example.net>',
        'RCPT TO:<ann@example.net>',
      ]) {
        smtp.sendLine(line);
        await smtp.expect(/^250/);
      }
      smtp.sendLine('DATA');
      await smtp.expect(/^354/);
      smtp.send(`Subject: number ${n}\r\n\r\nBody ${n}\r\n..dots\r\n.\r\n`);
      await smtp.expect(/^250/);
    }
    smtp.destroy();
    for (const user of ['fred', 'ann']) {
      const client = await ImapTestClient.connect(server.port('imap'));
      await client.login(user, 'secret');
      await eventually(async () => {
        const { untagged } = await client.ok('STATUS INBOX (MESSAGES)');
        return untagged.join().includes('MESSAGES 20') || undefined;
      }).catch((error) => {
        throw new Error(`${error.message}\n${postfix.log()}\n${server.output}`);
      });
      await client.ok('SELECT INBOX');
      const { untagged } = await client.ok(
        'FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT RETURN-PATH)] BODY.PEEK[TEXT])',
      );
      for (let n = 1; n <= 20; n++)
        assert.ok(untagged.some((line) => line.includes(`Subject: number ${n}\r\n`)));
      assert.match(untagged[0]!, /Return-Path: <sender@example\.org>/);
      assert.match(untagged[0]!, /Body \d+\r\n\.dots\r\n/);
      await client.logout();
    }
  } finally {
    await postfix.stop();
  }
});
