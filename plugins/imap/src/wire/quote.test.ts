import assert from 'node:assert/strict';
import { test } from 'node:test';
import { astringOf, mailboxText, quoteString } from './quote.js';

test('the form is the simplest that is legal', () => {
  assert.equal(quoteString('a b'), '"a b"');
  assert.equal(quoteString('"\\'), '"\\"\\\\"');
  assert.equal(quoteString(''), '""');
  assert.equal(quoteString('a\r\nb'), '{4}\r\na\r\nb');
  assert.equal(quoteString('\xc3\xa9'), '{2}\r\n\xc3\xa9');
  assert.equal(quoteString('\xc3\xa9', true), '"\xc3\xa9"');
  assert.equal(quoteString('a\0b'), '"a b"');
  assert.equal(quoteString('x'.repeat(1025)).slice(0, 8), '{1025}\r\n');
  assert.equal(astringOf('INBOX.a]b'), 'INBOX.a]b');
  assert.equal(astringOf('nil'), '"nil"');
  assert.equal(astringOf('a*'), '"a*"');
  assert.equal(astringOf(''), '""');
});

test('mailbox names are modified UTF-7, or UTF-8 where that is agreed', () => {
  assert.equal(mailboxText('Entwürfe', false), 'Entw&APw-rfe');
  assert.equal(mailboxText('Entwürfe', true), '"Entw\xc3\xbcrfe"');
  assert.equal(mailboxText('A & B', false), '"A &- B"');
});
