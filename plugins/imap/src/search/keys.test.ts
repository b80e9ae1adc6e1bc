import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImapSyntaxError } from '@angarium/sdk';
import fc from 'fast-check';
import { plainEnvironment } from '../messages/environment.js';
import { commandLineFrom } from '../wire/index.js';
import { parseKeys } from './keys.js';
import type { Node } from './program.js';

function parse(text: string): Node {
  const line = commandLineFrom(text);
  const { root } = parseKeys(line, false, plainEnvironment);
  line.end();
  return root;
}

/** The tree in one line. */
function show(node: Node): string {
  if ('nodes' in node) return `${node.op}[${node.nodes.map(show).join(' ')}]`;
  if (node.op === 'not') return `!${show(node.node)}`;
  if (node.op === 'text') return `${node.place}:${node.field}:${node.text}`;
  if (node.op === 'flag') return `${node.isSet ? '' : '-'}${node.bit}`;
  if (node.op === 'keyword') return `${node.isSet ? '' : '-'}${node.name}`;
  if (node.op === 'date') return `${node.of}-${node.is}-${node.day}`;
  if (node.op === 'set') return `${node.isUid ? 'uid' : 'seq'}:${JSON.stringify(node.set.ranges)}`;
  if (node.op === 'modseq') return `modseq:${node.from}`;
  if (node.op === 'size') return `${node.than}:${node.octets}`;
  return node.op;
}

const good: readonly [text: string, tree: string][] = [
  ['ALL', 'all'],
  ['FLAGGED SINCE 1-Feb-1994 NOT FROM "Smith"', 'and[4 internal-since-8797 !header:from:Smith]'],
  ['new', 'and[recent -1]'],
  ['OLD', '!recent'],
  ['NOT NOT SEEN', '1'],
  ['OR SEEN OR ANSWERED OR DRAFT FLAGGED', 'or[16 4 2 1]'],
  ['(SEEN (ANSWERED)) DELETED', 'and[1 2 8]'],
  ['OR (SEEN ANSWERED) NOT (DRAFT)', 'or[and[1 2] !16]'],
  ['2,4:7 UID 9:*', `and[seq:[[2,2],[4,7]] uid:[[9,${2 ** 32}]]]`],
  ['HEADER X-Thing {3}\r\na b', 'header:x-thing:a b'],
  ['KEYWORD $Forwarded UNKEYWORD x', 'and[$Forwarded -x]'],
  ['SENTON "17-Jul-1996" LARGER 0 SMALLER 4294967295', 'and[sent-on-9694 larger:0 smaller:4294967295]'],
  ['MODSEQ 620162338', 'modseq:620162338'],
  ['MODSEQ "/flags/\\\\draft" all 620162338', 'modseq:620162338'],
  ['TEXT {6}\r\nXXXXXX', 'text::XXXXXX'],
];
for (const [text, tree] of good)
  test(`SEARCH ${JSON.stringify(text)}`, () => assert.equal(show(parse(text)), tree));

const bad: readonly string[] = [
  '',
  ' ',
  'NOSUCH',
  '()',
  '(SEEN',
  'SEEN)',
  'NOT',
  'NOT ',
  'OR SEEN',
  'OR SEEN ',
  'OR SEEN  ANSWERED',
  'SEEN  ANSWERED',
  'FROM',
  'FROM ',
  'HEADER a',
  'KEYWORD \\Seen',
  'KEYWORD',
  'LARGER -1',
  'LARGER x',
  'LARGER 4294967296',
  'ON 32-Jan-2000',
  'ON yesterday',
  'UID',
  'UID x',
  '0',
  '1:',
  '1,',
  'MODSEQ x',
  'MODSEQ "/flags/x" some 1',
  'SEEN(ANSWERED)',
  '((((',
];
for (const text of bad) {
  test(`refused: SEARCH ${JSON.stringify(text)}`, () => assert.throws(() => parse(text), ImapSyntaxError));
}

test('nesting is no danger to the stack', () => {
  const n = 10_000;
  assert.equal(show(parse(`${'('.repeat(n)}ALL${')'.repeat(n)}`)), 'all');
  assert.equal(show(parse(`${'NOT '.repeat(n)}SEEN`)), '1');
  assert.equal(show(parse(`${'OR ALL '.repeat(n)}SEEN`)).length, 'or[]1'.length + 4 * n);
  assert.equal(show(parse(`${'NOT ('.repeat(n)}SEEN${')'.repeat(n)}`)), '1');
  const deep = `${'OR ALL (SEEN '.repeat(n)}ALL${')'.repeat(n)}`;
  assert.throws(() => parse(deep), ImapSyntaxError);
  assert.throws(() => parse('('.repeat(n)), ImapSyntaxError);
});

const tokens = fc.constantFrom(
  ' ',
  ' ',
  '(',
  ')',
  'NOT ',
  'OR ',
  'SEEN',
  'ALL',
  'FROM ',
  '"x"',
  '{1}\r\ny',
  '1:*',
  '$',
  'UID ',
  'KEYWORD ',
  'a',
  'MODSEQ ',
  '7',
  'ON ',
  '1-Jan-2000',
  'HEADER ',
  'LARGER ',
  '\\',
  '*',
  '%',
  '"',
);

test('property: whatever comes, it is parsed or it is an ImapSyntaxError', () => {
  fc.assert(
    fc.property(fc.array(tokens, { maxLength: 30 }), (parts) => {
      try {
        parse(parts.join(''));
      } catch (error) {
        assert.ok(error instanceof ImapSyntaxError, String(error));
      }
    }),
    { numRuns: 5000 },
  );
});
