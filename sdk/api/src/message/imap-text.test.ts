import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { mailBytes } from './arbitraries.test.js';
import { body, bodyStructure } from './body-structure.js';
import { envelope } from './envelope.js';
import { parse } from './parse.js';
import { sectionOf, sectionsOf } from './sections.js';
import { stripExtensionData } from './strip-extension.js';
import type { WireOptions } from './types.js';
import { wireString } from './wire.js';

function env(text: string, options?: WireOptions): string {
  const bytes = Buffer.from(text, 'latin1');
  return envelope(bytes, parse(bytes).root, options);
}

function structure(text: string, options?: WireOptions): string {
  const bytes = Buffer.from(text, 'latin1');
  return bodyStructure(bytes, parse(bytes), options);
}

describe('wire strings', () => {
  test('quoted, literal, NIL', () => {
    assert.equal(wireString(undefined), 'NIL');
    assert.equal(wireString(''), '""');
    assert.equal(wireString('a"b\\c'), '"a\\"b\\\\c"');
    assert.equal(wireString('a\xe9'), '{2}\r\na\xe9');
    assert.equal(wireString('a\rb'), '{3}\r\na\rb');
    assert.equal(wireString('a\0b'), '"a b"');
    assert.equal(wireString('x'.repeat(1025)), `{1025}\r\n${'x'.repeat(1025)}`);
    assert.equal(wireString('\xc3\xa9', { utf8: true }), '"\xc3\xa9"');
    assert.equal(wireString('\xc3"', { utf8: true }), '{2}\r\n\xc3"');
  });
});

describe('ENVELOPE', () => {
  test('the example of RFC 3501 §8', () => {
    const text =
      'Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\nFrom: Terry Gray <gray@cac.washington.edu>\r\n' +
      'Subject: IMAP4rev1 WG mtg summary and minutes\r\nTo: imap@cac.washington.edu\r\n' +
      'cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n' +
      'Message-Id: <B27397-0100000@cac.washington.edu>\r\nMIME-Version: 1.0\r\n' +
      'Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n';
    const gray = '(("Terry Gray" NIL "gray" "cac.washington.edu"))';
    assert.equal(
      env(text),
      '("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes" ' +
        `${gray} ${gray} ${gray} ((NIL NIL "imap" "cac.washington.edu")) ` +
        '((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL ' +
        '"<B27397-0100000@cac.washington.edu>")',
    );
  });

  test('absent is NIL, empty is ""; groups; folded and 8-bit values; repeated recipients', () => {
    assert.equal(env('Subject:\r\n\r\n'), '(NIL "" NIL NIL NIL NIL NIL NIL NIL NIL)');
    assert.equal(
      env('To: g: a@b;\r\nReply-To: \r\nFrom: x@y\r\nSubject: a\r\n b\xe9\r\nTo: c@d\r\n\r\n'),
      '(NIL {4}\r\na b\xe9 ((NIL NIL "x" "y")) ((NIL NIL "x" "y")) ((NIL NIL "x" "y")) ' +
        '((NIL NIL "g" NIL)(NIL NIL "a" "b")(NIL NIL NIL NIL)(NIL NIL "c" "d")) NIL NIL NIL NIL)',
    );
  });
});

