import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { everySplit } from '../splits.js';
import { ImapTestClient } from './imap.js';
import { ScriptedServer } from './script.test.support.js';

function start(): { readonly client: ImapTestClient; readonly server: ScriptedServer } {
  const { stream, server } = ScriptedServer.pair();
  return { client: new ImapTestClient(stream), server };
}

describe('ImapTestClient: literals (RFC 3501 §4.3)', () => {
  test('a literal of the server is part of the response, wherever the network cuts it', async () => {
    const literal = 'a {3}\r\nt1 OK not yet\r\n* \xff';
    const text = `* 1 FETCH (BODY[1] {${literal.length}}\r\n${literal} BODY[2] {0}\r\n UID 7)\r\nt1 OK done {x}\r\n`;
    for (const pieces of everySplit(Buffer.from(text, 'latin1'), 40)) {
      const { client, server } = start();
      const answering = client.command('FETCH 1 BODY[]');
      assert.equal(await server.upTo('\r\n'), 't1 FETCH 1 BODY[]\r\n');
      await server.say(...pieces.map((piece) => piece.latin1Slice()));
      assert.deepEqual(await answering, {
        status: 'OK',
        text: 'done {x}',
        untagged: [`1 FETCH (BODY[1] {${literal.length}}\r\n${literal} BODY[2] {0}\r\n UID 7)`],
      });
      assert.equal(client.unread, '');
    }
  });

  test('each literal waits for its go-ahead; untagged responses on the way are kept', async () => {
    const { client, server } = start();
    const message = Buffer.from('Subject: \xe9\r\n\r\nt1 x\r\n', 'latin1');
    const answering = client.withLiterals('APPEND ', Buffer.from('in box'), ' (\\Seen) ', message);
    assert.equal(await server.upTo('\r\n'), 't1 APPEND {6}\r\n');
    assert.equal(await server.unread(), '', 'the literal waits');
    await server.say('* 3 EXISTS\r\n', '+ go on\r\n');
    assert.equal(await server.exactly(6), 'in box');
    assert.equal(await server.upTo('\r\n'), ` (\\Seen) {${message.length}}\r\n`);
    await server.say('+\r\n');
    assert.equal(await server.exactly(message.length), message.latin1Slice());
    assert.equal(await server.upTo('\r\n'), '\r\n');
    await server.say('* 4 EXISTS\r\nt1 OK [APPENDUID 1 4] done\r\n');
    assert.deepEqual(await answering, {
      status: 'OK',
      text: '[APPENDUID 1 4] done',
      untagged: ['3 EXISTS', '4 EXISTS'],
    });
    assert.equal(await server.unread(), '');
  });

  test('a literal that is refused is not sent', async () => {
    const { client, server } = start();
    const answering = client.append('INBOX', 'too much', '\\Seen');
    assert.equal(await server.upTo('\r\n'), 't1 APPEND INBOX (\\Seen) {8}\r\n');
    await server.say('* BYE soon\r\n', 't1 NO [TOOBIG] no\r\n');
    assert.deepEqual(await answering, { status: 'NO', text: '[TOOBIG] no', untagged: ['BYE soon'] });
    const next = client.command('NOOP');
    assert.equal(await server.upTo('\r\n'), 't2 NOOP\r\n');
    await server.say('t2 OK\r\n');
    assert.deepEqual(await next, { status: 'OK', text: '', untagged: [] });
  });

  test('a go-ahead that nobody waits for, or the answer of another command, is an error', async () => {
    const { client, server } = start();
    const refused = assert.rejects(client.command('NOOP'), /unexpected: "\+ idling"/);
    await server.upTo('\r\n');
    await server.say('+ idling\r\n');
    await refused;
    const other = assert.rejects(client.append('INBOX', 'x'), /unexpected: "t1 OK late"/);
    await server.upTo('\r\n');
    await server.say('t1 OK late\r\n');
    await other;
  });
});
