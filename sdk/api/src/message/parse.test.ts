import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { assertSound, mailBytes } from './arbitraries.test.js';
import { MAX_DEPTH, MAX_PARTS, parse } from './parse.js';
import type { MessagePart, MessageStructure } from './types.js';

function parsed(text: string): MessageStructure {
  const bytes = Buffer.from(text, 'latin1');
  const structure = parse(bytes);
  assertSound(structure, bytes);
  return structure;
}

/** The tree as `type(child child)`, leaves with their body. */
function outline(text: string, part: MessagePart = parsed(text).root): string {
  const name = `${part.type}/${part.subtype}`;
  if (part.children.length > 0) {
    return `${name}(${part.children.map((child) => outline(text, child)).join(' ')})`;
  }
  return `${name}=${JSON.stringify(text.slice(part.bodyOffset, part.bodyOffset + part.bodyLength))}`;
}

const MIXED = 'Content-Type: multipart/mixed; boundary=b\r\n\r\n';
const T = 'text/plain';

const CASES: readonly [what: string, text: string, expected: string][] = [
  ['nothing at all', '', `${T}=""`],
  ['header without blank line', 'Subject: x\r\n', `${T}=""`],
  ['header and blank line', 'Subject: x\r\n\r\n', `${T}=""`],
  ['body only', '\r\nbody', `${T}="body"`],
  ['bare LF', 'Subject: x\n\nbody\n', `${T}="body\\n"`],
  ['bare CR is no line end', 'Subject: x\r\rbody\r\n\r\nb', `${T}="b"`],
  [
    'a line end before a delimiter belongs to it',
    `${MIXED}--b\r\n\r\none\r\n--b--\r\n`,
    `multipart/mixed(${T}="one")`,
  ],
  ['and is left alone twice', `${MIXED}--b\r\n\r\none\r\n\r\n--b--`, `multipart/mixed(${T}="one\\r\\n")`],
  ['preamble and epilogue', `${MIXED}pre\r\n--b\r\n\r\n1\r\n--b--\r\nepi`, `multipart/mixed(${T}="1")`],
  ['not closed', `${MIXED}--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n`, `multipart/mixed(${T}="1" ${T}="2\\r\\n")`],
  ['part without blank line', `${MIXED}--b\r\nX: y\r\n--b--`, `multipart/mixed(${T}="")`],
  ['part of nothing', `${MIXED}--b\r\n--b--`, `multipart/mixed(${T}="")`],
  ['boundary never there', `${MIXED}hello\r\n`, `multipart/mixed(${T}="hello\\r\\n")`],
  ['no boundary', 'Content-Type: multipart/mixed\r\n\r\nhello', `multipart/mixed(${T}="hello")`],
  ['text after the boundary', `${MIXED}--b  x\r\n\r\n1\r\n--b--`, `multipart/mixed(${T}="1")`],
  [
    'quoted boundary with trailing blanks',
    'Content-Type: multipart/mixed; boundary="b c "\r\n\r\n--b c\r\n\r\n1\r\n--b c--',
    `multipart/mixed(${T}="1")`,
  ],
  [
    'RFC 2231 boundary',
    "Content-Type: multipart/mixed; boundary*=us-ascii''b%20c\r\n\r\n--b c\r\n\r\n1\r\n--b c--",
    `multipart/mixed(${T}="1")`,
  ],
  [
    'outer delimiter closes the inner multipart',
    `${MIXED}--b\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b--`,
    `multipart/mixed(multipart/alternative(${T}="1") ${T}="2")`,
  ],
  [
    'longest boundary wins',
    `${MIXED}--b\r\nContent-Type: multipart/x; boundary=bb\r\n\r\n--bb\r\n\r\n1\r\n--bb--\r\n--b\r\n\r\n2`,
    `multipart/mixed(multipart/x(${T}="1") ${T}="2")`,
  ],
  [
    'digest',
    'Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: x\r\n\r\nin\r\n--b--',
    `multipart/digest(message/rfc822(${T}="in"))`,
  ],
  [
    'embedded multipart',
    `${MIXED}--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n1\r\n--c--\r\n\r\n--b--`,
    `multipart/mixed(message/rfc822(multipart/mixed(${T}="1")))`,
  ],
  ['embedded message of nothing', 'Content-Type: message/rfc822\r\n\r\n', `message/rfc822(${T}="")`],
  [
    'embedded message cut in its header',
    `${MIXED}--b\r\nContent-Type: message/global\r\n\r\nSubject: x\r\n--b--`,
    `multipart/mixed(message/global(${T}=""))`,
  ],
  ['unreadable type', 'Content-Type: nonsense\r\n\r\n<', `${T}="<"`],
  ['first of two types', 'Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n', 'a/b=""'],
];

