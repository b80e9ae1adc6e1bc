import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { flattenAddresses, parseAddressList } from './addresses.js';

/** name|route|mailbox|host, groups as name{members}. */
function shown(value: string): string[] {
  return parseAddressList(value).map((entry) =>
    'group' in entry
      ? `${entry.group}{${entry.members.map((member) => `${member.mailbox}@${member.host}`).join(',')}}`
      : [entry.name ?? '', entry.route ?? '', entry.mailbox, entry.host].join('|'),
  );
}

const CASES: readonly [value: string, expected: string[]][] = [
  ['a@b', ['||a|b']],
  ['<a@b>', ['||a|b']],
  ['Joe Doe <a@b>, c@d', ['Joe Doe||a|b', '||c|d']],
  ['"Joe \\"Q.\\" Doe, Jr." <a@b>', ['Joe "Q." Doe, Jr.||a|b']],
  ['Joe Q. Public <john.q.public@example.com>', ['Joe Q. Public||john.q.public|example.com']],
  ['a@b (Joe (really) Doe)', ['Joe (really) Doe||a|b']],
  ['Pete(A wonderful \\) chap) <pete(his account)@silly.test(his host)>', ['Pete||pete|silly.test']],
  ['"quoted local"@b', ['||quoted local|b']],
  ['<@r.example,@s.example:a@b>', ['|@r.example,@s.example|a|b']],
  ['a @ b . c', ['||a|b.c']],
  ['john . doe @ x', ['||john.doe|x']],
  ['a@[192.0.2.1]', ['||a|[192.0.2.1]']],
  ['Friends: a@b, "C" <c@d>; e@f', ['Friends{a@b,c@d}', '||e|f']],
  ['undisclosed-recipients:;', ['undisclosed-recipients{}']],
  ['One: a@b; Two: c@d', ['One{a@b}', 'Two{c@d}']],
  ['root', ['||root|']],
  ['Drew Fossum', ['Drew Fossum|||']],
  ['a@b <c@d>', ['a@b||c|d']],
  ['=?utf-8?q?Doe,_J?= <a@b>', ['=?utf-8?q?Doe,_J?=||a|b']],
  ['=?utf-8?q?a?= =?utf-8?q?b?= <a@b>', ['=?utf-8?q?a?= =?utf-8?q?b?=||a|b']],
  [',, a@b ,', ['||a|b']],
  ['Joe <a@b> trailing, c@d', ['Joe||a|b', '||c|d']],
  ['"unclosed <a@b>', ['unclosed <a@b>|||']],
  ['Joe <a@b', ['Joe||a|b']],
  ['J\xc3\xbcrgen <j\xc3\xbc@b\xc3\xbc.example>', ['J\xc3\xbcrgen||j\xc3\xbc|b\xc3\xbc.example']],
  ['(only a comment)', []],
  ['<>', []],
  ['Nobody <>', ['Nobody|||']],
];

describe('address lists', () => {
  for (const [value, expected] of CASES) test(value, () => assert.deepEqual(shown(value), expected));

  test('flattening keeps the order', () => {
    const list = flattenAddresses(parseAddressList('g: a@b, c@d;, e@f'));
    assert.deepEqual(
      list.map((address) => address.mailbox),
      ['a', 'c', 'e'],
    );
  });

  test('never fails, and a well-formed list is read back', () => {
    fc.assert(fc.property(fc.string(), (text) => assert.ok(Array.isArray(parseAddressList(text)))));
    const special = fc.string({ unit: fc.constantFrom(...'ab<>()[]:;@\\,". =?\0\r\n\xe9'), maxLength: 60 });
    fc.assert(
      fc.property(special, (text) => assert.ok(Array.isArray(parseAddressList(text)))),
      { numRuns: 2000 },
    );
    const name = fc
      .string({ unit: fc.constantFrom(...'aB9 ,;:@<>"\\()') })
      .filter((text) => text.trim() !== '');
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), (names) => {
        const quoted = names.map((text, i) => `"${text.replace(/["\\]/g, '\\$&')}" <u${i}@h>`).join(', ');
        assert.deepEqual(
          shown(quoted),
          names.map((text, i) => `${text}||u${i}|h`),
        );
      }),
    );
  });

  test('hostile lists come to an end', () => {
    for (const piece of ['(', '<', '"', ',', ':', 'a@', '=?', '=?a?q?', '<@a:', 'a ', '[', 'a.']) {
      parseAddressList(piece.repeat(300_000 / piece.length));
    }
  });
});
