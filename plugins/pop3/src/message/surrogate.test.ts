import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeWords } from '@angarium/sdk';
import fc from 'fast-check';
import { mail, setUp } from '../server.test.support.js';
import { LineCounter } from './line-counter.js';
import { surrogateHeader } from './surrogate.js';

const utf8 = (text: string) => Buffer.from(text, 'utf8').latin1Slice();

const cases: readonly [name: string, before: string, after: RegExp][] = [
  ['ASCII stays as it is', 'Subject:  a\r\n\tb', /^Subject: {2}a\r\n\tb$/],
  ['a text', 'Subject: Gr\u00fc\u00dfe an alle', /^Subject: =\?utf-8\?B\?R3LDvMOfZQ==\?= an alle$/],
  ['a name', 'From: J\u00f6rg <j@example.org>', /^From: =\?utf-8\?B\?SsO2cmc=\?= <j@example\.org>$/],
  [
    'an address',
    'To: \u7528\u6237@example.org, a@b',
    /^To: =\?utf-8\?B\?[^?]+\?= <invalid@internationalized-address\.invalid>,\r\n <a@b>$/,
  ],
  [
    'a parameter',
    'Content-Type: text/plain; charset=utf-8; name="\u00fc;"',
    /^Content-Type: text\/plain; charset=utf-8$/,
  ],
];

for (const [name, before, after] of cases) {
  test(`surrogates: ${name}`, () => assert.match(surrogateHeader(utf8(before)), after));
}

test('a field in another charset is no internationalised one', () => {
  assert.equal(surrogateHeader('Subject: Gr\xfc\xdfe'), 'Subject: Gr\xfc\xdfe');
});

test('whatever a text says, its surrogate is ASCII and says it too', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      const subject = text.replace(/[\s\x00-\x20\x7f]+/g, ' ').trim();
      if (subject.includes('=?')) return;
      const field = surrogateHeader(utf8(`Subject: ${subject}`));
      assert.match(field, /^[\r\n\t\x20-\x7e]*$/);
      const words = decodeWords(field.slice('Subject: '.length).replace(/\r\n/g, ''));
      assert.equal(words, subject);
    }),
  );
});

test('any header of UTF-8 becomes ASCII', () => {
  const name = fc.constantFrom(
    'Subject',
    'From',
    'To',
    'Content-Type',
    'Cc',
    'X-Y',
    'Message-ID',
    'no field',
  );
  const value = fc.array(
    fc.constantFrom('\u00fc', '"', '<', '>', '@', ',', ';', ':', '(', ')', '\\', 'a', ' ', '\r\n ', '='),
    {
      maxLength: 20,
    },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 5 }), (fields) => {
      const header = fields.map(([key, parts]) => `${key}: ${parts.join('')}`).join('\r\n');
      assert.match(surrogateHeader(utf8(header)), /^[\r\n\t\x20-\x7e]*$/);
    }),
  );
});

test('lines are counted the same, wherever chunks are cut', () => {
  const parts = fc.array(fc.constantFrom('\r\n', 'a', '\r', '\n', 'bb\r\n', '.'), { maxLength: 20 });
  fc.assert(
    fc.property(parts, fc.nat(4), fc.integer({ min: 1, max: 5 }), (text, lines, step) => {
      const bytes = Buffer.from(text.join(''), 'latin1');
      const whole = new LineCounter(lines);
      const expected = whole.take(bytes);
      const cut = new LineCounter(lines);
      let taken = 0;
      for (let at = 0; at < bytes.length && !cut.isDone; at += step)
        taken += cut.take(bytes.subarray(at, at + step));
      assert.equal(taken, expected);
      assert.equal(cut.isDone, whole.isDone);
    }),
  );
});

test('internationalised messages: a surrogate, a refusal, or the message itself', async () => {
  const message = utf8(mail('Gr\u00fc\u00dfe', 'K\u00f6rper\r\n'));
  const subjectOf = async (pop3: Readonly<Record<string, unknown>>, isUtf8: boolean) => {
    await using server = await setUp({ pop3 });
    await server.append([message]);
    const client = await server.connect();
    if (isUtf8) assert.match(await client.command('UTF8'), /^\+OK/);
    await client.login();
    client.sendLine('RETR 1');
    const reply = await client.line();
    if (reply.startsWith('-ERR')) return reply;
    const lines = await client.until(/^\.$/);
    assert.equal(lines[3], utf8('K\u00f6rper'), 'the body is as it is');
    return lines[1];
  };
  const encoded = 'Subject: =?utf-8?B?R3LDvMOfZQ==?=';
  assert.equal(await subjectOf({}, false), encoded);
  assert.equal(await subjectOf({}, true), utf8('Subject: Gr\u00fc\u00dfe'));
  assert.equal(await subjectOf({ utf8Headers: 'keep' }, false), utf8('Subject: Gr\u00fc\u00dfe'));
  assert.equal(await subjectOf({ utf8Headers: 'refuse' }, false), '-ERR [UTF8] The message needs UTF8');
});
