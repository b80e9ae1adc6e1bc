import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeName, encodeName } from './mod-utf7.js';
import { parseStatus, parseUntagged } from './response.js';
import { ResponseReader } from './response-reader.js';

test('values: atoms, strings, NIL, lists, literals', () => {
  assert.deepEqual(parseUntagged('LIST (\\Noselect \\HasChildren) "." user').values, [
    ['\\Noselect', '\\HasChildren'],
    '.',
    'user',
  ]);
  assert.deepEqual(
    parseUntagged('METADATA "" (/shared/motd {5}\r\n) "x( /a NIL /b "NIL" /c "a\\"b")').values,
    ['', ['/shared/motd', ') "x(', '/a', null, '/b', 'NIL', '/c', 'a"b']],
  );
  assert.deepEqual(parseUntagged('5 exists'), { name: 'EXISTS', values: ['5'], text: '' });
  assert.deepEqual(parseUntagged('QUOTA "" ()').values, ['', []]);
  assert.deepEqual(parseStatus('NO [REFERRAL imap://a/b] Not here'), {
    kind: 'NO',
    code: 'REFERRAL imap://a/b',
    text: 'Not here',
  });
  assert.deepEqual(parseStatus('OK'), { kind: 'OK', code: undefined, text: '' });
});

test('nothing makes the parser throw or hang', () => {
  const mean = fc.string({ unit: fc.constantFrom(...'() "\\{}3\r\n~xNIL') });
  fc.assert(fc.property(mean, (text) => void [parseUntagged(text), parseStatus(text)]));
  parseUntagged('('.repeat(100_000));
});

test('responses are the same however they arrive', () => {
  const wire = Buffer.from(
    '* LIST () "." a\r\n* LIST () "." {7}\r\nx\r\n* y{\r\n+ go on\r\nA1 OK [X] done\r\n* 1 {0}\r\n\r\n',
    'latin1',
  );
  const whole = new ResponseReader().push(wire);
  assert.equal(whole.length, 5);
  assert.equal(whole[1], '* LIST () "." {7}\r\nx\r\n* y{');
  fc.assert(
    fc.property(fc.array(fc.nat({ max: wire.length })), (cuts) => {
      const reader = new ResponseReader();
      const places = [0, ...cuts.sort((a, b) => a - b), wire.length];
      const got = places.slice(1).flatMap((to, at) => reader.push(wire.subarray(places[at], to)));
      assert.deepEqual(got, whole);
    }),
  );
});

test('a response without an end is given up', () => {
  const reader = new ResponseReader();
  const chunk = Buffer.alloc(1 << 20, 'x');
  assert.throws(() => {
    for (let i = 0; i < 20; i++) reader.push(chunk);
  }, /too long/);
  assert.throws(() => new ResponseReader().push(Buffer.from('* X {999999999}\r\n')), /too long/);
});

test('names beyond ASCII travel as modified UTF-7 and come back; what is ASCII stays', () => {
  assert.equal(encodeName('user.jörg'), 'user.j&APY-rg');
  assert.equal(encodeName('&ü'), '&-&APw-');
  assert.equal(encodeName('a&b'), 'a&b');
  assert.equal(decodeName('user.j&APY-rg'), 'user.jörg');
  assert.equal(decodeName('a&-b'), 'a&-b', 'typed as it is shown it would be another');
  assert.equal(decodeName('a&broken'), 'a&broken');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      if (/^[\x20-\x7e]*$/.test(text) || !text.isWellFormed()) return;
      assert.equal(decodeName(encodeName(text)), text);
    }),
  );
});
