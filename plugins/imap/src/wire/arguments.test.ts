import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CommandLine, Flag, ImapSyntaxError, isMailError, MailError, STAR } from '@angarium/sdk';
import fc from 'fast-check';
import { LiteralWanted } from './cursor.js';
import { quoteString } from './quote.js';
import { commandLineFrom } from './text-line.js';

/** The result of a rule that must take the whole text. */
function read<T>(text: string, rule: (line: CommandLine) => T, utf8 = false): T {
  const line = commandLineFrom(text, { utf8 });
  const value = rule(line);
  line.end();
  return value;
}

function fault(text: string, rule: (line: CommandLine) => unknown): string {
  try {
    read(text, rule);
  } catch (error) {
    assert.ok(error instanceof ImapSyntaxError, `${error}`);
    return `${error.position}: ${error.message}`;
  }
  return 'none';
}

test('atoms, keywords and item names', () => {
  assert.equal(
    read('a+b[c', (line) => line.atom()),
    'a+b[c',
  );
  assert.equal(
    read('uid', (line) => line.keyword()),
    'UID',
  );
  assert.equal(
    fault('a]', (line) => line.atom()),
    '1: expected the end of the command, found ]',
  );
  assert.equal(
    fault('', (line) => line.atom()),
    '0: expected an atom, found the end of the command',
  );
  assert.equal(
    fault('\\x', (line) => line.atom()),
    '0: expected an atom, found \\',
  );
  assert.equal(
    fault('a\x7f', (line) => line.atom()),
    '1: expected the end of the command, found octet 127',
  );
  const line = commandLineFrom('body.peek[header]');
  assert.equal(line.itemName(), 'BODY.PEEK');
  assert.equal(line.peek(), '[');
  assert.equal(line.tryItemName(), undefined);
  assert.ok(line.tryExpect('[HEADER]'));
  line.end();
});

test('strings in every form', () => {
  const string = (line: CommandLine) => line.string();
  assert.equal(read('"a b"', string), 'a b');
  assert.equal(read('"a\\"b\\\\"', string), 'a"b\\');
  assert.equal(read('""', string), '');
  assert.equal(read('{3}\r\na"\r', string), 'a"\r');
  assert.equal(read('{0+}\r\n', string), '');
  assert.equal(read('"caf\xe9"', string), 'caf\xe9');
  assert.equal(fault('"abc', string), '4: expected the closing ", found the end of the command');
  assert.equal(fault('"a\\b"', string), '3: expected " or \\ behind a \\, found b');
  assert.equal(fault('"a\\', string), '3: expected " or \\ behind a \\, found the end of the command');
  assert.equal(fault('"a\rb"', string), '0: expected a quoted string without CR, found "');
  assert.equal(fault('abc', string), '0: expected a string, found abc');
  assert.equal(fault('~{1}\r\na', string), '0: expected a string that is no literal8, found a literal');
  assert.equal(
    read('~{2}\r\na\0', (line) => line.octets()),
    'a\0',
  );
  assert.equal(
    read('nil', (line) => line.nstring()),
    undefined,
  );
  assert.equal(
    read('"NIL"', (line) => line.nstring()),
    'NIL',
  );
  assert.equal(
    fault('NILS', (line) => line.nstring()),
    '0: expected a string or NIL, found NILS',
  );
  assert.equal(
    read('NIL', (line) => line.astring()),
    'NIL',
  );
  assert.equal(
    read('a]b', (line) => line.astring()),
    'a]b',
  );
  assert.equal(
    fault('a%', (line) => line.astring()),
    '1: expected the end of the command, found %',
  );
  assert.equal(
    read('"\xc3\xa9"', (line) => line.text()),
    'é',
  );
  assert.equal(
    fault('"\xe9"', (line) => line.text()),
    '0: expected UTF-8 text, found "',
  );
});

test('a literal that has not come is wanted', () => {
  const line = commandLineFrom('{3}');
  assert.ok(line.isAtLiteral);
  assert.equal(line.peek(), '');
  assert.throws(() => line.astring(), LiteralWanted);
});

test('positions count octets, literals and line ends included', () => {
  const parse = (line: CommandLine) => {
    line.string();
    line.sp();
    line.number();
  };
  assert.equal(fault('{4+}\r\nabcd x', parse), '11: expected a number below 4294967296, found x');
});

