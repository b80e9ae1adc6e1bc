import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyStructure, parse } from '@angarium/sdk';
import fc from 'fast-check';
import { type Exchange, mailbox, talk } from '../searching.test.support.js';
import { partsOfStructure } from './structure.js';

const mails = [
  {
    text: `Subject: with attachment
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Language: de, en

hello
--b
Content-Type: application/pdf; name="other.pdf"
Content-Description: =?utf-8?Q?Jahresabschlu=C3=9F?=
Content-Disposition: attachment; filename*=utf-8''B%C3%A4r%20report.pdf; size=10
Content-Transfer-Encoding: base64
Content-ID: <one@example.org>

AAAA
--b
Content-Type: message/rfc822

Subject: =?utf-8?Q?inn=C3=A9r?=
From: Eve <eve@example.org>
Date: Tue, 3 Mar 2020 23:30:00 -0500
Content-Type: image/png; name=pixel.png

x
--b--
`,
  },
  { text: 'Subject: report.pdf\n\nno parts\n' },
];

const exchanges: readonly Exchange[] = [
  ['SEARCH MIMEPART FILENAME CONTAINS report', ['SEARCH 1']],
  ['SEARCH MIMEPART FILENAME ENDS .PDF', ['SEARCH 1']],
  ['SEARCH MIMEPART FILENAME BEGINS "bar rep"', ['SEARCH 1']],
  ['SEARCH MIMEPART FILENAME IS pixel.png', ['SEARCH 1']],
  ['SEARCH MIMEPART FILENAME IS report.pdf', ['SEARCH']],
  ['SEARCH FILENAME pixel', ['SEARCH 1']],
  ['SEARCH NOT FILENAME pixel', ['SEARCH 2']],
  ['SEARCH MIMEPART (TYPE application SUBTYPE pdf)', ['SEARCH 1']],
  ['SEARCH MIMEPART (TYPE application SUBTYPE png)', ['SEARCH']],
  ['SEARCH MIMEPART TYPE text', ['SEARCH 1 2']],
  ['SEARCH MIMEPART (TYPE text PARAM charset utf-8)', ['SEARCH 1']],
  ['SEARCH MIMEPART DISPOSITION TYPE attachment', ['SEARCH 1']],
  ['SEARCH MIMEPART DISPOSITION PARAM size 10', ['SEARCH 1']],
  ['SEARCH MIMEPART DESCRIPTION jahresabschluss', ['SEARCH 1']],
  ['SEARCH MIMEPART ENCODING base64', ['SEARCH 1']],
  ['SEARCH MIMEPART ID one@', ['SEARCH 1']],
  ['SEARCH MIMEPART LANGUAGE DE', ['SEARCH 1']],
  ['SEARCH MIMEPART (TYPE image PARENT TYPE message)', ['SEARCH 1']],
  ['SEARCH MIMEPART (TYPE image PARENT TYPE multipart)', ['SEARCH']],
  ['SEARCH MIMEPART (TYPE multipart CHILD (TYPE message CHILD TYPE image))', ['SEARCH 1']],
  ['SEARCH MIMEPART (NOT PARENT EXISTS TYPE text)', ['SEARCH 2']],
  ['SEARCH MIMEPART (INDEX 2 DEPTH 1 TYPE application)', ['SEARCH 1']],
  ['SEARCH MIMEPART DEPTH MIN 2', ['SEARCH 1']],
  ['SEARCH MIMEPART (SIZE LARGER 3 SIZE SMALLER 5 TYPE application)', ['SEARCH 1']],
  ['SEARCH MIMEPART OR TYPE video TYPE image', ['SEARCH 1']],
  ['SEARCH OR SUBJECT report MIMEPART TYPE image', ['SEARCH 1 2']],
  ['SEARCH MIMEPART SUBJECT inner', ['SEARCH 1']],
  ['SEARCH MIMEPART SUBJECT attachment', ['SEARCH']],
  ['SEARCH MIMEPART (FROM eve@example FROM "Eve")', ['SEARCH 1']],
  ['SEARCH MIMEPART TO eve', ['SEARCH']],
  ['SEARCH MIMEPART SENTON 3-Mar-2020', ['SEARCH 1']],
  ['SEARCH MIMEPART SENTSINCE 4-Mar-2020', ['SEARCH']],
  ['SEARCH MIMEPART SENTBEFORE 4-Mar-2020', ['SEARCH 1']],
  ['SEARCH MIMEPART SENTON yesterday', [], /^BAD/],
  ['SEARCH MIMEPART NOSUCH', [], /^BAD/],
  ['SEARCH MIMEPART ()', [], /^BAD/],
  ['SEARCH MIMEPART FILENAME LIKE x', [], /^BAD/],
  ['SEARCH MIMEPART SIZE', [], /^BAD/],
  [`SEARCH MIMEPART ${'('.repeat(10_000)}`, [], /^BAD/],
  [`SEARCH MIMEPART ${'NOT '.repeat(10_000)}ALL`, [], /^BAD/],
  // RFC 3501 §6.4.4: TEXT looks in headers too, also those of parts; BODY does not.
  ['SEARCH TEXT "application/pdf"', ['SEARCH 1']],
  ['SEARCH BODY "application/pdf"', ['SEARCH']],
  ['SEARCH TEXT "jahresabschluss"', ['SEARCH 1']],
];

test('parts are found by what they say of themselves', async () => {
  const { server, client } = await mailbox(mails);
  await using _ = server;
  await talk(client, exchanges);
});

test('property: whatever a message says, its parts are read back from BODYSTRUCTURE', () => {
  const value = fc
    .string({ unit: 'binary-ascii', maxLength: 20 })
    .map((text) => text.replace(/[\r\n\0"\\]/g, ''));
  fc.assert(
    fc.property(
      value,
      value,
      fc.constantFrom('text/plain', 'image/png', 'message/rfc822'),
      (name, description, type) => {
        const text = `Content-Type: ${type}; name="${name}"\r\nContent-Description: ${description}\r\n\r\nSubject: x\r\n\r\nbody`;
        const bytes = Buffer.from(text, 'latin1');
        const structure = parse(bytes);
        const part = partsOfStructure(bodyStructure(bytes, structure));
        const { root } = structure;
        assert.equal(`${part.type}/${part.subtype}`, `${root.type}/${root.subtype}`);
        assert.equal(part.description, root.description);
        for (const parameter of root.parameters)
          assert.deepEqual(
            part.parameters.find(([key]) => key === parameter[0]),
            parameter,
          );
        assert.equal(part.children.length, root.kind === 'message' ? 1 : 0);
        assert.equal(part.size, root.bodyLength);
      },
    ),
  );
});
