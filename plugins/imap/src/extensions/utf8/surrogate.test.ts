import assert from 'node:assert/strict';
import { test } from 'node:test';
import { body, bodyStructure, decodeWords, envelope, messageRange, parse } from '@angarium/sdk';
import { corpusFolder, corpusMessages } from '@angarium/testing';
import fc from 'fast-check';
import { TestServer } from '../../server.test.support.js';
import { encodedWords, has8bit, surrogate } from './surrogate.js';

const folder = corpusFolder();

const latin1 = (text: string) => Buffer.from(text).latin1Slice();

function envelopeOf(...fields: string[]): string {
  const bytes = Buffer.from(`${fields.join('\r\n')}\r\n\r\nx\r\n`);
  return envelope(bytes, messageRange(bytes));
}

test('addresses, names and subjects of RFC 6858 §2', () => {
  const shown = surrogate(
    'ENVELOPE',
    envelopeOf(
      'Subject: Grüße',
      'From: Jörg <joerg@example.org>',
      'To: jörg@example.org, plain@example.org, Ann <ann@bücher.example>',
      'Cc: Kröten: x@example.org;',
      'Message-ID: <ü@example.org>',
    ),
  );
  const word = (text: string) => `"=?utf-8?B?${Buffer.from(text).toString('base64')}?="`;
  const bad = '"invalid" "internationalized-address.invalid"';
  const from = `((${word('Jörg')} NIL "joerg" "example.org"))`;
  assert.equal(
    shown,
    `(NIL ${word('Grüße')} ${from} ${from} ${from} ` +
      `((${word('jörg@example.org')} NIL ${bad})(NIL NIL "plain" "example.org")(${word('ann@bücher.example')} NIL ${bad})) ` +
      `((NIL NIL ${word('Kröten')} NIL)(NIL NIL "x" "example.org")(NIL NIL NIL NIL)) NIL NIL NIL)`,
  );
});

test('other 8-bit charsets stay as they are', () => {
  const bytes = Buffer.from('Subject: Gr\xfc\xdfe\r\n\r\n', 'latin1');
  const text = envelope(bytes, messageRange(bytes));
  assert.ok(has8bit(text));
  assert.equal(surrogate('ENVELOPE', text), text);
});

test('parameters of BODYSTRUCTURE are left out, messages in messages changed too', () => {
  const bytes = Buffer.from(
    [
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: application/pdf; name="Übersicht.pdf"',
      'Content-Disposition: attachment; filename="Übersicht.pdf"; size=5',
      'Content-Description: Übersicht',
      '',
      'x',
      '--b',
      'Content-Type: message/rfc822',
      '',
      'Subject: Grüße',
      '',
      'y',
      '--b--',
      '',
    ].join('\r\n'),
  );
  const shown = surrogate('BODYSTRUCTURE', bodyStructure(bytes, parse(bytes)));
  assert.ok(!has8bit(shown), shown);
  assert.match(
    shown,
    /\("application" "pdf" NIL NIL "=\?utf-8\?B\?[\w+/=]+\?=" "7bit" 1 NIL \("attachment" \("size" "5"\)\)/i,
  );
  assert.match(shown, /"rfc822" NIL NIL NIL "7bit" \d+ \(NIL "=\?utf-8\?B\?/i);
});

test('encoded words say what was meant, and are never too long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 120 }), (text) => {
      const octets = latin1(text);
      const words = encodedWords(octets);
      assert.ok(
        words.split(' ').every((word) => word.length <= 75),
        words,
      );
      assert.equal(decodeWords(words), text);
    }),
  );
});

const skip = folder === undefined ? 'no corpus here' : false;
test('what has no UTF-8 in it comes out as it went in, for all of the corpus', { skip }, () => {
  for (const { name: file, message } of corpusMessages(folder!)) {
    const structured = parse(message);
    for (const [name, value] of [
      ['ENVELOPE', envelope(message, messageRange(message))],
      ['BODY', body(message, structured)],
      ['BODYSTRUCTURE', bodyStructure(message, structured)],
    ] as const) {
      const shown = surrogate(name, value);
      if (!has8bit(value)) assert.equal(shown, value, file);
      assert.equal(surrogate(name, shown), shown, file);
    }
  }
});

test('clients without UTF-8 are told which messages they see surrogates of (RFC 6858 §3)', async () => {
  await using server = await TestServer.start({ imap: { append8bitHeaders: true } });
  const client = await server.selected(1);
  await client.append('INBOX', `From: J\xc3\xb6rg <j@example.org>\r\nSubject: x\r\n\r\nText\r\n`);
  const old = await client.ok('FETCH 1:2 (ENVELOPE BODYSTRUCTURE)');
  assert.ok(old.untagged.every((line) => !has8bit(line)));
  assert.equal(old.text, '[DOWNGRADED 2] Completed');
  assert.equal((await client.ok('FETCH 1:2 FAST')).text, 'Completed');
  const raw = await client.ok('FETCH 2 BODY.PEEK[HEADER]');
  assert.ok(has8bit(raw.untagged[0]!), 'sections are the octets of the message');
  await client.ok('ENABLE UTF8=ACCEPT');
  const now = await client.ok('FETCH 1:2 ENVELOPE');
  assert.ok(now.untagged[1]!.includes('J\xc3\xb6rg'));
  assert.equal(now.text, 'Completed');
});
