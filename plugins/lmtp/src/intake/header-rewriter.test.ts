import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everySplit } from '@angarium/testing';
import fc from 'fast-check';
import { HeaderRewriter, type HeaderRules } from './header-rewriter.js';

const rules: HeaderRules = {
  trace: 'Return-Path: <s@x>\r\n',
  messageId: 'Message-ID: <new@x>\r\n',
  date: 'Date: now\r\n',
  malformed: 'reject',
  eightBit: 'keep',
};

function rewrite(chunks: readonly Buffer[], given: Partial<HeaderRules> = {}): string {
  const rewriter = new HeaderRewriter({ ...rules, ...given });
  const out = chunks.map((chunk) => rewriter.push(chunk).latin1Slice()).join('');
  return out + rewriter.end().latin1Slice();
}

const complete = 'Date: d\r\nMessage-ID: <i@x>\r\n';
const cases: readonly [name: string, message: string, result: string][] = [
  ['trace goes in front', `${complete}\r\nbody`, `${rules.trace}${complete}\r\nbody`],
  [
    'what is missing is added',
    'Subject: s\r\n\r\nbody',
    `${rules.trace}${rules.messageId}${rules.date}Subject: s\r\n\r\nbody`,
  ],
  [
    'no header at all',
    '\r\nbody\r\n\r\nmore',
    `${rules.trace}${rules.messageId}${rules.date}\r\nbody\r\n\r\nmore`,
  ],
  [
    'Return-Path fields go, folded ones too',
    `return-path : <a>\r\n\t<b>\r\n${complete}Return-Path: <c>\r\n\r\n`,
    `${rules.trace}${complete}\r\n`,
  ],
  [
    'those of the body stay',
    `${complete}\r\nReturn-Path: <a>\r\n\r\n`,
    `${rules.trace}${complete}\r\nReturn-Path: <a>\r\n\r\n`,
  ],
  ['an mbox line goes', `From fred Mon Jan\r\n${complete}\r\nx`, `${rules.trace}${complete}\r\nx`],
  [
    'fields with 8-bit values stay as they are',
    `${complete}X: \xff\r\n\r\n`,
    `${rules.trace}${complete}X: \xff\r\n\r\n`,
  ],
];
for (const [name, message, result] of cases) {
  test(`${name}, cut anywhere`, () => {
    for (const chunks of everySplit(Buffer.from(message, 'latin1'))) assert.equal(rewrite(chunks), result);
  });
}

test('octets above 127 in the header are kept, munged or refused; those of the body stay', () => {
  const message = `${complete}Subject: caf\xc3\xa9\r\n\r\n\xc3\xa9`;
  for (const chunks of everySplit(Buffer.from(message, 'latin1'))) {
    assert.equal(rewrite(chunks), rules.trace + message);
    const munged = `${rules.trace}${complete}Subject: cafXX\r\n\r\n\xc3\xa9`;
    assert.equal(rewrite(chunks, { eightBit: 'munge' }), munged);
    assert.throws(() => rewrite(chunks, { eightBit: 'reject' }), {
      code: 'BADMESSAGE',
      enhancedStatus: '5.6.0',
    });
  }
});

const malformed: readonly [name: string, message: string, repaired: string][] = [
  ['nothing', '', `${rules.trace}${rules.messageId}${rules.date}\r\n`],
  ['no line end', 'Date: d', `${rules.trace}${rules.messageId}Date: d\r\n\r\n`],
  [
    'a line that is no field',
    `${complete}no field\r\nX: y\r\n\r\nbody`,
    `${rules.trace}${complete}\r\nno field\r\nX: y\r\n\r\nbody`,
  ],
  [
    'a name with a blank',
    `${complete}no field: x\r\n\r\n`,
    `${rules.trace}${complete}\r\nno field: x\r\n\r\n`,
  ],
  [
    'an empty Message-ID',
    'Date: d\r\nMessage-ID: \r\n <>\r\n\r\n',
    `${rules.trace}${rules.messageId}Date: d\r\n\r\n`,
  ],
];
for (const [name, message, repaired] of malformed) {
  test(`${name} is rejected, or repaired`, () => {
    for (const chunks of everySplit(Buffer.from(message, 'latin1'))) {
      assert.throws(() => rewrite(chunks), { code: 'BADMESSAGE', enhancedStatus: '5.6.0' });
      assert.equal(rewrite(chunks, { malformed: 'repair' }), repaired);
    }
  });
}

test('a message may end with its header (RFC 5322 §3.5)', () => {
  for (const chunks of everySplit(Buffer.from('Date: d\r\nSubject: only\r\n a header\r\n', 'latin1'))) {
    const expected = `${rules.trace}${rules.messageId}Date: d\r\nSubject: only\r\n a header\r\n\r\n`;
    assert.equal(rewrite(chunks), expected);
  }
  assert.throws(() => rewrite([Buffer.from('no field\r\n')]), { code: 'BADMESSAGE' });
});

test('a header without end is not held for ever', () => {
  const rewriter = new HeaderRewriter({ ...rules, malformed: 'repair' });
  const chunk = Buffer.alloc(65536, 'x');
  assert.throws(
    () => {
      for (let i = 0; i < 20; i++) rewriter.push(chunk);
    },
    { code: 'BADMESSAGE' },
  );
});

test('a repaired message is well-formed, and the body is never touched', () => {
  const part = fc.constantFrom(
    'A: b\r\n',
    'Date: d\r\n',
    'Return-Path: <x>\r\n',
    '\r\n',
    ' x\r\n',
    'junk\r\n',
    'x',
    '\r',
    '\n',
    ':',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const message = parts.join('');
      const once = rewrite([Buffer.from(message)], { malformed: 'repair' });
      assert.ok(once.startsWith(rules.trace));
      // Accepted without repair when it comes again.
      rewrite([Buffer.from(once)]);
      const at = message.startsWith('\r\n') ? 0 : message.indexOf('\r\n\r\n') + 2;
      if (message.startsWith('\r\n') || at > 1) assert.ok(once.endsWith(message.slice(at)));
      for (const chunks of everySplit(Buffer.from(message)))
        assert.equal(rewrite(chunks, { malformed: 'repair' }), once);
    }),
  );
});
