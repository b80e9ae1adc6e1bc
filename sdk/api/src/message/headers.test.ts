import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { mailBytes } from './arbitraries.test.js';
import { header, headerAll, headerFields, headerSubset, messageRange } from './headers.js';

const MAIL = Buffer.from(
  'From sender Mon Jan 1 00:00:00 2024\r\nA: 1\r\nSubject : folded\r\n\tvalue  \r\na:2\r\nno colon\r\n more\r\nB:\r\n\r\nA: body\r\n',
);

function subset(bytes: Buffer, names: string[], not = false): string {
  return headerSubset(bytes, messageRange(bytes), names, not).toString('latin1');
}

describe('header access', () => {
  test('fields with their offsets', () => {
    const fields = [...headerFields(MAIL, 0, MAIL.length)];
    assert.deepEqual(
      fields.map(({ name }) => name),
      ['', 'A', 'Subject', 'a', '', 'B'],
    );
    const subject = fields[2];
    assert.equal(MAIL.toString('latin1', subject?.valueOffset, subject?.end), ' folded\r\n\tvalue  \r\n');
  });

  test('values are unfolded and trimmed, names in any case, the body is not looked at', () => {
    assert.equal(header(MAIL, 'SUBJECT'), 'folded\tvalue');
    assert.equal(header(MAIL, 'b'), '');
    assert.equal(header(MAIL, 'missing'), undefined);
    assert.deepEqual(headerAll(MAIL, 'a'), ['1', '2']);
  });

  test('octet A0 is no blank', () => {
    assert.equal(header(Buffer.from('S: \xa0x\xa0\r\n\r\n', 'latin1'), 's'), '\xa0x\xa0');
  });

  test('HEADER.FIELDS and HEADER.FIELDS.NOT, RFC 3501 §6.4.5', () => {
    assert.equal(subset(MAIL, ['a', 'SUBJECT']), 'A: 1\r\nSubject : folded\r\n\tvalue  \r\na:2\r\n\r\n');
    assert.equal(subset(MAIL, ['x']), '\r\n');
    assert.equal(
      subset(MAIL, ['a', 'subject', 'b'], true),
      'From sender Mon Jan 1 00:00:00 2024\r\nno colon\r\n more\r\n\r\n',
    );
    assert.equal(subset(Buffer.from('A: 1\r\n'), ['a']), 'A: 1\r\n');
  });

  test('a subset and its complement are the whole header', () => {
    fc.assert(
      fc.property(mailBytes, (bytes) => {
        const range = messageRange(bytes);
        const names = ['from', 'content-type', 'to'];
        const both =
          headerSubset(bytes, range, names).length + headerSubset(bytes, range, names, true).length;
        const blank = headerSubset(bytes, range, []).length;
        assert.equal(both - blank, range.headerLength);
      }),
    );
  });
});
