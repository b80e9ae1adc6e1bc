import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeXtext, parseParameters } from './parameters.js';
import { parsePath } from './path.js';

const utf8 = (text: string) => Buffer.from(text, 'utf8').latin1Slice();
const parse = (text: string, mayBeNull = false) => parsePath(utf8(text), 0, { mayBeNull });

const good: readonly [text: string, localPart: string, domain: string | undefined][] = [
  ['<fred@example.org>', 'fred', 'example.org'],
  ['<fred>', 'fred', undefined],
  ['<postmaster>', 'postmaster', undefined],
  ['<a.b.c+d=e@x-y.example>', 'a.b.c+d=e', 'x-y.example'],
  ["<!#$%&'*+-/=?^_`{|}~@example.org>", "!#$%&'*+-/=?^_`{|}~", 'example.org'],
  ['<"fred f"@example.org>', '"fred f"', 'example.org'],
  ['<"a\\"b\\\\@c>"@example.org>', '"a\\"b\\\\@c>"', 'example.org'],
  ['<""@example.org>', '""', 'example.org'],
  ['<@a.example,@b.example:fred@example.org>', 'fred', 'example.org'],
  ['<@a.example:fred@example.org>', 'fred', 'example.org'],
  ['<fred@[192.0.2.1]>', 'fred', '[192.0.2.1]'],
  ['<fred@[IPv6:2001:db8::1]>', 'fred', '[IPv6:2001:db8::1]'],
  ['<fred@[X-net:foo!bar]>', 'fred', '[X-net:foo!bar]'],
  ['<jörg@bücher.example>', 'jörg', 'bücher.example'],
  ['<"jörg x"@例え.テスト>', '"jörg x"', '例え.テスト'],
  ['<fred@my_host.example>', 'fred', 'my_host.example'],
];
for (const [text, localPart, domain] of good) {
  test(`${text} is a path (RFC 5321 §4.1.2)`, () => {
    const { path, end } = parse(text);
    assert.equal(path.localPart, localPart);
    assert.equal(path.domain, domain);
    assert.equal(path.address, domain === undefined ? localPart : `${localPart}@${domain}`);
    assert.equal(end, utf8(text).length);
    assert.equal(path.isAscii, /^[ -~]*$/.test(text));
  });
}

const bad = [
  ...[
    '',
    'fred@example.org',
    '<>',
    '<',
    '<fred',
    '<fred@>',
    '<@example.org>',
    '<@a.example:>',
    '<fred@example.org',
  ],
  ...[
    '<.fred@x>',
    '<fred.@x>',
    '<a..b@x>',
    '<fred f@x>',
    '<fred@x.>',
    '<fred@.x>',
    '<fred@-x>',
    '<fred@x->',
    '<fred@x..y>',
  ],
  ...[
    '<"fred@x>',
    '<"a"b@x>',
    '<a"b"@x>',
    '<"a\\"@x>',
    '<a@b@c>',
    '<fred@[300.1.1.1]>',
    '<fred@[IPv6:zz]>',
    '<fred@[]>',
  ],
  ...[
    '<fred@[1.2.3.4>',
    '<a,b@x>',
    '<a:b@x>',
    '<a;b@x>',
    '<(a)b@x>',
    '<a\\b@x>',
    '<@a.example,fred@x>',
    '<fred\0@x>',
    '<a\tb@x>',
  ],
];
for (const text of bad) {
  test(`${JSON.stringify(text)} is no path`, () => {
    assert.throws(() => parse(text), { name: 'CommandSyntaxError' });
  });
}

test('the null path is for senders', () => {
  assert.deepEqual(parse('<> SIZE=1', true), {
    path: { address: '', localPart: '', domain: undefined, isAscii: true },
    end: 2,
  });
});

test('octets that are no UTF-8 are no address', () => {
  assert.throws(() => parsePath('<fr\xffd@x>', 0, { mayBeNull: false }), /not UTF-8/);
});

test('no text makes the parser fail in another way, or slowly', () => {
  const part = fc.constantFrom(
    '<',
    '>',
    '@',
    '.',
    ':',
    ',',
    '"',
    '\\',
    'a',
    '-',
    '[',
    ']',
    'é',
    ' ',
    '1',
    'a'.repeat(2000),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
      const text = utf8(`<${parts.join('')}`);
      try {
        const { path, end } = parsePath(text, 0, { mayBeNull: true });
        assert.equal(text[end - 1], '>');
        if (path.address !== '') assert.ok(text.slice(0, end).endsWith(`${utf8(path.address)}>`));
      } catch (error) {
        assert.equal((error as Error).name, 'CommandSyntaxError');
      }
    }),
    { numRuns: 500 },
  );
});

test('parameters', () => {
  assert.deepEqual(
    { ...parseParameters(' size=10 BODY=8BITMIME SMTPUTF8 ', 0) },
    { SIZE: '10', BODY: '8BITMIME', SMTPUTF8: '' },
  );
  assert.deepEqual({ ...parseParameters('', 0) }, {});
  assert.deepEqual({ ...parseParameters(' PROTO=1', 0) }, { PROTO: '1' });
  for (const text of ['x', ' =1', ' a=', ' a=b=c', ' a=1 A=2', ' -a', ' a\tb', ' a=\x01', ' a=b c=\x7f']) {
    assert.throws(() => parseParameters(text, 0), { name: 'CommandSyntaxError' }, text);
  }
});

test('xtext comes back (RFC 3461 §4)', () => {
  assert.equal(decodeXtext('fred+40x'), 'fred@x');
  for (const text of ['a=b', 'a+4', 'a+4g', 'a b', 'é']) assert.equal(decodeXtext(text), undefined);
  fc.assert(
    fc.property(fc.uint8Array(), (octets) => {
      const text = Buffer.from(octets).latin1Slice();
      const encoded = text.replace(
        /[^!-*,-<>-~]/g,
        (c) => `+${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
      );
      assert.equal(decodeXtext(encoded), text);
    }),
  );
});