test('mailbox names', () => {
  const mailbox = (line: CommandLine) => line.mailbox();
  assert.equal(read('iNbOx', mailbox), 'INBOX');
  assert.equal(read('{5}\r\ninbox', mailbox), 'INBOX');
  assert.equal(read('inbox.Foo', mailbox), 'inbox.Foo');
  assert.equal(read('Entw&APw-rfe', mailbox), 'Entwürfe');
  assert.equal(read('"Entw\xc3\xbcrfe"', mailbox, true), 'Entwürfe');
  assert.equal(read('Entw&APw-rfe', mailbox, true), 'Entw&APw-rfe');
  for (const name of ['a&', '"\xc3\xbc"', '&AAo-', '"a\tb"', '&ICg-']) {
    const refused = (error: unknown) => isMailError(error) && error.code === 'CANNOT';
    assert.throws(() => read(name, mailbox), refused, name);
  }
  // RFC 6855 §3: BAD in a quoted string.
  assert.throws(() => read('"\xfc"', mailbox, true), ImapSyntaxError);
  assert.throws(() => read('"a\\"\xfc"', mailbox, true), ImapSyntaxError);
  assert.throws(() => read('{1}\r\n\xfc', mailbox, true), MailError);
  assert.equal(
    read('INBOX.%', (line) => line.listMailbox()),
    'INBOX.%',
  );
  assert.equal(
    read('"a b*"', (line) => line.listMailbox()),
    'a b*',
  );
  assert.equal(
    read('a&', (line) => line.listMailbox()),
    '\0a&',
  );
});

test('numbers', () => {
  const number = (line: CommandLine) => line.number();
  const nzNumber = (line: CommandLine) => line.nzNumber();
  const number64 = (line: CommandLine) => line.number64();
  assert.equal(read('4294967295', number), 4294967295);
  assert.equal(read('0', number), 0);
  for (const text of ['4294967296', '-1', '', 'x', '9'.repeat(5000)])
    assert.match(fault(text, number), /^0: /);
  assert.equal(read('1', nzNumber), 1);
  for (const text of ['0', '01']) assert.match(fault(text, nzNumber), /^0: /);
  assert.equal(read('9007199254740993', number64), Number.MAX_SAFE_INTEGER);
  assert.equal(read('9223372036854775807', number64), Number.MAX_SAFE_INTEGER);
  assert.match(fault('9223372036854775808', number64), /^0: expected a number below/);
  assert.match(fault('9'.repeat(60_000), number64), /^0: /);
});

test('sequence sets', () => {
  const set = (line: CommandLine) => line.sequenceSet();
  assert.deepEqual(read('2,4:7,9,12:*', set).ranges, [
    [2, 2],
    [4, 7],
    [9, 9],
    [12, STAR],
  ]);
  assert.deepEqual(read('*:4', set).ranges, [[STAR, 4]]);
  assert.deepEqual(read('4294967295', set).ranges, [[4294967295, 4294967295]]);
  assert.ok(read('$', set).isSaved);
  for (const text of [
    '',
    '0',
    '1:',
    ':1',
    '1,',
    ',1',
    '1:0',
    '01',
    '4294967296',
    '1::2',
    '1:2:3',
    '-1',
    '1;2',
    '$1',
    '1,$',
  ]) {
    assert.match(fault(text, set), /^\d+: expected/, text);
  }
  assert.equal(commandLineFrom('ALL').trySequenceSet(), undefined);
  const many = Array.from({ length: 100_000 }, (_, i) => `${3 * i + 1}:${3 * i + 2}`).join(',');
  assert.equal(read(many, set).ranges.length, 100_000);
});

test('flags', () => {
  const flags = (line: CommandLine) => line.flags();
  const both = { system: Flag.seen | Flag.deleted, keywords: ['$Junk', 'x'] };
  assert.deepEqual(read('(\\seen $Junk \\Deleted x $junk)', flags), both);
  assert.deepEqual(read('\\Seen \\DELETED $Junk x', flags), both);
  assert.deepEqual(read('()', flags), { system: 0, keywords: [] });
  for (const text of ['(\\Recent)', '\\Bogus', '\\*', '(a  b)', '(a', '', '"a"', '\\']) {
    assert.match(fault(text, flags), /expected/, text);
  }
});

test('dates', () => {
  const dateTime = (line: CommandLine) => line.dateTime();
  const date = (line: CommandLine) => line.date();
  assert.equal(read('" 7-Feb-1994 21:52:25 -0800"', dateTime), Date.UTC(1994, 1, 8, 5, 52, 25));
  for (const text of [
    '"7 Feb 1994"',
    '17-Feb-1994',
    '"31-Feb-1994 00:00:00 +0000"',
    '"07-Feb-1994 25:00:00 +0000"',
    '',
  ]) {
    assert.match(fault(text, dateTime), /^0: expected a date and time/, text);
  }
  assert.deepEqual(read('1-feb-1994', date), { year: 1994, month: 2, day: 1 });
  assert.deepEqual(read('"29-Feb-2000"', date), { year: 2000, month: 2, day: 29 });
  for (const text of ['29-Feb-1900', '0-Jan-2000', '1-Foo-2000', '1-Jan-99', '"1-Jan-2000', '']) {
    assert.match(fault(text, date), /expected/, text);
  }
});

