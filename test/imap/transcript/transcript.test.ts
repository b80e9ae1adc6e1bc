import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matches } from './match.js';
import { parseRules } from './parse.js';
import { octetsOf } from './run.js';
import { tokensOf } from './tokens.js';

const cases: readonly [pattern: string, response: string, isMatch: boolean][] = [
  ['3 EXISTS', '3 EXISTS', true],
  ['3 EXISTS', '4 EXISTS', false],
  ['FLAGS (~ \\Seen \\Deleted)', 'FLAGS (\\Deleted \\Seen)', true],
  ['FLAGS (~ \\Seen)', 'FLAGS (\\Deleted \\Seen)', false],
  ['FLAGS (~ \\Seen …)', 'FLAGS (\\Deleted \\Seen)', true],
  ['FLAGS (\\Seen \\Deleted)', 'FLAGS (\\Deleted \\Seen)', false],
  ['1 FETCH (BODY[1]<0> "x")', '1 FETCH (BODY[1]<0> {1}\r\nx)', true],
  ['1 FETCH (BODY[HEADER.FIELDS (DATE)] …)', '1 FETCH (BODY[HEADER.FIELDS (DATE)] "")', true],
  ['1 FETCH (X NIL)', '1 FETCH (X "NIL")', false],
  ['LIST () "." INBOX', 'LIST () "." "inbox"', true],
  ['LIST () "." "INBOX"', 'LIST () "." "inbox"', false],
  ['OK [UIDNEXT <n>]', 'OK [UIDNEXT 7] Predicted next UID', true],
  ['OK [UIDNEXT <n>]', 'OK Predicted', false],
  ['OK', 'OK [ALERT] watch (out', true],
  ['NO', 'OK', false],
  ['… (d) …', 'a b (d) e f', true],
  ['a <x> <x>', 'a b b', true],
  ['a <x> <x>', 'a b c', false],
  ['/^SEARCH 1/', 'SEARCH 1 2', true],
  ['SEARCH', 'SEARCH', true],
  ['SEARCH …', 'SEARCH 2 4', true],
  ['x', 'x "no end', false],
];
for (const [pattern, response, isMatch] of cases) {
  test(`${pattern} ${isMatch ? 'is' : 'is not'} ${JSON.stringify(response)}`, () => {
    assert.equal(matches(pattern, response, new Map()), isMatch);
  });
}

test('what a name has stood for it stands for again', () => {
  const variables = new Map([['u', '7']]);
  assert.ok(matches('1 FETCH (UID <u>)', '1 FETCH (UID 7)', variables));
  assert.ok(!matches('1 FETCH (UID <u>)', '1 FETCH (UID 8)', variables));
  assert.ok(matches('OK [APPENDUID <v> <w>]', 'OK [APPENDUID 1 8] Done', variables));
  assert.equal(variables.get('w'), '8');
});

test('tokens', () => {
  const text = (value: string) => ({ is: 'string', text: value });
  const atom = (value: string) => ({ is: 'atom', text: value });
  assert.deepEqual(tokensOf('A ("q\\"" {3}\r\n) ( ~{1}\r\nx)'), [
    atom('A'),
    { is: 'list', open: '(', items: [text('q"'), text(') ('), text('x')] },
  ]);
});

test('rules are read with what they need', () => {
  const [rule, ...more] = parseRules(
    '# c\n\n[RFC 1 §2] does\nneeds: A B\nmail: plain\ndiffers cyrus: old\nas: 2=second 3=admin\nC: X <<a\\r\\n>>\n2*: 1 EXISTS\nNO|BAD: [X]\n2N:\n3R: {tag} \\x00\n',
    'f.rules',
  );
  assert.equal(more.length, 0);
  assert.deepEqual(
    { ...rule, differs: [...rule!.differs], roles: [...rule!.roles] },
    {
      file: 'f.rules',
      at: 3,
      source: 'RFC 1 §2',
      title: 'does',
      needs: ['A', 'B'],
      mail: ['plain'],
      state: 'login',
      roles: [
        [2, 'second'],
        [3, 'admin'],
      ],
      differs: [['cyrus', 'old']],
      steps: [
        { is: 'command', session: 1, text: 'X <<a\\r\\n>>', at: 8 },
        { is: 'expect', kind: 'untagged', session: 2, pattern: '1 EXISTS', at: 9 },
        { is: 'tagged', statuses: ['NO', 'BAD'], session: 1, pattern: '[X]', at: 10 },
        { is: 'reconnect', session: 2, text: '', at: 11 },
        { is: 'raw', session: 3, text: '{tag} \\x00', at: 12 },
      ],
    },
  );
});

test('what is no rule is refused with its place', () => {
  assert.throws(() => parseRules('C: X', 'f.rules'), /f\.rules:1: no rule has begun/);
  assert.throws(() => parseRules('[a] b\nnonsense', 'f.rules'), /f\.rules:2: neither a field nor a step/);
  assert.throws(() => parseRules('[a] b\nstate: odd', 'f.rules'), /no such state/);
  assert.throws(() => parseRules('[a] b\nas: 2=root', 'f.rules'), /no such role/);
  assert.throws(() => parseRules('[a] b\ncolour: red', 'f.rules'), /no such field/);
});

test('escapes', () => {
  assert.equal(octetsOf('a\\r\\n\\x80\\\\é'), 'a\r\n\x80\\\xc3\xa9');
});
