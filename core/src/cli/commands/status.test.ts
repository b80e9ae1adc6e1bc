import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportText } from './status.js';

test('what a plugin tells reads as words and figures', () => {
  assert.equal(reportText({ commits: 3, busy: false, last: null }), 'commits 3, busy false, last null');
  assert.equal(reportText({ sizes: [1, 2], of: { a: 1 } }), 'sizes [1,2], of {"a":1}');
  assert.equal(reportText([1]), '[1]');
  assert.equal(reportText('idle'), '"idle"');
  assert.equal(reportText(undefined), '–');
});
