import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MailError } from '../errors.js';
import type { CommandSyntaxError } from './argument-reader.js';
import { CommandTable, defineTextCommand, noArguments, type TextCommand } from './command-table.js';
import { everySplit, FakeConnection } from './fake-connection.test.support.js';
import { runSession, type TextProtocol } from './session-loop.js';
import { TextSession } from './text-session.js';

class EchoSession extends TextSession {
  state: 'start' | 'open' = 'start';
}

const commands = new CommandTable<EchoSession>([
  defineTextCommand({
    name: 'OPEN',
    syntax: 'OPEN',
    rfc: 'none',
    states: ['start'],
    parse: noArguments,
    run(session: EchoSession) {
      session.state = 'open';
      session.reply('+opened');
    },
  }),
  defineTextCommand({
    name: 'ADD',
    syntax: 'ADD a b',
    rfc: 'none',
    states: ['open'],
    parse(args) {
      const a = args.expectNumber('first', 100);
      const b = args.expectNumber('second', 100);
      args.expectEnd();
      return a + b;
    },
    run(session: EchoSession, sum) {
      session.reply(`+${sum}`);
    },
  }),
  defineTextCommand({
    name: 'LIST NAMES',
    syntax: 'LIST NAMES',
    rfc: 'none',
    states: 'any',
    parse: noArguments,
    async run(session: EchoSession) {
      await Promise.resolve();
      session.reply('+names');
    },
  }),
  defineTextCommand({
    name: 'FAIL',
    syntax: 'FAIL how',
    rfc: 'none',
    states: 'any',
    parse: (args) => args.rest(),
    run(_session: EchoSession, how) {
      if (how === 'later') return Promise.reject(new MailError('NONEXISTENT', 'gone'));
      throw new MailError('NOPERM', 'no');
    },
  }),
  defineTextCommand({
    name: 'LAST',
    syntax: 'LAST',
    rfc: 'none',
    states: 'any',
    endsPipeline: true,
    parse: noArguments,
    run: (session: EchoSession) => session.reply('+last'),
  }),
  defineTextCommand({
    name: 'STOP',
    syntax: 'STOP',
    rfc: 'none',
    states: 'any',
    parse: noArguments,
    async run(session: EchoSession) {
      (session.connection as FakeConnection).startDraining();
      await Promise.resolve();
      session.reply('+stopped');
    },
  }),
  defineTextCommand({
    name: 'QUIT',
    syntax: 'QUIT',
    rfc: 'none',
    states: 'any',
    parse: noArguments,
    run(session: EchoSession) {
      session.reply('+bye');
      session.end();
    },
  }),
]);

const protocol: TextProtocol<EchoSession> = {
  commands,
  maxLineBytes: 40,
  maxBadCommands: 4,
  unknownCommand: (session, name) => session.reply(`-unknown ${name}`),
  wrongState: (session, command) => session.reply(`-not now ${command.name}`),
  syntaxError: (session, _command, error: CommandSyntaxError) => session.reply(`-syntax ${error.message}`),
  lineTooLong: (session) => session.reply('-too long'),
  failed: (session, _command: TextCommand<EchoSession>, error) =>
    session.reply(`-failed ${(error as MailError).code}`),
  goodbye: (session, reason) => session.reply(`-bye ${reason}`),
};

async function talk(chunks: readonly (string | Buffer)[]): Promise<string> {
  const connection = new FakeConnection(chunks);
  await runSession(new EchoSession(connection), protocol);
  return connection.output.replaceAll('\r\n', '|');
}

test('commands run in order, wherever the input is cut', async () => {
  const wire = Buffer.from(
    'add 1 2\r\nOPEN\r\nADD 1 2\nList  Names\r\nADD 1\r\nFAIL later\r\nFAIL\r\nQUIT\r\nOPEN\r\n',
  );
  const expected =
    '-not now ADD|+opened|+3|+names|-syntax second expected|-failed NONEXISTENT|-failed NOPERM|+bye|';
  for (const chunks of everySplit(wire)) assert.equal(await talk(chunks), expected);
});

