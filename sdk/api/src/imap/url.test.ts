import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseImapUrl, rumpOf } from './url.js';

const nothing = {
  server: undefined,
  mailbox: undefined,
  uidValidity: undefined,
  section: '',
  partial: undefined,
  expiresMs: undefined,
  authorization: undefined,
};
const joe = { user: 'joe', host: 'example.com', port: undefined };
const token = '91354a473744909de610943775f92038';

const urls: readonly [url: string, expected: object | undefined][] = [
  [';UID=20', { ...nothing, uid: 20 }],
  ['/;uid=20', { ...nothing, uid: 20 }],
  ['/Drafts/;UID=3002', { ...nothing, mailbox: 'Drafts', uid: 3002 }],
  [
    '/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER',
    { ...nothing, mailbox: 'Drafts', uidValidity: 385759045, uid: 20, section: 'HEADER' },
  ],
  [
    '/a/b%20c/;UID=1/;SECTION=1.HEADER.FIELDS%20(SUBJECT)/;PARTIAL=10.20',
    {
      ...nothing,
      mailbox: 'a/b c',
      uid: 1,
      section: '1.HEADER.FIELDS (SUBJECT)',
      partial: { start: 10, count: 20 },
    },
  ],
  [
    '/%E5%8F%B0/;UID=1/;PARTIAL=5',
    { ...nothing, mailbox: '台', uid: 1, partial: { start: 5, count: undefined } },
  ],
  [
    'imap://joe@example.com/INBOX/;uid=20/;section=1.2',
    { ...nothing, server: joe, mailbox: 'INBOX', uid: 20, section: '1.2' },
  ],
  [
    `imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred:internal:${token}`,
    {
      ...nothing,
      server: joe,
      mailbox: 'INBOX',
      uid: 20,
      section: '1.2',
      authorization: { access: 'submit', user: 'fred', mechanism: 'INTERNAL', token },
    },
  ],
  [
    'imap://fred%40example.com;AUTH=*@[::1]:1143/INBOX/;uid=1;expire=2026-01-02T03:04:05Z;urlauth=anonymous',
    {
      ...nothing,
      server: { user: 'fred@example.com', host: '[::1]', port: 1143 },
      mailbox: 'INBOX',
      uid: 1,
      expiresMs: Date.UTC(2026, 0, 2, 3, 4, 5),
      authorization: { access: 'anonymous', user: undefined, mechanism: undefined, token: undefined },
    },
  ],
  ['', undefined],
  ['/Drafts', undefined],
  ['imap://joe@example.com/', undefined],
  ['imap://joe@example.com/;UID=1', undefined],
  ['http://example.com/INBOX/;UID=1', undefined],
  ['/INBOX/;UID=0', undefined],
  ['/INBOX/;UID=4294967296', undefined],
  ['/INBOX/;UID=1/;SECTION=', undefined],
  ['/INBOX/;UID=1;URLAUTH=everybody', undefined],
  ['/INBOX/;UID=1;URLAUTH=submit+', undefined],
  ['/INBOX/;UID=1;URLAUTH=anonymous:internal:12', undefined],
  ['/INBOX/;UID=1;EXPIRE=tomorrow', undefined],
  ['/%ff/;UID=1', undefined],
  ['/%/;UID=1', undefined],
  ['/a b/;UID=1', undefined],
  ['/caf\xe9/;UID=1', undefined],
];

for (const [url, expected] of urls) {
  test(`IMAP URL ${url}`, () => assert.deepEqual(parseImapUrl(url), expected));
}

test('the rump of an authorised URL is the URL up to its mechanism, unchanged (RFC 4467 §6)', () => {
  const rump = 'imap://Joe@EXAMPLE.com/INBOX/;uid=20;URLAUTH=submit+%66red';
  assert.equal(rumpOf(`${rump}:internal:${token}`), rump);
  assert.equal(rumpOf(rump), rump);
});

test('a URL made of its parts is read as they are', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .filter((text) => text.isWellFormed());
  const number = fc.integer({ min: 1, max: 0xffffffff });
  fc.assert(
    fc.property(name, number, number, fc.option(name), (mailbox, uidValidity, uid, section) => {
      const at = section === null ? '' : `/;SECTION=${encodeURIComponent(section)}`;
      const url = parseImapUrl(`/${encodeURIComponent(mailbox)};UIDVALIDITY=${uidValidity}/;UID=${uid}${at}`);
      assert.deepEqual(url, { ...nothing, mailbox, uidValidity, uid, section: section ?? '' });
    }),
  );
});

test('whatever comes is a URL or none, in linear time', () => {
  const pieces = fc.constantFrom(
    'imap://',
    '/',
    ';',
    'UID=',
    '1',
    ';UID=1',
    '@',
    ':',
    ';URLAUTH=',
    '%41',
    'a',
    '.',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 3000 }), (parts) => {
      parseImapUrl(parts.join(''));
    }),
    { numRuns: 200 },
  );
});
