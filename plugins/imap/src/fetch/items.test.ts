import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImapSyntaxError } from '@angarium/sdk';
import fc from 'fast-check';
import { plainEnvironment } from '../messages/environment.js';
import { commandLineFrom } from '../wire/index.js';
import { type Item, parseFetch } from './items.js';
import { sectionLabel } from './section.js';

const parse = (text: string, isUid = false) => parseFetch(commandLineFrom(text), isUid, plainEnvironment);
const labels = (items: readonly Item[]) => items.map((item) => item.label).join(' ');

const good: readonly [text: string, labels: string][] = [
  [' 1 ALL', 'FLAGS INTERNALDATE RFC822.SIZE ENVELOPE'],
  [' 1 fast', 'FLAGS INTERNALDATE RFC822.SIZE'],
  [' 1 FULL', 'FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY'],
  [' 1 BODY', 'BODY'],
  [' 1 BODYSTRUCTURE', 'BODYSTRUCTURE'],
  [' 1 (FLAGS flags Flags)', 'FLAGS'],
  [' 1 BODY[]', 'BODY[]'],
  [' 1 BODY.PEEK[]<0.2048>', 'BODY[]<0>'],
  [' 1 (BODY[4.2.2.1] BODY[4.1.MIME])', 'BODY[4.2.2.1] BODY[4.1.MIME]'],
  [' 1 BODY[header.fields.not (DATE "FROM" {2}\r\nTo)]', 'BODY[HEADER.FIELDS.NOT (DATE FROM To)]'],
  [' 1 (FLAGS) (CHANGEDSINCE 12345)', 'FLAGS MODSEQ'],
];
for (const [text, expected] of good) {
  test(`FETCH${text}`, () => assert.equal(labels(parse(text).items), expected));
}

test('UID FETCH has UID', () => assert.equal(labels(parse(' 1 FLAGS', true).items), 'UID FLAGS'));

test('what sets \\Seen', () => {
  const setting = (text: string) =>
    parse(text).items.filter((item) => item.kind === 'section' && item.setsSeen);
  for (const item of ['RFC822', 'RFC822.TEXT', 'BODY[]', 'BODY[1.MIME]', 'BODY[HEADER]']) {
    assert.equal(setting(` 1 ${item}`).length, 1, item);
  }
  for (const item of ['RFC822.HEADER', 'BODY.PEEK[]', 'BODY.PEEK[1]', 'BODY']) {
    assert.equal(setting(` 1 ${item}`).length, 0, item);
  }
});

const bad: readonly string[] = [
  '',
  ' 1',
  ' 1 ',
  ' FLAGS',
  ' 1 ()',
  ' 1 (FLAGS',
  ' 1 FLAGS)',
  ' 1 FLAGS UID',
  ' 1 (ALL)',
  ' 1 (FLAGS FAST)',
  ' 1 NOSUCH',
  ' 1 BODY[',
  ' 1 BODY[1',
  ' 1 BODY[1.]',
  ' 1 BODY[.1]',
  ' 1 BODY[0]',
  ' 1 BODY[01]',
  ' 1 BODY[MIME]',
  ' 1 BODY[1.1.]',
  ' 1 BODY[HEADER.FIELDS]',
  ' 1 BODY[HEADER.FIELDS ()]',
  ' 1 BODY[HEADER.FIELDS (A]',
  ' 1 BODY[HEADER.FIELDS (A)',
  ' 1 BODY[HEADERS]',
  ' 1 BODY[TEXT.1]',
  ' 1 BODY[HEADER (A)]',
  ' 1 BODY.PEEK',
  ' 1 BODY[]<0>',
  ' 1 BODY[]<0.0>',
  ' 1 BODY[]<.1>',
  ' 1 BODY[]<1.2',
  ' 1 BODY[]<-1.2>',
  ' 1 BODY[]<4294967296.1>',
  ' 1 RFC822.PEEK',
  ' 1 BODYSTRUCTURE[]',
  ' 1 FLAGS ()',
  ' 1 FLAGS (CHANGEDSINCE)',
  ' 1 FLAGS (CHANGEDSINCE -1)',
  ' 1 FLAGS (NOSUCH 1)',
  ' 1  FLAGS',
  ' 0 FLAGS',
];
for (const text of bad) {
  test(`refused: FETCH${JSON.stringify(text)}`, () => assert.throws(() => parse(text), ImapSyntaxError));
}

test('an item list without end is refused', () => {
  const items = Array.from({ length: 300 }, (_, i) => `BODY[${i + 1}]`).join(' ');
  assert.throws(() => parse(` 1 (${items})`), ImapSyntaxError);
});

const tokens = fc.constantFrom(
  ' ',
  '1',
  '0',
  '.',
  '[',
  ']',
  '(',
  ')',
  '<',
  '>',
  'BODY',
  'BODY.PEEK',
  'HEADER',
  'HEADER.FIELDS',
  '.NOT',
  'TEXT',
  'MIME',
  'FLAGS',
  'RFC822',
  '"a b"',
  '{3}\r\nabc',
  '*',
  ':',
  ',',
  'CHANGEDSINCE',
  '\\',
  '%',
  '"',
);

test('property: whatever comes, it is parsed or it is an ImapSyntaxError', () => {
  fc.assert(
    fc.property(fc.array(tokens, { maxLength: 30 }), fc.boolean(), (parts, isUid) => {
      try {
        parse(` 1 ${parts.join('')}`, isUid);
      } catch (error) {
        assert.ok(error instanceof ImapSyntaxError, String(error));
      }
    }),
    { numRuns: 3000 },
  );
});

const name = fc.stringMatching(/^[!-9;-~]{1,12}$/);
const spec = fc.oneof(
  fc.record({
    path: fc.array(fc.integer({ min: 1, max: 0xffffffff }), { minLength: 1, maxLength: 5 }),
    text: fc.constantFrom('' as const, 'HEADER' as const, 'TEXT' as const, 'MIME' as const),
    names: fc.constant([]),
  }),
  fc.record({
    path: fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 5 }),
    text: fc.constantFrom('HEADER.FIELDS' as const, 'HEADER.FIELDS.NOT' as const),
    names: fc.array(name, { minLength: 1, maxLength: 4 }),
  }),
);
const partial = fc.option(
  fc.record({ start: fc.nat(0xffffffff), count: fc.integer({ min: 1, max: 0xffffffff }) }),
  { nil: undefined },
);

test('property: a section read back from its label is the same', () => {
  fc.assert(
    fc.property(spec, partial, (section, range) => {
      const label = sectionLabel(section, range);
      const sent = range === undefined ? label : label.replace(/>$/, `.${range.count}>`);
      const [item] = parse(` 1 BODY${sent}`).items;
      assert.ok(item?.kind === 'section');
      assert.deepEqual(item.spec, { ...section });
      assert.deepEqual(item.partial, range === undefined ? undefined : { ...range });
      assert.equal(item.label, `BODY${label}`);
    }),
  );
});
