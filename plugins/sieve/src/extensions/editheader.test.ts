// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Sieve
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { problemsOf, requireAll, trial } from '../trial.test.support.js';

const message = [
  'Return-Path: <a@b.example>',
  'X-Hello: one',
  'Received: from here',
  'X-Hello: two',
  ' folded',
  'X-Hello: =?utf-8?Q?drei=C3=9F?=',
  'Subject: Hi',
  '',
  'body',
  '',
].join('\r\n');

async function headerAfter(script: string): Promise<string> {
  return (await trial(`${requireAll} ${script}`, { message })).header.octets.toString('latin1');
}

const without = (...lines: string[]) =>
  lines.reduce((text, line) => text.replace(line, ''), `${message.slice(0, -'body\r\n'.length)}`);

test('addheader: in front or behind, folded and encoded, and no line of its own making (RFC 5293 §4)', async () => {
  const original = without();
  assert.equal(await headerAfter('addheader "X-A" "b";'), `X-A: b\r\n${original}`);
  assert.equal(await headerAfter('addheader :last "X-A" "b";'), original.replace(/\r\n$/, 'X-A: b\r\n\r\n'));
  assert.equal(
    await headerAfter('addheader "X-A" "b\r\nBcc: c@d\r\n\r\ntext";'),
    `X-A: b Bcc: c@d text\r\n${original}`,
  );
  assert.match(await headerAfter('addheader "X-A" "grün";'), /^X-A: =\?utf-8\?B\?Z3LDvG4=\?=\r\n/);
  assert.match(await headerAfter(`addheader "X-A" "${'y'.repeat(3000)}";`), /^(?:[^\r\n]{1,998}\r\n)+\r\n$/);
  const big = `set "a" "${'y'.repeat(8000)}"; ${'addheader "X-A" "${a}"; '.repeat(9)}`;
  await assert.rejects(headerAfter(big), /too much is added/);
  assert.match(problemsOf(`${requireAll} addheader "X A" "b";`).join(), /no header field's name/);
  await assert.rejects(headerAfter('set "n" "X: y"; addheader "${n}" "b";'), /no header field's name/);
});

test('deleteheader: all, by number, by value; never what loops are found by (RFC 5293 §5, §6)', async () => {
  const [one, two, three] = [
    'X-Hello: one\r\n',
    'X-Hello: two\r\n folded\r\n',
    'X-Hello: =?utf-8?Q?drei=C3=9F?=\r\n',
  ] as const;
  for (const [script, expected] of [
    ['deleteheader "x-hello";', without(one, two, three)],
    ['deleteheader :index 1 "X-Hello"; deleteheader :index 2 "X-Hello";', without(one, three)],
    ['deleteheader :index 1 :last "X-Hello";', without(three)],
    ['deleteheader :index 1 :contains "X-Hello" "two";', without()],
    ['deleteheader :contains "X-Hello" ["DREIß", "o f"];', without(two, three)],
    ['deleteheader :matches "X-Hello" "*";', without(one, two, three)],
    ['deleteheader :regex "X-Hello" "^(one|two.*)$";', without(one, two)],
    ['deleteheader :index 9 "X-Hello"; deleteheader "X-None";', without()],
    ['deleteheader "Received"; deleteheader "Auto-Submitted";', without()],
    ['addheader "X-Hello" "World"; deleteheader :index 1 "X-Hello";', without()],
    ['addheader "X-Sieve-Redirected-From" "a"; deleteheader "X-Sieve-Redirected-From"; stop;', undefined],
  ] as const) {
    const found = await headerAfter(script);
    if (expected === undefined) assert.match(found, /^X-Sieve-Redirected-From: a\r\n/, script);
    else assert.equal(found, expected, script);
  }
  for (const bad of [
    'deleteheader :last "X";',
    'deleteheader :index 0 "X";',
    'deleteheader ["a", "b"];',
    'deleteheader;',
  ])
    assert.equal(problemsOf(`${requireAll} ${bad}`).length, 1, bad);
  assert.deepEqual(problemsOf('require "editheader"; deleteheader :index 1 :last "X" "y";'), []);
});

test('tests and actions see the header of the moment (RFC 5293 §7)', async () => {
  const run = await trial(
    `${requireAll} fileinto "a"; addheader "X-New" "1"; if header "x-new" "1" { fileinto "b"; }
     deleteheader "Subject"; if not exists "subject" { redirect "x@y.example"; }`,
    { message },
  );
  const [a, b, redirect] = run.actions;
  assert.ok(a?.is === 'fileinto' && b?.is === 'fileinto' && redirect?.is === 'redirect');
  assert.equal(a.header, undefined);
  assert.deepEqual([b.header?.values('x-new'), b.header?.values('subject')], [['1'], ['Hi']]);
  assert.deepEqual(redirect.header?.values('subject'), []);
});

test('whatever is added or deleted, a header stays lines of fields', async () => {
  const name = fc.constantFrom('X-Hello', 'Subject', 'X-New', 'Received');
  const value = fc
    .string({ unit: 'binary', maxLength: 60 })
    .map((text) => text.replace(/[\0"\\$]/g, 'q').toWellFormed());
  const edit = fc.oneof(
    fc
      .tuple(fc.constantFrom('', ':last'), name, value)
      .map(([last, one, text]) => `addheader ${last} "${one}" "${text}";`),
    fc
      .tuple(fc.constantFrom('', ':index 1', ':index 2 :last'), name)
      .map(([at, one]) => `deleteheader ${at} "${one}";`),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { maxLength: 6 }), async (edits) => {
      const header = await headerAfter(edits.join(' '));
      const line = '[\\x21-\\x39\\x3b-\\x7e]+:[^\\r\\n]*\\r\\n(?:[ \\t]+[^\\r\\n]+\\r\\n)*';
      assert.match(header, new RegExp(`^(?:${line})*\\r\\n$`));
      assert.ok(header.includes('Received: from here\r\n'));
    }),
    { numRuns: 150 },
  );
});
