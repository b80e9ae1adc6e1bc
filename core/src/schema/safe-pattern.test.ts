import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maxTestedLength, patternHazard, safePattern } from './safe-pattern.js';

describe('patterns of third parties', () => {
  const hazardous = ['^(a+)+$', '(a|aa)*', '((a)*)*', '(a|b?){2,}', '(?:x{2,})*', '([a-z]+\\.)*', '(a+){20}'];
  for (const pattern of hazardous) {
    it(`refuses ${pattern}`, () => {
      assert.notEqual(patternHazard(pattern), undefined);
      assert.throws(() => safePattern(pattern, 'u'), /repeats or branches inside/);
    });
  }

  const harmless = [
    '^[a-z]+(/[0-9]{1,3})?$',
    '^(a|b)$',
    '(ab)+',
    '[(a+)+]+',
    '\\(a+\\)+',
    '^(\\*\\.)?[A-Za-z0-9.-]+$',
    '(a+){1,3}',
  ];
  for (const pattern of harmless) {
    it(`takes ${pattern}`, () => assert.equal(patternHazard(pattern), undefined));
  }

  it('does not look at what is too long', () => {
    const { test } = safePattern('^a*$', 'u');
    assert.equal(test('a'.repeat(maxTestedLength)), true);
    assert.equal(test('a'.repeat(maxTestedLength + 1)), false);
  });
});