describe('parse', () => {
  for (const [what, text, expected] of CASES) {
    test(what, () => assert.equal(outline(text), expected));
  }

  test('reads the Content- fields', () => {
    const { root } = parsed(
      'CONTENT-TYPE: Text/HTML (a comment); Charset="x\\"y"; name=a b.txt; format=flowed\r\n' +
        'Content-Transfer-Encoding: Quoted-Printable (really)\r\nContent-ID: <1@a>\r\nContent-MD5: abc==\r\n' +
        'Content-Description: some\r\n thing\r\nContent-Language: en, de\r\nContent-Location: http://a/\r\n b\r\n' +
        "Content-Disposition: ATTACHMENT; filename*0*=utf-8''a%20; filename*1=b; size=3\r\n\r\n",
    );
    assert.equal(`${root.type}/${root.subtype}`, 'text/html');
    assert.deepEqual(root.parameters, [
      ['charset', 'x"y'],
      ['name', 'a b.txt'],
      ['format', 'flowed'],
    ]);
    assert.equal(root.encoding, 'quoted-printable');
    assert.deepEqual([root.id, root.md5, root.description], ['<1@a>', 'abc==', 'some thing']);
    assert.deepEqual(root.language, ['en', 'de']);
    assert.equal(root.location, 'http://a/b');
    assert.equal(root.disposition?.type, 'attachment');
    assert.deepEqual(root.disposition?.parameters, [
      ['filename*', "utf-8''a%20b"],
      ['size', '3'],
    ]);
  });

  test("'text' alone keeps its parameters, RFC 1049", () => {
    const { root } = parsed('Content-Type: text; charset=koi8-r\r\n\r\n');
    assert.deepEqual([root.subtype, root.parameters], ['plain', [['charset', 'koi8-r']]]);
  });

  test('any octets have a sound structure', () => {
    fc.assert(
      fc.property(mailBytes, (bytes) => assertSound(parse(bytes), bytes)),
      { numRuns: 3000 },
    );
  });

  test('depth is bounded', () => {
    let text = '';
    for (let i = 0; i < 10_000; i++)
      text += `Content-Type: multipart/mixed; boundary=b${i}_\r\n\r\n--b${i}_\r\n`;
    const structure = parsed(text);
    assert.ok(structure.truncated);
    let depth = 0;
    for (let part: MessagePart | undefined = structure.root; part !== undefined; part = part.children[0])
      depth++;
    assert.equal(depth, MAX_DEPTH + 1);
  });

  test('embedded messages are bounded', () => {
    const structure = parsed('Content-Type: message/rfc822\r\n\r\n'.repeat(10_000));
    assert.ok(structure.truncated);
    assert.equal(structure.partCount, MAX_DEPTH + 1);
  });

  test('parts are bounded: the rest is one of them', () => {
    const structure = parsed(`${MIXED}${'--b\r\n\r\nx\r\n'.repeat(MAX_PARTS + 500)}`);
    assert.ok(structure.truncated);
    assert.equal(structure.partCount, MAX_PARTS + 1);
    const rest = structure.root.children.at(-1);
    assert.deepEqual([rest?.type, rest?.subtype, rest?.kind], ['application', 'octet-stream', 'leaf']);
  });

  test('hostile megabytes come to an end', () => {
    const megabyte = 1024 * 1024;
    const nested = Array.from({ length: 90 }, (_, i) => {
      return `Content-Type: multipart/mixed; boundary=${'a'.repeat(i + 1)}\r\n\r\n--${'a'.repeat(i + 1)}\r\n`;
    }).join('');
    const inputs = [
      `${nested}\r\n${'--aa\n'.repeat(megabyte / 5)}`,
      `${MIXED}${'--b'.repeat(megabyte / 3)}`,
      `Subject: ${'x'.repeat(megabyte)}\r\n\r\n`,
      `Content-Type: text/plain${'; a=b'.repeat(megabyte / 5)}\r\n\r\n`,
      `Content-Type: text/plain; a=${'x ('.repeat(megabyte / 3)}\r\n\r\n`,
      'a: b\n'.repeat(megabyte / 5),
      'nocolon'.repeat(megabyte / 7),
      '\n'.repeat(megabyte),
    ];
    for (const text of inputs) parsed(text);
  });
});
