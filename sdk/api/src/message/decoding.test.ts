import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { decodeCharset, isKnownCharset } from './charset.js';
import { decodeWords } from './encoded-words.js';
import { fileName, parameterValue } from './parameters.js';
import { decodeTransfer, transferDecoder, transferDecodeStream } from './transfer.js';

function encodeQp(bytes: Buffer): string {
  let out = '';
  for (const [i, c] of bytes.entries()) {
    const plain = c > 32 && c < 127 && c !== 61;
    out += plain ? String.fromCharCode(c) : `=${c.toString(16).toUpperCase().padStart(2, '0')}`;
    if (i % 20 === 19) out += '= \t\r\n';
  }
  return out;
}

/** Decodes in chunks cut at the given sizes. */
function inChunks(encoding: string, bytes: Buffer, sizes: readonly number[]): Buffer {
  const decoder = transferDecoder(encoding);
  const out: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    out.push(Buffer.from(decoder.push(bytes.subarray(at, at + size))));
    at += size;
  }
  out.push(Buffer.from(decoder.push(bytes.subarray(at))), decoder.end());
  return Buffer.concat(out);
}

const binary = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 });

describe('transfer encodings', () => {
  test('decode what was encoded, in any chunks', () => {
    fc.assert(
      fc.property(binary, sizes, (bytes, cuts) => {
        const base64 = Buffer.from(bytes.toString('base64').replace(/.{12}/g, '$&\r\n'));
        assert.deepEqual(decodeTransfer(base64, 'BASE64'), bytes);
        assert.deepEqual(inChunks('base64', base64, cuts), bytes);
        const quoted = Buffer.from(encodeQp(bytes));
        assert.deepEqual(decodeTransfer(quoted, 'quoted-printable'), bytes);
        assert.deepEqual(inChunks('quoted-printable', quoted, cuts), bytes);
      }),
    );
  });

  test('chunks make no difference to broken input either', () => {
    const broken = fc.string({ unit: fc.constantFrom(...'=A4 f\t\r\n-+/\xe9'), maxLength: 80 });
    fc.assert(
      fc.property(
        broken,
        sizes,
        fc.constantFrom('base64', 'quoted-printable', '8bit'),
        (text, cuts, encoding) => {
          const bytes = Buffer.from(text, 'latin1');
          assert.deepEqual(inChunks(encoding, bytes, cuts), Buffer.from(decodeTransfer(bytes, encoding)));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('base64 tolerates rubbish, joined pieces and a cut end', () => {
    const decoded = (text: string): string => decodeTransfer(Buffer.from(text), 'base64').toString();
    assert.equal(decoded('aGV*s\r\nbG8='), 'hello');
    assert.equal(decoded('YQ==YQ=='), 'aa');
    assert.equal(decoded('YWI'), 'ab');
    assert.equal(decoded(''), '');
  });

  test('quoted-printable: soft breaks, blanks at line ends, what is not hexadecimal', () => {
    const decoded = (text: string): string =>
      decodeTransfer(Buffer.from(text), 'quoted-printable').toString();
    assert.equal(decoded('a=\r\nb= \t\r\nc=\nd'), 'abcd');
    assert.equal(decoded('a \t\r\nb=20\r\nc  '), 'a\r\nb \r\nc  ');
    assert.equal(decoded('=3d=3D=XY=4'), '===XY=4');
    assert.equal(decoded('a='), 'a');
  });

  test('as a stream', async () => {
    const source = Readable.from([Buffer.from('aGVs'), Buffer.from('bG'), Buffer.from('8=')]);
    assert.equal((await buffer(source.pipe(transferDecodeStream('base64')))).toString(), 'hello');
  });
});

describe('charsets', () => {
  const CASES: readonly [charset: string | undefined, octets: string, text: string][] = [
    ['utf-8', 'J\xc3\xbcrgen', 'Jürgen'],
    ['"UTF8"', '\xef\xbb\xbfx', 'x'],
    ['iso-8859-1', '\xe9\x80', 'é€'],
    ['iso-8859-15', '\xa4', '€'],
    ['windows-1251', '\xcf\xf0', 'Пр'],
    ['koi8-r', '\xf0\xd2', 'Пр'],
    ['us-ascii', 'caf\xc3\xa9', 'café'],
    ['us-ascii', 'caf\xe9', 'café'],
    [undefined, '\xff', 'ÿ'],
    ['x-no-such-thing', 'caf\xe9', 'café'],
    ['base64', 'YQ==', 'YQ=='],
    ['utf-7', 'Hi Mom -+Jjo--!', 'Hi Mom -☺-!'],
    ['unicode-1-1-utf-7', '+AGE-', 'a'],
    ['iso-2022-jp', '\x1b$BF|K\\8l\x1b(B!', '日本語!'],
    ['iso-2022-jp', '\x1b$BF|K\\', '日本'],
    ['iso-2022-jp-2', '\x1b$(C0!\x1b(B\x1b$A0!\x1b(B', '가啊'],
    ['iso-2022-kr', '\x1b$)C\x0e0!\x0f ok', '가 ok'],
    ['iso-2022-cn', '\x1b$)A\x0e0!\x0f ok', '啊 ok'],
    ['hz-gb-2312', '~{0!~} ~~ ok', '啊 ~ ok'],
    ['ks_c_5601-1987', '\xb0\xa1', '가'],
    ['gb2312', '\xb0\xa1', '啊'],
    ['shift_jis', '\x93\xfa', '日'],
    ['big5', '\xa4\xa4', '中'],
    ['tis-620', '\xa1', 'ก'],
  ];
  for (const [charset, octets, text] of CASES) {
    test(`${charset} ${text}`, () =>
      assert.equal(decodeCharset(Buffer.from(octets, 'latin1'), charset), text));
  }

  test('known ones', () => {
    for (const name of ['US-ASCII', 'utf-8', 'ISO-8859-7', 'iso-2022-jp', 'utf-7'])
      assert.ok(isKnownCharset(name));
    for (const name of ['base64', 'hex', 'x-klingon', '']) assert.equal(isKnownCharset(name), false, name);
  });

  test('never throw, whatever the name', () => {
    const names = fc.oneof(
      fc.string(),
      fc.constantFrom('iso-2022-jp', 'utf-7', 'utf-16', 'hz', 'ucs2', '__proto__'),
    );
    fc.assert(fc.property(binary, names, (bytes, name) => typeof decodeCharset(bytes, name) === 'string'));
  });

  test('decode what iconv encodes', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('utf-8', 'utf-16le', 'utf-7'), (text, name) => {
        const safe = text.replaceAll('\ufeff', '');
        assert.equal(decodeCharset(iconv.encode(safe, name), name), safe);
      }),
    );
  });
});

describe('encoded words', () => {
  const CASES: readonly [value: string, text: string][] = [
    ['plain', 'plain'],
    ['=?ISO-8859-1?Q?a?=', 'a'],
    ['=?ISO-8859-1?Q?a?= b', 'a b'],
    ['=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=', 'ab'],
    ['=?ISO-8859-1?Q?a?=  \r\n  =?ISO-8859-1?Q?b?=', 'ab'],
    ['=?ISO-8859-1?Q?a_b?=', 'a b'],
    ['=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=', 'a b'],
    ['=?utf-8?b?4oI=?= =?utf-8?b?rA==?=', '€'],
    ['=?utf-8?q?=E2=82?= =?utf-8?q?=AC?=', '€'],
    ['=?US-ASCII*EN?Q?Keith_Moore?=', 'Keith Moore'],
    ['a=?utf-8?q?b?=c', 'abc'],
    ['=?utf-8?x?b?=', '=?utf-8?x?b?='],
    ['=?utf-8?q?b', '=?utf-8?q?b'],
    ['=?utf-8?q?=ZZ?=', '=ZZ'],
    ['=?utf-8?q?a b?=', 'a b'],
    ['=??q?b?=', '=??q?b?='],
    ['J\xc3\xbcrgen =?utf-8?q?=C3=BC?= \xfc', 'Jürgen ü ü'],
  ];
  for (const [value, text] of CASES) test(value, () => assert.equal(decodeWords(value), text));

  test('give back any text, split anywhere', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        (text, step) => {
          const clean = text.replaceAll('\ufeff', '');
          const octets = Buffer.from(clean);
          const words: string[] = [];
          for (let at = 0; at < octets.length; at += step) {
            words.push(`=?utf-8?B?${octets.subarray(at, at + step).toString('base64')}?=`);
          }
          assert.equal(decodeWords(words.join(' ')), clean);
        },
      ),
    );
  });

  test('hostile values come to an end', () => {
    for (const piece of ['=?', '=?a?q?', '=?a?q?b?=', '=?utf-8?q?', '?=']) decodeWords(piece.repeat(100_000));
  });
});

describe('parameters', () => {
  test('RFC 2231, RFC 2047 and raw octets', () => {
    assert.equal(parameterValue([['filename*', "utf-8'en'%e2%82%ac%20x"]], 'FileName'), '€ x');
    assert.equal(parameterValue([['filename*', '%41']], 'filename'), 'A');
    assert.equal(parameterValue([['name', '=?utf-8?q?=E2=82=AC?=']], 'name'), '€');
    assert.equal(parameterValue([['name', '\xe2\x82\xac']], 'name'), '€');
    assert.equal(parameterValue([], 'name'), undefined);
  });

  test('file names', () => {
    const disposition = { type: 'attachment', parameters: [['filename', 'a']] as const };
    assert.equal(fileName({ disposition, parameters: [['name', 'b']] }), 'a');
    assert.equal(fileName({ disposition: undefined, parameters: [['name', 'b']] }), 'b');
  });
});
