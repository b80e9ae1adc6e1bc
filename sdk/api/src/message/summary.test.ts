import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { mailBytes } from './arbitraries.test.js';
import { body, bodyStructure } from './body-structure.js';
import { collations } from './collation.js';
import { envelope } from './envelope.js';
import { header, headerSubset, messageRange } from './headers.js';
import { parse } from './parse.js';
import { sectionOf, sectionsOf } from './sections.js';
import { encodeSummary, summarise } from './summary-encode.js';
import { CACHED_HEADERS, isCacheableHeader, MAX_NODES } from './summary-format.js';
import { SummaryView } from './summary-view.js';
import type { SummaryExtra } from './types.js';

const EXTRA: SummaryExtra = {
  guid: Buffer.from('0123456789abcdef0123456789abcdef'),
  internalDateMs: 1_700_000_000_123,
  saveDateMs: 1_700_000_001_456,
};

function view(message: string | Buffer): SummaryView {
  const bytes = typeof message === 'string' ? Buffer.from(message, 'latin1') : message;
  return new SummaryView(summarise(bytes, EXTRA));
}

/** Every answer of the view is what is computed from the message. */
function assertFaithful(bytes: Buffer): void {
  const summary = view(bytes);
  const structure = parse(bytes);
  assert.equal(summary.size, bytes.length);
  assert.equal(summary.envelope(), envelope(bytes, structure.root));
  assert.equal(summary.bodyStructure(), bodyStructure(bytes, structure));
  assert.equal(summary.body(), body(bytes, structure));
  assert.deepEqual([...summary.sections()], [...sectionsOf(structure)]);
  for (const { path } of sectionsOf(structure)) {
    assert.deepEqual(summary.section(path), sectionOf(structure, path));
    assert.equal(summary.section([...path, 99]), undefined);
  }
  const range = messageRange(bytes);
  const some = ['To', 'SUBJECT', 'references', 'Priority'];
  assert.equal(summary.cachedHeaders(some), headerSubset(bytes, range, some).toString('latin1'));
  for (const name of CACHED_HEADERS) {
    assert.equal(summary.cachedHeader(name), header(bytes, name));
    assert.equal(summary.cachedHeaders([name]), headerSubset(bytes, range, [name]).toString('latin1'));
  }
  assert.deepEqual(encodeSummary(bytes, structure, EXTRA), summary.bytes);
}