test('a pipeline waits for input once, not once a command', async () => {
  const connection = new FakeConnection([`OPEN\r\n${'ADD 1 1\r\n'.repeat(1000)}`]);
  await runSession(new EchoSession(connection), protocol);
  assert.equal(connection.output, `+opened\r\n${'+2\r\n'.repeat(1000)}`);
  assert.equal(connection.waits, 2);
});

test('other clients have their turn while one pipelines', async () => {
  let turns = 0;
  const counter = setImmediate(function count() {
    turns++;
    if (turns < 5) setImmediate(count);
  });
  await talk([`OPEN\r\n${'ADD 1 1\r\n'.repeat(1000)}`]);
  clearImmediate(counter);
  assert.equal(turns, 5);
});

test('output above the high-water mark is waited for between commands', async () => {
  const connection = new FakeConnection([`OPEN\r\n${'ADD 1 1\r\n'.repeat(100)}`]);
  connection.highWaterMark = 40;
  await runSession(new EchoSession(connection), protocol);
  assert.equal(connection.drains, 10);
});

test('a line above the limit is answered and skipped', async () => {
  assert.equal(await talk([`${'x'.repeat(60)}`, `${'y'.repeat(60)}\r\nOPEN\r\n`]), '-too long|+opened|');
  assert.equal(await talk([`${'x'.repeat(60)}\r\nOPEN\r\n`]), '-too long|+opened|');
});

test('bad commands in a row end the session, others in between forgive', async () => {
  assert.equal(
    await talk(['A\r\nB\r\nC\r\nD\r\nOPEN\r\n']),
    '-unknown A|-unknown B|-unknown C|-unknown D|-bye too-many-errors|',
  );
  assert.equal(
    await talk(['A\r\nB\r\nC\r\nOPEN\r\nD\r\n']),
    '-unknown A|-unknown B|-unknown C|+opened|-unknown D|',
  );
});

test('an unknown name is shown printable and short', async () => {
  assert.equal(await talk(['\x00\xff\x1b\r\n']), '-unknown ???|');
  assert.equal(await talk([`${'x'.repeat(39)}\r\n`]), `-unknown ${'x'.repeat(32)}|`);
});

test('silence ends the session with a word', async () => {
  const connection = new FakeConnection(['OPEN\r\n'], false);
  const running = runSession(new EchoSession(connection), protocol);
  await new Promise(setImmediate);
  connection.fail('idle');
  await running;
  assert.equal(connection.output, '+opened\r\n-bye idle\r\n');
});

test('a waiting session says goodbye when the server drains', async () => {
  const connection = new FakeConnection(['OPEN\r\n'], false);
  const running = runSession(new EchoSession(connection), protocol);
  await new Promise(setImmediate);
  connection.startDraining();
  await running;
  assert.equal(connection.output, '+opened\r\n-bye draining\r\n');
});

test('a busy session says goodbye after the command that runs', async () => {
  const connection = new FakeConnection(['OPEN\r\nSTOP\r\nADD 1 1\r\n'], false);
  await runSession(new EchoSession(connection), protocol);
  assert.equal(connection.output, '+opened\r\n+stopped\r\n-bye draining\r\n');
});

test('input after a command that ends a pipeline is the protocol’s to judge', async () => {
  const connection = new FakeConnection(['LAST\r\nOPEN\r\n', 'LAST\r\n']);
  await runSession(new EchoSession(connection), {
    ...protocol,
    improperPipelining(session) {
      session.reply('-improper');
      return true;
    },
  });
  assert.equal(connection.output, '-improper\r\n+opened\r\n+last\r\n');
});

test('a half line at the end is no command', async () => {
  assert.equal(await talk(['OPEN\r\nQUIT']), '+opened|');
});

test('no input makes the loop throw or hang', async () => {
  const part = fc.constantFrom(
    'OPEN',
    'ADD',
    ' ',
    '\t',
    '1',
    '\r\n',
    '\n',
    '\0',
    'LIST',
    'NAMES',
    'FAIL',
    'x'.repeat(50),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 30 }), async (parts) => {
      const whole = await talk([parts.join('')]);
      assert.equal(await talk(parts), whole);
    }),
  );
});

test('two commands of one name are refused', () => {
  const quit = commands.get('quit')!;
  assert.throws(() => new CommandTable([quit, quit]), /QUIT is there twice/);
});