describe('BODYSTRUCTURE', () => {
  test('defaults', () => {
    assert.equal(
      structure('\r\na\r\n'),
      '("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3 1 NIL NIL NIL NIL)',
    );
  });

  test('multipart with every extension field', () => {
    const text =
      'Content-Type: multipart/mixed; boundary=b\r\nContent-Language: en\r\n\r\n--b\r\n' +
      'Content-Type: image/png; name="a\\"b"\r\nContent-ID: <i>\r\nContent-Description: d\r\nContent-MD5: m\r\n' +
      'Content-Disposition: inline; filename=f\r\nContent-Location: l\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--';
    assert.equal(
      structure(text),
      '(("IMAGE" "PNG" ("NAME" "a\\"b") "<i>" "d" "BASE64" 4 "m" ("INLINE" ("FILENAME" "f")) NIL "l") "MIXED" ' +
        '("BOUNDARY" "b") NIL ("en") NIL)',
    );
  });

  test('message/rfc822 has envelope, body and lines; message/global only where RFC 9051 is agreed', () => {
    const text = (subtype: string): string =>
      `Content-Type: message/${subtype}\r\n\r\nSubject: s\r\n\r\nx\r\ny\r\n`;
    const inner = '(NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL)';
    const plain = '("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 6 2 NIL NIL NIL NIL)';
    assert.equal(
      structure(text('rfc822')),
      `("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 20 ${inner} ${plain} 4 NIL NIL NIL NIL)`,
    );
    assert.equal(structure(text('global')), '("MESSAGE" "GLOBAL" NIL NIL NIL "7BIT" 20 NIL NIL NIL NIL)');
    assert.equal(
      structure(text('global'), { utf8: true }),
      `("MESSAGE" "GLOBAL" NIL NIL NIL "7BIT" 20 ${inner} ${plain} 4 NIL NIL NIL NIL)`,
    );
  });

  test('BODY is BODYSTRUCTURE without the extension data', () => {
    for (const options of [{}, { utf8: true }]) {
      fc.assert(
        fc.property(mailBytes, (bytes) => {
          const parsed = parse(bytes);
          const stripped = stripExtensionData(bodyStructure(bytes, parsed, options));
          assert.equal(stripped, body(bytes, parsed, options));
        }),
        { numRuns: 1000 },
      );
    }
  });
});

describe('part numbers', () => {
  /** The example of RFC 3501 §6.4.5. */
  const leaf = (type: string): string => `Content-Type: ${type}\r\n\r\nx`;
  const multi = (boundary: string, parts: string[], kind = 'mixed'): string =>
    `Content-Type: multipart/${kind}; boundary=${boundary}\r\n\r\n` +
    `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
  const message = (content: string): string => `Content-Type: message/rfc822\r\n\r\n${content}`;
  const bytes = Buffer.from(
    multi('top', [
      leaf('text/plain'),
      leaf('application/octet-stream'),
      message(multi('third', [leaf('text/plain'), leaf('application/octet-stream')])),
      multi('fourth', [
        leaf('image/gif'),
        message(
          multi('fifth', [
            leaf('text/plain'),
            multi('sixth', [leaf('text/plain'), leaf('text/richtext')], 'alternative'),
          ]),
        ),
      ]),
    ]),
  );
  const EXPECTED: readonly [path: string, type: string][] = [
    ['', 'multipart/mixed'],
    ['1', 'text/plain'],
    ['2', 'application/octet-stream'],
    ['3', 'message/rfc822'],
    ['3.1', 'text/plain'],
    ['3.2', 'application/octet-stream'],
    ['4', 'multipart/mixed'],
    ['4.1', 'image/gif'],
    ['4.2', 'message/rfc822'],
    ['4.2.1', 'text/plain'],
    ['4.2.2', 'multipart/alternative'],
    ['4.2.2.1', 'text/plain'],
    ['4.2.2.2', 'text/richtext'],
  ];

  test('are those of RFC 3501 §6.4.5', () => {
    const found = [...sectionsOf(parse(bytes))].map((s) => [s.path.join('.'), `${s.type}/${s.subtype}`]);
    assert.deepEqual(found, EXPECTED);
  });

  test('find what they number, and nothing else', () => {
    const parsed = parse(bytes);
    for (const { path, ...section } of sectionsOf(parsed)) assert.deepEqual(sectionOf(parsed, path), section);
    for (const path of [[0], [5], [1, 1], [3, 3], [4, 2, 2, 3], [-1]]) {
      assert.equal(sectionOf(parsed, path), undefined);
    }
    const single = parse(Buffer.from('Subject: x\r\n\r\nbody'));
    assert.equal(sectionOf(single, [1])?.bodyLength, 4);
    assert.equal(sectionOf(single, [1, 1]), undefined);
    const embedded = parse(Buffer.from(message('Subject: in\r\n\r\nbody')));
    assert.equal(sectionOf(embedded, [1])?.message?.bodyLength, 4);
    assert.equal(sectionOf(embedded, [1, 1])?.subtype, 'plain');
  });
});
