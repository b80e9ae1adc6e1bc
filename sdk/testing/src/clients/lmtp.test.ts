import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LmtpTestClient } from './lmtp.js';
import { ScriptedServer } from './script.test.support.js';

interface Dialogue {
  /** Recipient → reply to RCPT, and after the message. */
  readonly recipients: readonly (readonly [address: string, onRcpt: string, afterMessage?: string])[];
  readonly onData?: string;
}

/** Plays the server's part; answers commands and message as they came. */
async function serve(
  server: ScriptedServer,
  { recipients, onData = '354 go on\r\n' }: Dialogue,
): Promise<{ commands: string[]; message: string }> {
  const commands = [await server.upTo('\r\n')];
  await server.say('250 2.1.0 ok\r\n');
  for (const [, onRcpt] of recipients) {
    commands.push(await server.upTo('\r\n'));
    await server.say(onRcpt);
  }
  commands.push(await server.upTo('\r\n'));
  await server.say(onData);
  if (!onData.startsWith('354')) return { commands, message: '' };
  const message = await server.upTo('\r\n.\r\n');
  for (const [, , afterMessage] of recipients) if (afterMessage !== undefined) await server.say(afterMessage);
  return { commands, message };
}

async function deliver(dialogue: Dialogue, message: string | Uint8Array) {
  const { stream, server } = ScriptedServer.pair();
  const client = new LmtpTestClient(stream);
  const addresses = dialogue.recipients.map(([address]) => address);
  const [replies, heard] = await Promise.all([
    client.deliver('fred@example.org', addresses, message),
    serve(server, dialogue),
  ]);
  return { replies, ...heard, unreadByClient: client.unread, unreadByServer: await server.unread() };
}

/** RFC 5321 §4.5.2, from the server's side. */
function unstuffed(text: string): string {
  const lines = text.slice(0, -'.\r\n'.length).split('\r\n');
  return lines.map((line) => (line.startsWith('.') ? line.slice(1) : line)).join('\r\n');
}

describe('LmtpTestClient.deliver', () => {
  test('each accepted recipient has a reply after the message, in order (RFC 2033 §4.2)', async () => {
    const outcome = await deliver(
      {
        recipients: [
          ['ann@example.org', '250 2.1.5 ok\r\n', '250 2.0.0 filed\r\n'],
          ['nobody@example.org', '550-5.1.1 no such\r\n550 5.1.1 user\r\n'],
          ['joe@example.org', '250 2.1.5 ok\r\n', '452-4.2.2 over\r\n452 4.2.2 quota\r\n'],
          ['zoe@example.org', '250-2.1.5 ok\r\n250 2.1.5 yes\r\n', '250 2.0.0 filed too\r\n'],
        ],
      },
      'Subject: x\r\n\r\nhello\r\n',
    );
    assert.deepEqual(outcome.commands, [
      'MAIL FROM:<fred@example.org>\r\n',
      'RCPT TO:<ann@example.org>\r\n',
      'RCPT TO:<nobody@example.org>\r\n',
      'RCPT TO:<joe@example.org>\r\n',
      'RCPT TO:<zoe@example.org>\r\n',
      'DATA\r\n',
    ]);
    assert.equal(outcome.message, 'Subject: x\r\n\r\nhello\r\n.\r\n');
    assert.deepEqual(outcome.replies, [
      '250 2.0.0 filed',
      '452-4.2.2 over\n452 4.2.2 quota',
      '250 2.0.0 filed too',
    ]);
    assert.deepEqual([outcome.unreadByClient, outcome.unreadByServer], ['', '']);
  });

  test('nobody accepted, DATA refused: all replies, and no message is sent', async () => {
    const outcome = await deliver(
      {
        recipients: [
          ['a@example.org', '550 5.1.1 no\r\n'],
          ['b@example.org', '451 4.3.0 later\r\n'],
        ],
        onData: '503 5.5.1 no recipients\r\n',
      },
      'never sent',
    );
    assert.deepEqual(outcome.replies, [
      '250 2.1.0 ok',
      '550 5.1.1 no',
      '451 4.3.0 later',
      '503 5.5.1 no recipients',
    ]);
    assert.deepEqual([outcome.unreadByClient, outcome.unreadByServer], ['', '']);
  });

  test('any octets arrive as they are, dots at line starts and bare CR or LF included', async () => {
    const octets = fc.array(fc.constantFrom('.', '\r', '\n', '\r\n', 'a', '\xff', '\r\n.', '..'), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(octets, async (pieces) => {
        const sent = pieces.join('');
        const { message, unreadByServer } = await deliver(
          { recipients: [['ann@example.org', '250 ok\r\n', '250 filed\r\n']] },
          Buffer.from(sent, 'latin1'),
        );
        assert.equal(unstuffed(message), sent.endsWith('\r\n') ? sent : `${sent}\r\n`);
        assert.equal(unreadByServer, '');
      }),
    );
  });
});
