import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeString, encodeText, literalAtEnd, readQuoted, tryUtf8 } from './line.js';

const octets = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => Buffer.from(text)),
  fc.integer({ min: 1000, max: 1100 }).map((length) => Buffer.alloc(length, 'x')),
);

/** An independent reader of the grammar (RFC 5804 §4). */
function decode(text: string): Buffer {
  const literal = /^\{(0|[1-9]\d*)\}\r\n(.*)$/s.exec(text);
  if (literal !== null) {
    assert.equal(literal[2]!.length, Number(literal[1]));
    return Buffer.from(literal[2]!, 'latin1');
  }
  const [, quoted = assert.fail(text)] = /^"([^"\\\0\r\n]*)"$/.exec(text) ?? [];
  assert.ok(quoted.length <= 1024);
  const bytes = Buffer.from(quoted, 'latin1');
  assert.notEqual(tryUtf8(bytes), undefined);
  return bytes;
}

test('any octets come back from their encoding, in a form that the grammar has', () => {
  fc.assert(
    fc.property(octets, (bytes) => {
      assert.deepEqual(decode(encodeString(bytes)), Buffer.from(bytes));
    }),
  );
  assert.equal(encodeText('Grüße'), '"Gr\xc3\xbc\xc3\x9fe"');
  assert.equal(encodeText('say "x"'), '{7}\r\nsay "x"');
});

test('a quoted string is read as it was written, whatever is behind it', () => {
  const char = fc.integer({ min: 1, max: 255 }).filter((code) => code !== 10 && code !== 13);
  const text = fc.array(char, { maxLength: 40 }).map((codes) => String.fromCharCode(...codes));
  fc.assert(
    fc.property(text, fc.constantFrom('', ' ', ' "x"', ' {3+}'), fc.nat(5), (content, behind, before) => {
      const quoted = `"${content.replace(/["\\]/g, '\\$&')}"`;
      const line = `${'x'.repeat(before)}${quoted}${behind}`;
      assert.deepEqual(readQuoted(line, before), { text: content, end: before + quoted.length });
    }),
  );
});

test('what is no quoted string is told', () => {
  for (const line of ['"', '"a', '"a\\', '"a\\"', '"a\\x"', '"a"b', '"a\0"', '"a\r"', 'a"b"', ''])
    assert.equal(readQuoted(line, 0).text, undefined, line);
  // As long as a line may be, and nothing that takes the square of it.
  assert.equal(readQuoted(`"${'\\"'.repeat(8000)}`, 0).text, undefined);
});

test('literals at the end of a line', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.constantFrom('', '+'), (size, plus) => {
      assert.equal(literalAtEnd(`NOOP {${size}${plus}}`), size);
    }),
  );
  for (const line of ['{3+} ', '{3+', '{+}', '{-3}', '{3-}', '{99999999999}', '"{3}"'])
    assert.equal(literalAtEnd(line), undefined, line);
});
