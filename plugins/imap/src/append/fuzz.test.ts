import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { letter, TestServer } from '../server.test.support.js';

const literal = (text: string): string => `{${text.length}+}\r\n${text}`;

/** Words of the grammars, right and wrong, in any order. */
const word = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'INBOX',
      '1',
      '2',
      '99',
      '0',
      '1:2',
      'CATENATE',
      '(',
      ')',
      'URL',
      'TEXT',
      '"/INBOX/;UID=1"',
      '";UID=2/;SECTION=1"',
      '(\\Seen)',
      '" 7-Feb-1994 21:52:25 -0800"',
      'DEFLATE',
      'LAZY',
      'PREVIEW',
      'BINARY[1]',
      'BINARY.SIZE[]',
      'BINARY.PEEK[2]<0.5>',
      'SAVEDATE',
      'EMAILID',
      'NIL',
      '""',
      '*',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      literal(letter('x')),
      `~${literal('a\0b')}`,
      literal(''),
      '{5}',
      '~{5}',
      literal('\0'),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.string({
      unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
      maxLength: 6,
    }),
  },
);
const command = fc.constantFrom(
  'APPEND INBOX',
  'APPEND INBOX CATENATE (',
  'REPLACE 1 INBOX',
  'UID REPLACE 2 INBOX CATENATE (TEXT',
  'REPLACE',
  'FETCH 1',
  'UID FETCH 1:2 (',
  'UIDBATCHES',
  'SEARCH',
  'SEARCH SAVEDON',
  'SEARCH EMAILID',
  'STORE 1 +X',
  'APPEND',
);

test('whatever follows the commands, it is answered, and the session lives', async () => {
  await using server = await TestServer.start();
  await fc.assert(
    fc.asyncProperty(
      command,
      fc.array(word, { maxLength: 8 }),
      fc.constantFrom(' ', ' ', ''),
      async (name, words, gap) => {
        const client = await server.selected(2);
        client.send(`f ${name} ${words.join(gap)}\r\nn NOOP\r\n`);
        const said: string[] = [];
        for (let line = ''; !line.startsWith('n '); said.push(line)) {
          line = await client.line();
          // A literal that was asked for: what comes next is taken for it.
          if (line.startsWith('+')) client.send('12345\r\nn NOOP\r\n');
        }
        assert.ok(
          said.some((line) => /^f (OK|NO|BAD) /.test(line)),
          said.join('\n'),
        );
        client.destroy();
      },
    ),
    { numRuns: 300 },
  );
  assert.deepEqual(server.faults, []);
});
