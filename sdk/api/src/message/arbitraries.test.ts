import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MessagePart, MessageStructure } from './types.js';

/** Pieces that make a parser's life hard, glued together: mail-like octets, most of them broken. */
const PIECES = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  '--',
  '--a\r\n',
  '--a--\r\n',
  '--ab\r\n',
  '--ab--\n',
  '\r\n\r\n',
  'Content-Type: multipart/mixed; boundary=a\r\n\r\n',
  'Content-Type: multipart/digest; boundary="ab"\r\n\r\n',
  'Content-Type: message/rfc822\r\n\r\n',
  'Content-Type: message/global\r\n\r\n',
  'Content-Type: text/plain; charset*0="utf"; charset*1=-8\r\n',
  "Content-Disposition: attachment; filename*=utf-8''%e2%82%ac\r\n",
  'Content-Type: multipart/mixed\r\n\r\n',
  'Content-Transfer-Encoding: base64\r\n',
  'Content-Language: en, de (deutsch)\r\n',
  'From: "A \\"B" <a@example.org>, c@[192.0.2.1] (C)\r\n',
  'To: group: x@y, z;, <@r,@s:t@u>\r\n',
  'To: =?utf-8?q?a=2Cb?= <',
  'Subject: Re: [x] =?iso-8859-1?q?=e9?= (fwd)\r\n',
  'Date: Mon, 1 Jan 2024 00:00:00 +0100\r\n',
  'Message-ID: <1@example.org>\r\n',
  'References: <1@a> <2@b>\r\n\t<3@c>\r\n',
  'X: \xe9\xff\r\n',
  'text',
  '"',
  '(',
  '{5}\r\n',
];

/** Octets of an almost-message, CRLF not assured. */
export const mailBytes: fc.Arbitrary<Buffer> = fc
  .array(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...PIECES) }, fc.string({ maxLength: 12 })), {
    maxLength: 40,
  })
  .map((pieces) => Buffer.from(pieces.join(''), 'latin1'));

/** The invariants of every structure: ranges within their parent, in order, and counted. */
export function assertSound(structure: MessageStructure, bytes: Buffer): void {
  assert.equal(structure.size, bytes.length);
  const { root } = structure;
  assert.equal(root.headerOffset, 0);
  assert.equal(root.bodyOffset + root.bodyLength, bytes.length);
  let count = 0;
  const visit = (part: MessagePart): void => {
    count++;
    assert.ok(part.headerLength >= 0 && part.bodyLength >= 0);
    assert.equal(part.bodyOffset, part.headerOffset + part.headerLength);
    const body = bytes.subarray(part.bodyOffset, part.bodyOffset + part.bodyLength);
    assert.equal(part.bodyLines, body.filter((c) => c === 10).length);
    const end = part.bodyOffset + part.bodyLength;
    let from = part.bodyOffset;
    for (const child of part.children) {
      assert.ok(child.headerOffset >= from, 'starts after its sibling');
      from = child.bodyOffset + child.bodyLength;
      assert.ok(from <= end, 'ends within its parent');
      visit(child);
    }
    if (part.kind === 'leaf') assert.equal(part.children.length, 0);
    if (part.kind === 'multipart') assert.ok(part.children.length > 0);
    if (part.kind === 'message') {
      assert.equal(part.children.length, 1);
      assert.equal(part.children[0]?.headerOffset, part.bodyOffset);
      assert.equal(from, end);
    }
  };
  visit(root);
  assert.equal(count, structure.partCount);
}

test('the arbitrary makes multiparts and embedded messages, so that properties mean something', () => {
  const samples = fc.sample(mailBytes, { numRuns: 300, seed: 7 }).map((bytes) => bytes.toString('latin1'));
  assert.ok(samples.some((text) => /boundary=a\r\n\r\n[\s\S]*\n--a\r\n/.test(text)));
  assert.ok(samples.some((text) => text.includes('message/rfc822')));
});
