// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Sieve
/** What a script, or a message, may take of the event loop and of memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { repeatedSize } from './extensions/regex.js';
import { parseScript } from './language/parser.js';
import { BodyPart, SieveMessage } from './runtime/message.js';
import { holds, inReason, language, problemsOf, requireAll, staged, trial } from './trial.test.support.js';

const headerOf = (field: string) => `${field}\r\nSubject: x\r\n\r\nbody\r\n`;

test('a script takes time by its length, not by its square', () => {
  const comment = `/*${' '.repeat(16 * 1024 * 1024)}*/`;
  assert.equal(inReason(() => parseScript(`${'keep;'.repeat(20_000)}${comment}`)).length, 20_000);
  const list = `[${'"a",'.repeat(4000)}"a"]`;
  const lists = `global ${list};`.repeat(100);
  assert.deepEqual(
    inReason(() => problemsOf(`require ["include", "variables"]; ${lists}`)),
    [],
  );
  const open = `require "encoded-character"; if header "a" "${'${hex:'.repeat(200_000)}" {}`;
  assert.deepEqual(
    inReason(() => problemsOf(open)),
    [],
  );
});

test('a long run of encoded octets is one string', () => {
  const octets = `$\{hex:${'41 '.repeat(300_000)}}`;
  assert.deepEqual(problemsOf(`require "encoded-character"; if header "a" "${octets}" {}`), []);
});

test('a field is found without a look at all others, HTML is read once', async () => {
  const message = await SieveMessage.open(staged(headerOf('A:\r\n'.repeat(100_000).trimEnd())), 1e6);
  const names = Array.from({ length: 100_000 }, (_, i) => message.rawValues(i % 2 === 0 ? 'zz' : 'subject'));
  assert.deepEqual([names[0], names[1]], [[], ['x']]);
  const part = new BodyPart('text/html', '<p>x</p>'.repeat(20_000));
  const lengths = inReason(() => Array.from({ length: 20_000 }, () => part.visibleText.length));
  assert.equal(new Set(lengths).size, 1);
});

test('a body of short words is compared as fast as one of long ones', () => {
  const { key } = language.comparators.get('i;ascii-casemap')!;
  for (const word of ['a ', 'äa'])
    assert.equal(
      inReason(() => Array.from({ length: 500 }, () => key(word.repeat(250_000)).length)).length,
      500,
    );
});

test('a message of more parts than are known is filtered all the same', async () => {
  const parts = '--b\r\n\r\nx\r\n'.repeat(2500);
  const message = `Subject: cheap pills\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${parts}--b--\r\n`;
  assert.equal(staged(message).summary.section([]), undefined, 'or the test is about nothing');
  for (const one of [
    'header :contains "subject" "pills"',
    'body :raw :contains "--b--"',
    'body :contains "x"',
  ])
    assert.ok(await holds(one, { message }), one);
});

/** How often others on the event loop had their turn. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const tick = () => {
    turns++;
    if (!isOver) setImmediate(tick);
  };
  setImmediate(tick);
  await work.catch(() => {});
  isOver = true;
  return turns;
}

test('others have their turn inside of a command: among tests, values and keys', async () => {
  const long = headerOf(`X-A: ${'a'.repeat(200_000)}`);
  const tests = `anyof(${'header :contains "x-a" "b", '.repeat(200)}false)`;
  const keys = `header :contains "x-a" [${'"b", '.repeat(200)}"b"]`;
  const wildcards = `header :matches "x-a" [${'"b*", '.repeat(200)}"b"]`;
  const values = 'header :value "gt" "x-b" "b"';
  const many = headerOf('X-B: a\r\n'.repeat(20_000).trimEnd());
  for (const [one, message] of [
    [tests, long],
    [keys, long],
    [wildcards, long],
    [values, many],
  ] as const) {
    const turns = await turnsDuring(trial(`${requireAll} if ${one} {}`, { message, steps: 1e6 }));
    assert.ok(turns >= 8, `${turns} turns in ${one.slice(0, 60)}`);
  }
});

test('a regular expression that repeats too much is refused before it is compiled', () => {
  for (const pattern of ['a{1000}'.repeat(20), `(a${'b'.repeat(900)}){1000}`, '((ab{100}c){40}d){9}']) {
    assert.ok(repeatedSize(pattern) > 4000, pattern);
    assert.match(problemsOf(`${requireAll} if header :regex "a" "${pattern}" {}`).join(), /repeats too much/);
  }
  for (const good of ['[0-9]{1,3}(\\\\.[0-9]{1,3}){3}', '^.{200,}$', '(\\\\[x{9}){2}', '[]{9}a]'])
    assert.deepEqual(problemsOf(`${requireAll} if header :regex "a" "${good}" {}`), []);
});

test('the size of a pattern is never guessed much too low', () => {
  const atom = fc.constantFrom('a', '\\.', '[^a-z]', '[]x]', '\\Qa{2}\\E', '\\pL', '.', '^', '\\x{41}');
  const count = fc.constantFrom('', '*', '+?', '{3}', '{0,7}', '{5,}', '{12}');
  const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
    pattern: fc
      .array(
        fc.tuple(
          fc.oneof(
            { depthSize: 'small' },
            atom,
            fc
              .tuple(fc.constantFrom('(', '(?:'), tie('pattern'), fc.constant(')'))
              .map((one) => one.join('')),
          ),
          count,
        ),
        { minLength: 1, maxLength: 4 },
      )
      .map((parts) => parts.map((one) => one.join('')).join('')),
  }));
  fc.assert(
    fc.property(pattern, (text) => {
      fc.pre(repeatedSize(text) <= 4000);
      let size: number;
      try {
        size = RE2JS.compile(text, RE2JS.CASE_INSENSITIVE).programSize();
      } catch {
        return;
      }
      assert.ok(size <= 10 + 5 * repeatedSize(text), `${text}: ${size} of ${repeatedSize(text)}`);
    }),
    { numRuns: 500 },
  );
});
