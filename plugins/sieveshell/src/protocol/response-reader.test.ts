import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError, ResponseReader, type Token } from './response-reader.js';
import { parseStatus } from './status.js';

const atom = fc.stringMatching(/^[A-Z/]{1,10}$/).map((text): Token => ({ is: 'atom', text }));
const string = fc
  .uint8Array({ maxLength: 30 })
  .map((bytes): Token => ({ is: 'string', octets: Buffer.from(bytes) }));
const token = fc.oneof(atom, string, fc.constant<Token>({ is: 'open' }), fc.constant<Token>({ is: 'close' }));

function encode(line: readonly Token[], quotes: boolean): Buffer {
  const parts = line.map((each) => {
    if (each.is === 'atom') return each.text;
    if (!('octets' in each)) return each.is === 'open' ? '(' : ')';
    const text = each.octets.latin1Slice();
    if (quotes && !/[\r\n\0]/.test(text)) return `"${text.replace(/["\\]/g, '\\$&')}"`;
    return `{${text.length}}\r\n${text}`;
  });
  return Buffer.from(`${parts.join(' ')}\r\n`, 'latin1');
}

test('lines are read as they were written, wherever they are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(token, { minLength: 1 })),
      fc.boolean(),
      fc.integer({ min: 1, max: 20 }),
      (lines, quotes, size) => {
        const bytes = Buffer.concat(lines.map((line) => encode(line, quotes)));
        const reader = new ResponseReader();
        const read: Token[][] = [];
        for (let at = 0; at < bytes.length; at += size)
          read.push(...reader.push(bytes.subarray(at, at + size)));
        assert.deepEqual(read, lines);
      },
    ),
  );
});

test('what is no ManageSieve is told', () => {
  const push = (text: string) => new ResponseReader().push(Buffer.from(text, 'latin1'));
  for (const text of ['"abc\r\n', 'a {x}\r\n', '{9999999999}\r\n', 'x'.repeat(300_000)])
    assert.throws(() => push(text), ProtocolError, text.slice(0, 40));
});

test('a status with code and text', () => {
  const status = (text: string) => parseStatus(new ResponseReader().push(Buffer.from(`${text}\r\n`))[0]!);
  assert.deepEqual(status('no (Quota/MaxSize) "too big"'), {
    kind: 'NO',
    code: 'QUOTA/MAXSIZE',
    argument: undefined,
    text: 'too big',
  });
  assert.deepEqual(status('OK (TAG {3}\r\na)b) {2}\r\nhi'), {
    kind: 'OK',
    code: 'TAG',
    argument: 'a)b',
    text: 'hi',
  });
  assert.deepEqual(status('BYE (REFERRAL sieve://x.example)'), {
    kind: 'BYE',
    code: 'REFERRAL',
    argument: 'sieve://x.example',
    text: '',
  });
  assert.deepEqual(status('OK'), { kind: 'OK', code: undefined, argument: undefined, text: '' });
  assert.equal(status('"name" ACTIVE'), undefined);
});
