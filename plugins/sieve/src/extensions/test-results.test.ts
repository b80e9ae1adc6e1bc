import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileScript } from '../compiler/compiler.js';
import { holds, language, problemsOf } from '../trial.test.support.js';
import { createLanguage } from './index.js';
import { testResultExtensions } from './test-results.js';

const numeric = ':comparator "i;ascii-numeric"';

test('spamtest and :percent (RFC 5235 §3.2)', async () => {
  for (const [score, level, percent] of [
    ['-3.1', 1, 0],
    ['0', 1, 0],
    ['5.0', 5, 50],
    ['7', 7, 70],
    ['9.99', 9, 99],
    ['10', 10, 100],
    ['1234', 10, 100],
  ] as const) {
    const message = `X-Spam-Status: Yes, score=${score} required=5\r\nX-Spam-Status: score=1\r\n\r\n`;
    assert.ok(await holds(`spamtest "${level}"`, { message }), score);
    assert.ok(await holds(`spamtest :percent :value "eq" ${numeric} "${percent}"`, { message }), score);
    assert.ok(await holds('spamtest :count "eq" "1"', { message }));
  }
  for (const field of ['X-Other: score=9', 'X-Spam-Status: No', 'X-Spam-Status: score=.', 'X-Spam-Status:'])
    for (const one of ['spamtest "0"', 'spamtest :percent :is "0"', 'spamtest :count "eq" "0"'])
      assert.ok(await holds(one, { message: `${field}\r\n\r\n` }), `${field} ${one}`);
});

test('virustest (RFC 5235 §3.3)', async () => {
  for (const [text, level, count] of [
    ['infected; EICAR', 5, 1],
    ['CLEAN', 1, 1],
    ['unknown', 0, 0],
    ['1', 0, 0],
  ] as const) {
    const message = `X-Virus: ${text}\r\n\r\n`;
    assert.ok(await holds(`virustest :value "eq" ${numeric} "${level}"`, { message }), text);
    assert.ok(await holds(`virustest :count "eq" "${count}"`, { message }), text);
  }
});

test('what another stage has added counts, before what came with the message', async () => {
  const world = { addedFields: [{ name: 'x-spam-status', value: 'score=10' }] };
  assert.ok(await holds('spamtest "10"', { message: 'X-Spam-Status: score=0\r\n\r\n', world }));
});

test('a score as a row of stars; what is not set up is not offered', async () => {
  const stars = testResultExtensions(
    { header: 'X-Spam-Level', pattern: '[*]*', as: 'length', max: 5 },
    { header: '', pattern: '', values: {} },
  );
  const own = createLanguage(true, [], stars);
  assert.ok(own.capabilities.has('spamtestplus') && !own.capabilities.has('virustest'));
  assert.ok(!createLanguage(true).capabilities.has('spamtest'));
  const script = Buffer.from('require "spamtest"; if spamtest "5" { discard; }');
  assert.deepEqual(compileScript(script, own).problems, []);
  assert.ok(language.capabilities.has('virustest'));
});

test('a pattern that is none is told', () => {
  const spam = { header: 'X', pattern: '(', as: 'number', max: 1 } as const;
  assert.throws(
    () => testResultExtensions(spam, { header: '', pattern: '', values: {} }),
    /"\(" is no regular/,
  );
});

test('either capability will do, but :percent needs spamtestplus', () => {
  assert.deepEqual(problemsOf('require "spamtestplus"; if spamtest :percent "1" {} if spamtest "1" {}'), []);
  assert.equal(problemsOf('require "spamtest"; if spamtest :percent "1" {}').length, 1);
  assert.match(problemsOf('if spamtest "1" {}').join(), /needs require "spamtest"/);
});
