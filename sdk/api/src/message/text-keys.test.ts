import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { collations, fold } from './collation.js';
import { messageIds } from './message-ids.js';
import { baseSubject } from './subject.js';

describe('collations', () => {
  test('i;ascii-casemap folds ASCII alone', () => {
    const key = collations['i;ascii-casemap'];
    assert.equal(key('aZ'), key('Az'));
    assert.notEqual(key('\u00e9'), key('\u00c9'));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const octets = Buffer.from(text, 'utf8').latin1Slice();
        assert.equal(
          key(text),
          octets.replace(/[a-z]/g, (letter) => letter.toUpperCase()),
        );
      }),
    );
  });

  test('i;ascii-numeric, RFC 4790 §9.1', () => {
    const key = collations['i;ascii-numeric'];
    const ordered = ['0', '1', '2', '10', '123', '99999999999999999999', 'x'];
    for (let i = 1; i < ordered.length; i++) assert.ok(key(ordered[i - 1] ?? '') < key(ordered[i] ?? ''));
    assert.equal(key('007 bond'), key('7'));
    assert.equal(key(''), key('abc'));
    assert.equal(key('-1'), key('abc'));
  });

  test('i;unicode-casemap, RFC 5051', () => {
    const key = collations['i;unicode-casemap'];
    assert.equal(key('\u00fc'), key('U\u0308'));
    assert.equal(key('\u01c6'), key('\u01c4'));
    assert.equal(key('\uff41'), key('\uff21'));
    assert.equal(key('\uff41'), key('a'));
    assert.equal(key('\u03c3'), key('\u03c2'));
    assert.notEqual(key('\u00fc'), key('u'));
    assert.equal(key('abc'), 'ABC');
  });

  test('keys of octets order as octets do', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const [x, y] = [collations['i;octet'](a), collations['i;octet'](b)];
        assert.equal(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))), x < y ? -1 : x > y ? 1 : 0);
      }),
    );
  });

  test('fold forgets case, diacritics, width and line ends', () => {
    assert.equal(fold('\u00c9t\u00c9  \r\n\tX'), 'ete x');
    assert.equal(fold('Stra\u00dfe'), fold('STRASSE'));
    assert.equal(fold('\u039f\u0394\u039f\u03a3'), fold('\u03bf\u03b4\u03bf\u03c2'));
    assert.equal(fold('\uff21\ufb01'), 'afi');
  });

  test('folding twice changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => assert.equal(fold(fold(text)), fold(text))),
    );
  });
});

describe('base subject, RFC 5256 §2.1', () => {
  const CASES: readonly [subject: string, base: string, reply: boolean][] = [
    ['', '', false],
    ['Hello', 'Hello', false],
    ['Re: Hello', 'Hello', true],
    ['RE:Hello', 'Hello', true],
    ['fw: Hello', 'Hello', true],
    ['Fwd : Hello', 'Hello', true],
    ['Re[2]: Hello', 'Hello', true],
    ['Re: [list] Re: Fwd: Hello', 'Hello', true],
    ['[a] [b] Re: Hello', 'Hello', true],
    ['[list] Hello', 'Hello', false],
    ['[only blob]', '[only blob]', false],
    ['[a] [b]', '[b]', false],
    ['Re: [only blob]', '[only blob]', true],
    ['Hello (fwd) (FWD)  ', 'Hello', true],
    ['[fwd: Re: Hello (fwd)]', 'Hello', true],
    ['[Fwd: [fwd: Hello]]', 'Hello', true],
    ['Real estate', 'Real estate', false],
    ['re', 're', false],
    ['a \t\r\n b', 'a b', false],
    ['Re: ', '', true],
  ];
  for (const [subject, base, reply] of CASES) {
    test(JSON.stringify(subject), () =>
      assert.deepEqual(baseSubject(subject), { base, isReplyOrForward: reply }),
    );
  }

  test('hostile subjects come to an end', () => {
    for (const piece of ['[', ']', '[a]', 're:', '(fwd)', '[fwd:', 're[a]'])
      baseSubject(piece.repeat(100_000));
  });
});

describe('message identifiers', () => {
  test('are found, normalised and bounded', () => {
    assert.deepEqual(messageIds('<a@b> text <c\r\n @d> <"e,f"@g> <"h"@i>'), ['a@b', 'c@d', '"e,f"@g', 'h@i']);
    assert.deepEqual(messageIds('a@b'), ['a@b']);
    assert.deepEqual(messageIds('Your message of Monday'), []);
    assert.deepEqual(messageIds('<1@a> <2@a> <3@a> <4@a>', 2), ['1@a', '4@a']);
    assert.deepEqual(messageIds('<1@a> <2@a>', 1), ['1@a']);
  });
});
