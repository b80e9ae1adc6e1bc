// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Sieve
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileScript } from '../compiler/compiler.js';
import { language, problemsOf } from '../trial.test.support.js';
import type { Argument, CommandNode, StringArgument, TestNode } from './ast.js';
import { parseScript } from './parser.js';
import { printScript } from './print.js';

const at = { line: 1, column: 1 };
const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/).filter((one) => one !== 'text');
/** As the lexer leaves them: CRLF line ends, no NUL. */
const text = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .map((one) => one.replaceAll('\0', '').replace(/\r?\n/g, '\r\n'));
const string = text.map((value): StringArgument => ({ kind: 'string', value, at }));
const argument: fc.Arbitrary<Argument> = fc.oneof(
  string,
  fc
    .array(string, { minLength: 1, maxLength: 4 })
    .map((values): Argument => ({ kind: 'strings', values, at })),
  fc.maxSafeNat().map((value): Argument => ({ kind: 'number', value, at })),
  name.map((one): Argument => ({ kind: 'tag', name: `:${one}`, at })),
);
const { node } = fc.letrec<{ node: TestNode; tests: { tests: TestNode[]; isTestList: boolean } }>((tie) => ({
  tests: fc.oneof(
    { depthSize: 'small' },
    fc.constant({ tests: [] as TestNode[], isTestList: false }),
    tie('node').map((one) => ({ tests: [one], isTestList: false })),
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((tests) => ({ tests, isTestList: true })),
  ),
  node: fc
    .tuple(name, fc.array(argument, { maxLength: 4 }), tie('tests'))
    .map(([one, args, rest]) => ({ name: one, args, at, ...rest })),
}));
const { commands } = fc.letrec<{ command: CommandNode; commands: CommandNode[] }>((tie) => ({
  command: fc
    .tuple(node, fc.option(tie('commands'), { nil: undefined, depthSize: 'small' }))
    .map(([head, block]) => ({ ...head, block })),
  commands: fc.array(tie('command'), { maxLength: 4 }),
}));

/** Without positions. */
function bare(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, one) => (key === 'at' ? undefined : one)));
}

test('what is printed parses to the same tree', () => {
  fc.assert(
    fc.property(commands, (script) => {
      assert.deepEqual(bare(parseScript(printScript(script))), bare(script));
    }),
    { numRuns: 300 },
  );
});

test('any octets are a program or have problems with a place; nothing else is thrown', () => {
  const words = fc.constantFrom(
    ...'if elsif else require keep ; { } [ ] ( ) , "a" "${a}" :is :matches header address not allof 10K text: . # /* */ \r\n'.split(
      ' ',
    ),
    '"variables"',
    '\0',
    '"*?\\\\"',
  );
  const scripts = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(words, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(' '), 'utf8')),
  );
  fc.assert(
    fc.property(scripts, (octets) => {
      const { program, problems } = compileScript(octets, language);
      assert.equal(program === undefined, problems.length > 0);
      for (const { line, column, message } of problems) {
        assert.ok(line >= 1 && column >= 1 && message.length > 0 && message.length < 400);
      }
    }),
    { numRuns: 2000 },
  );
});

function strings(script: string): unknown {
  return bare(parseScript(script).flatMap(({ args }) => args));
}

test('strings, multi-line texts and comments (RFC 5228 §2.3, §2.4.2)', () => {
  assert.deepEqual(strings('x "a\\"b\\\\c\\d\nnext";'), [{ kind: 'string', value: 'a"b\\cd\r\nnext' }]);
  assert.deepEqual(strings('x text: # why\r\n..dot\r\n.more\r\nend\r\n.\r\n;'), [
    { kind: 'string', value: '.dot\r\nmore\r\nend\r\n' },
  ]);
  assert.deepEqual(strings('x TEXT:\n.\n;'), [{ kind: 'string', value: '' }]);
  assert.deepEqual(strings('x /* "no" */ # ;\n "yes" 2M;'), [
    { kind: 'string', value: 'yes' },
    { kind: 'number', value: 2 * 1024 * 1024 },
  ]);
});

test('mistakes are told with their place', () => {
  const cases: readonly [script: string, problem: string][] = [
    ['keep', '1:5 expected ";" or "{" after keep, found the end of the script'],
    ['keep;\r\n  "a";', '2:3 expected a command, found a string'],
    ['if true { keep; ', '1:17 expected a command, found the end of the script'],
    ['keep "a;', '1:6 a string without end'],
    ['/* x', '1:1 a comment without end'],
    ['redirect text:\r\na\r\n', '1:10 a multi-line text without the dot that ends it'],
    ['frobnicate;', '1:1 unknown command "frobnicate"'],
    ['require "no-such";', '1:9 there is no extension "no-such"'],
    ['keep; require "fileinto";', '1:7 require must come before all other commands'],
    ['fileinto "x";', '1:1 fileinto needs require "fileinto"'],
    ['require "fileinto"; fileinto :create "x";', '1:30 :create needs require "mailbox"'],
    ['if header :is :contains "a" "b" {}', '1:15 :is and :contains exclude each other'],
    ['if header "a" "b" :is {}', '1:19 :is must stand before the other arguments'],
    ['if header "a" {}', '1:4 header needs a string or a list of strings and a string or a list of strings'],
    ['if size 1 {}', '1:4 size needs :over or :under'],
    ['if header "a:b" "c" {}', '1:11 "a:b" is no header field\'s name'],
    ['redirect "nobody";', '1:10 "nobody" is no address'],
    ['else { keep; }', '1:1 else without if'],
    ['if true {} else {} elsif true {}', '1:20 elsif after else'],
    ['if anyof true { keep; }', '1:4 anyof needs a list of tests'],
    ['keep "x";', '1:6 keep has an argument too many'],
    [
      'require "regex"; if header :regex "a" "(" {}',
      '1:39 not a regular expression: error parsing regexp: missing closing ): `(`',
    ],
    ['if header :comparator "i;no" "a" "b" {}', '1:23 there is no comparator "i;no"'],
    [`${'if true {'.repeat(40)}keep;${'}'.repeat(40)}`, '1:292 nested too deeply'],
    ['require "variables"; set "1" "x";', '1:26 "1" is no name of a variable'],
    ['require "variables"; set :lower :upper "a" "x";', '1:33 :lower and :upper exclude each other'],
    ['require "vacation"; vacation :from "nobody" "x";', '1:36 "nobody" is no address'],
  ];
  for (const [script, problem] of cases) assert.deepEqual(problemsOf(script), [problem], script);
  assert.match(compileScript(Buffer.from('keep;\n# \xff', 'latin1'), language).problems[0]!.message, /UTF-8/);
});

test('several mistakes are told at once, but not any number', () => {
  assert.deepEqual(problemsOf('foo;\nif bar { keep; }\nbaz;'), [
    '1:1 unknown command "foo"',
    '2:4 unknown test "bar"',
    '3:1 unknown command "baz"',
  ]);
  assert.ok(problemsOf('foo;'.repeat(1000)).length <= 21);
});
