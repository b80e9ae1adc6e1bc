import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearest } from './nearest.js';

const word = fc.string({ maxLength: 12 });

describe('edit distance', () => {
  it('known distances', () => {
    assert.equal(editDistance('kitten', 'sitting'), 3);
    assert.equal(editDistance('', 'abc'), 3);
    assert.equal(editDistance('ab', 'ba'), 1);
    assert.equal(editDistance('listen', 'lsiten'), 1);
  });

  it('is zero for the same, symmetric, and bounded by the lengths', () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        assert.equal(distance === 0, a === b);
        assert.equal(distance, editDistance(b, a));
        assert.ok(distance <= Math.max(a.length, b.length));
        assert.ok(distance >= Math.abs(a.length - b.length));
      }),
    );
  });

  it('one edit is at most one away', () => {
    fc.assert(
      fc.property(word, fc.nat(12), fc.string({ minLength: 1, maxLength: 1 }), (text, at, char) => {
        const place = Math.min(at, text.length);
        assert.ok(editDistance(text, text.slice(0, place) + char + text.slice(place)) <= 1);
        assert.ok(editDistance(text, text.slice(0, place) + text.slice(place + 1)) <= 1);
      }),
    );
  });
});

describe('nearest', () => {
  it('finds what was meant, or nothing', () => {
    const names = ['workers', 'data', 'plugins', 'log'];
    assert.equal(nearest('worker', names), 'workers');
    assert.equal(nearest('Plugns', names), 'plugins');
    assert.equal(nearest('lgo', names), 'log');
    assert.equal(nearest('colour', names), undefined);
    assert.equal(nearest('xx', ['yy', 'zz']), undefined);
    assert.equal(nearest('x'.repeat(1000), ['x'.repeat(1000)]), undefined);
  });
});
