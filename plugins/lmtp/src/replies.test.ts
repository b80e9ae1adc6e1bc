import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailError, type MailErrorCode, type MailErrorOptions } from '@angarium/sdk';
import fc from 'fast-check';
import { formatReply, replyTo } from './replies.js';

const table: readonly [MailErrorCode, MailErrorOptions, string][] = [
  ['NONEXISTENT', {}, '550 5.1.1'],
  ['NONEXISTENT', { temporary: true }, '451 4.1.1'],
  ['NOPERM', {}, '550 5.7.1'],
  ['OVERQUOTA', {}, '452 4.2.2'],
  ['OVERQUOTA', { temporary: false }, '552 5.2.2'],
  ['OVERQUOTA', { enhancedStatus: '5.2.2' }, '552 5.2.2'],
  ['INUSE', {}, '451 4.2.0'],
  ['CORRUPTION', {}, '451 4.2.0'],
  ['UNAVAILABLE', {}, '451 4.3.0'],
  ['UNAVAILABLE', { enhancedStatus: '4.3.1' }, '451 4.3.1'],
  ['TOOBIG', {}, '552 5.2.3'],
  ['TOOBIG', { enhancedStatus: '5.3.4' }, '552 5.3.4'],
  ['BADMESSAGE', {}, '554 5.6.0'],
  ['NOPERM', { enhancedStatus: '4.7.1' }, '451 4.7.1'],
  ['PRIVACYREQUIRED', {}, '538 5.7.11'],
  ['LIMIT', {}, '452 4.2.0'],
];
for (const [code, options, expected] of table) {
  test(`${code} ${JSON.stringify(options)} is ${expected}`, () => {
    const { code: reply, status } = replyTo(new MailError(code, 'x', options));
    assert.equal(`${reply} ${status}`, expected);
  });
}

test('an error of ours says nothing of itself', () => {
  const { code, text } = replyTo(new Error('/secret/path'));
  assert.equal(code, 451);
  assert.doesNotMatch(text, /secret/);
});

test('code and status are always of one class', () => {
  const codes: MailErrorCode[] = [
    'UNAVAILABLE',
    'NONEXISTENT',
    'OVERQUOTA',
    'TOOBIG',
    'CORRUPTION',
    'LIMIT',
    'METADATA',
  ];
  const status = fc.option(fc.constantFrom('4.2.2', '5.7.1'), { nil: undefined });
  fc.assert(
    fc.property(
      fc.constantFrom(...codes),
      fc.option(fc.boolean(), { nil: undefined }),
      status,
      (code, temporary, enhancedStatus) => {
        const error = new MailError(code, 'x', {
          ...(temporary === undefined ? {} : { temporary }),
          ...(enhancedStatus === undefined ? {} : { enhancedStatus }),
        });
        const reply = replyTo(error);
        assert.equal(String(reply.code)[0], reply.status[0]);
        if (enhancedStatus !== undefined) assert.equal(reply.status, enhancedStatus);
      },
    ),
  );
});

test('texts of several lines, long ones and odd characters', () => {
  assert.equal(
    formatReply({ code: 550, status: '5.7.1', text: 'a\r\nb\nc' }),
    '550-5.7.1 a\r\n550-5.7.1 b\r\n550 5.7.1 c\r\n',
  );
  assert.equal(formatReply({ code: 250, status: '2.0.0', text: '' }), '250 2.0.0 \r\n');
  assert.equal(formatReply({ code: 250, status: '2.0.0', text: 'ü\x07' }), '250 2.0.0 ? \r\n');
  assert.equal(formatReply({ code: 250, status: '2.0.0', text: 'ü' }, true), '250 2.0.0 \xc3\xbc\r\n');
});

test('no text makes more than one reply, or a line too long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
      const lines = formatReply({ code: 550, status: '5.7.1', text }).split('\r\n');
      assert.equal(lines.pop(), '');
      const last = lines.pop()!;
      assert.match(last, /^550 5\.7\.1 [ -~]*$/);
      for (const line of lines) assert.match(line, /^550-5\.7\.1 [ -~]*$/);
      for (const line of [...lines, last]) assert.ok(line.length <= 510);
    }),
  );
});