test('lists are bounded in depth, not in length', () => {
  const nested = (line: CommandLine): unknown => line.tryList(() => nested(line), 0) ?? line.atom();
  assert.deepEqual(read('(a (b c) ())', nested), ['a', ['b', 'c'], []]);
  const deep = (n: number) => `${'('.repeat(n)}${')'.repeat(n)}`;
  assert.equal(fault(deep(200), nested), 'none');
  for (const n of [201, 10_000]) assert.match(fault(deep(n), nested), /^200: expected at most 200 lists/);
  const long = `(${'a '.repeat(20_000)}a)`;
  assert.equal((read(long, nested) as unknown[]).length, 20_001);
  assert.match(fault('(a b', nested), /^4: expected a space or \)/);
  assert.match(
    fault('()', (line) => line.list(() => line.atom())),
    /^1: expected an atom/,
  );
  assert.match(
    fault('a', (line) => line.list(() => line.atom())),
    /^0: expected a parenthesised list/,
  );
});

test('a try that fails consumes nothing', () => {
  const line = commandLineFrom('"x"');
  const { position } = line;
  for (const attempt of ['tryAtom', 'tryKeyword', 'trySequenceSet', 'tryItemName', 'trySp'] as const) {
    assert.ok(!line[attempt]());
    assert.equal(line.position, position);
  }
  assert.equal(
    line.tryList(() => line.atom()),
    undefined,
  );
  assert.equal(line.tryExpect('"y'), false);
  assert.equal(line.position, position);
});

const octet = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const soup = fc.oneof(
  fc.string({ unit: octet, maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...'()"\\{}~+ %*&-0129:,.$[]aNIL\r\n\0\xe9'), maxLength: 60 }),
);

test('random octets are refused with a syntax error or a name that is none, by every rule', () => {
  const rules: ((line: CommandLine) => unknown)[] = [
    (line) => line.atom(),
    (line) => line.astring(),
    (line) => line.text(),
    (line) => line.octets(),
    (line) => line.nstring(),
    (line) => line.mailbox(),
    (line) => line.listMailbox(),
    (line) => line.number64(),
    (line) => line.sequenceSet(),
    (line) => line.flags(),
    (line) => line.dateTime(),
    (line) => line.date(),
    (line) => line.list(() => line.astring(), 0),
  ];
  fc.assert(
    fc.property(soup, fc.constantFrom(...rules), fc.boolean(), (text, rule, utf8) => {
      try {
        read(text, rule, utf8);
      } catch (error) {
        if (error instanceof ImapSyntaxError) {
          assert.match(error.message, /^expected [\x20-\x7e]+, found [\x20-\x7e]+$/);
          assert.ok(error.position! >= 0 && error.position! <= text.length);
        } else assert.ok(error instanceof MailError || error instanceof LiteralWanted, `${error}`);
      }
    }),
    { numRuns: 5000 },
  );
});

test('whatever is quoted is read back', () => {
  const value = fc.string({ unit: octet.filter((one) => one !== '\0'), maxLength: 50 });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (values) => {
      const line = commandLineFrom(values.map((one) => quoteString(one)).join(' '));
      const found: string[] = [];
      do found.push(line.string());
      while (line.trySp());
      line.end();
      assert.deepEqual(found, values);
    }),
  );
});

test('whatever the grammar makes is read as what it means', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'aZ9.-+/=[|}~'), minLength: 1, maxLength: 6 });
  const literal = (sign: string) => (text: string) => `{${text.length}${sign}}\r\n${text}`;
  const free = fc.string({ unit: octet.filter((one) => one !== '\0'), maxLength: 12 });
  const quotable = fc.string({ unit: fc.constantFrom(...'a "\\%*(){'), maxLength: 8 });
  const astring = fc.oneof(
    letters.map((text) => ({ wire: text, value: text })),
    quotable.map((text) => ({ wire: `"${text.replace(/["\\]/g, '\\$&')}"`, value: text })),
    free.map((text) => ({ wire: literal('')(text), value: text })),
    free.map((text) => ({ wire: literal('+')(text), value: text })),
  );
  const number = fc.integer({ min: 1, max: 0xffff_ffff });
  const bound = fc.oneof(number, fc.constant(STAR));
  const range = fc.oneof(
    bound.map((one): [number, number] => [one, one]),
    fc.tuple(bound, bound),
  );
  const boundText = (one: number) => (one === STAR ? '*' : `${one}`);
  const set = fc.array(range, { minLength: 1, maxLength: 5 });
  const setText = (ranges: [number, number][]) =>
    ranges.map(([a, b]) => (a === b ? boundText(a) : `${boundText(a)}:${boundText(b)}`)).join(',');
  fc.assert(
    fc.property(fc.array(astring, { minLength: 1, maxLength: 4 }), number, set, (strings, n, ranges) => {
      const wire = `(${strings.map((one) => one.wire).join(' ')}) ${n} ${setText(ranges)} ${strings[0]!.wire}`;
      const found = read(wire, (line) => {
        const list = line.list(() => line.astring());
        line.sp();
        const value = line.nzNumber();
        line.sp();
        const sequence = line.sequenceSet();
        line.sp();
        return [list, value, sequence.ranges, line.astring()];
      });
      assert.deepEqual(found, [strings.map((one) => one.value), n, ranges, strings[0]!.value]);
    }),
    { numRuns: 1000 },
  );
});