describe('message summary', () => {
  test('keeps what it is given', () => {
    const summary = view('Subject: x\r\n\r\n');
    assert.deepEqual(summary.guid, EXTRA.guid);
    assert.equal(summary.internalDateMs, EXTRA.internalDateMs);
    assert.equal(summary.saveDateMs, EXTRA.saveDateMs);
    assert.equal(summary.sentDateMs, EXTRA.internalDateMs);
    assert.equal(summary.hasSentDate, false);
    assert.deepEqual(summary.threadId, Buffer.alloc(16));
    const threadId = Buffer.from('sixteen octets !');
    const threaded = summarise(Buffer.from(''), { ...EXTRA, threadId });
    assert.deepEqual(new SummaryView(threaded).threadId, threadId);
  });

  test('sort and thread keys', () => {
    const summary = view(
      'From: =?utf-8?q?J=C3=BCrgen?= <Juergen@example.org>, b@c\r\nTo: g: Member@h, n@h;\r\nCc: "C" <cc@x>\r\n' +
        'Subject: Re: [list] =?iso-8859-1?q?Stra=DFe?= (fwd)\r\nDate: Mon, 1 Jan 2024 00:30:00 +0100\r\n' +
        'Message-ID: <"m"@x>\r\nIn-Reply-To: <a@b> of Monday\r\nReferences: <r@1>\r\n <a@b>\r\n\r\nl1\r\nl2\r\n',
    );
    const key = collations['i;unicode-casemap'];
    assert.equal(summary.baseSubject(), key('stra\u00dfe'));
    assert.equal(summary.isReplyOrForward, true);
    assert.equal(summary.firstFrom(), 'JUERGEN');
    assert.equal(summary.displayFrom(), key('J\u00fcrgen'));
    assert.equal(summary.firstTo(), 'G');
    assert.equal(summary.firstCc(), 'CC');
    assert.equal(summary.displayTo(), 'G');
    assert.equal(summary.messageId(), 'm@x');
    assert.deepEqual(summary.inReplyTo(), ['a@b']);
    assert.deepEqual(summary.references(), ['r@1', 'a@b']);
    assert.equal(summary.sentDateMs, Date.UTC(2023, 11, 31, 23, 30));
    assert.equal(summary.sentZoneMinutes, 60);
    assert.equal(summary.lines, 2);
  });

  test('says what it cannot know', () => {
    const summary = view(`To: ${'a@b, '.repeat(3000)}\r\nFrom: a@b\r\n\r\n`);
    assert.equal(summary.cachedHeaders(['to']), undefined);
    assert.equal(summary.cachedHeader('to'), null);
    assert.equal(summary.cachedHeaders(['x-strange', 'from']), undefined);
    assert.equal(summary.cachedHeaders(['FROM', 'sender']), 'From: a@b\r\n\r\n');
    assert.equal(isCacheableHeader('List-Id'), true);
    assert.equal(isCacheableHeader('x-strange'), false);
  });

  test('stays small for hostile messages', () => {
    const parts = view(
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n'.repeat(MAX_NODES + 1)}`,
    );
    assert.equal(parts.sectionsStored, false);
    assert.equal(parts.section([]), undefined);
    assert.deepEqual([...parts.sections()], []);
    const long = view(`To: ${'a@b, '.repeat(400_000)}\r\nSubject: ${'x'.repeat(300_000)}\r\n\r\n`);
    assert.equal(long.envelope(), undefined);
    assert.ok(long.bytes.length < 4096);
    const wide = view(`Content-Type: text/plain; ${'a=b; c='.padEnd(500_000, 'x')}\r\n\r\n`);
    assert.equal(wide.bodyStructure(), undefined);
    assert.equal(wide.body(), undefined);
    const ids = view(
      `References: ${Array.from({ length: 5000 }, (_, i) => `<${i}@example.org>`).join(' ')}\r\n\r\n`,
    );
    assert.equal(ids.references()[0], '0@example.org');
    assert.equal(ids.references().at(-1), '4999@example.org');
    assert.ok(ids.references().length <= 100);
  });

  test('an ordinary message takes well below 2 KB', () => {
    const header = ['From', 'To', 'Cc', 'Reply-To'].map(
      (name) => `${name}: "Some Body" <someone@example.org>\r\n`,
    );
    const rest =
      'Subject: an ordinary subject line of some length\r\nDate: Mon, 1 Jan 2024 00:30:00 +0100\r\n';
    assert.ok(
      view(`${header.join('')}${rest}Message-ID: <0123456789@mail.example.org>\r\n\r\nx`).bytes.length < 1300,
    );
  });

  test('attachments', () => {
    const mixed = (part: string): boolean =>
      view(
        `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n${part}\r\n\r\nx\r\n--b--`,
      ).hasAttachment;
    assert.equal(mixed('Content-Type: text/plain'), false);
    assert.equal(mixed('Content-Type: text/plain\r\nContent-Disposition: attachment'), true);
    assert.equal(mixed('Content-Type: application/pdf'), true);
    assert.equal(mixed('Content-Type: image/png\r\nContent-ID: <1>'), false);
    assert.equal(mixed('Content-Type: application/pgp-signature'), false);
    assert.equal(mixed('Content-Type: message/rfc822'), true);
  });

  test('what is no summary is refused', () => {
    assert.throws(() => new SummaryView(Buffer.alloc(20)), RangeError);
    assert.throws(() => new SummaryView(Buffer.alloc(200)), RangeError);
  });

  test('answers what the message answers', () => {
    fc.assert(fc.property(mailBytes, assertFaithful), { numRuns: 1000 });
  });
});
