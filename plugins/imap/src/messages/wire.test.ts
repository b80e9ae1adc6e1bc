/** The message commands with the whole plugin around them, over a connection. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImapAnswer, ImapTestClient } from '@angarium/testing';
import fc from 'fast-check';
import { letter, TestServer } from '../server.test.support.js';

test('a pipeline of commands is answered in order, each with what it changes', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(3);
  const commands = [
    'STORE 2 +FLAGS (\\Deleted)',
    'SEARCH DELETED',
    'FETCH 1:3 (FLAGS)',
    'EXPUNGE',
    'UID SEARCH ALL',
    'FETCH 2 (UID)',
  ];
  const tags = commands.map((command) => client.start(command));
  const answers = [];
  for (const tag of tags) answers.push((await client.finish(tag)).untagged);
  assert.deepEqual(answers, [
    ['2 FETCH (FLAGS (\\Deleted \\Recent))'],
    ['SEARCH 2'],
    ['1 FETCH (FLAGS (\\Recent))', '2 FETCH (FLAGS (\\Deleted \\Recent))', '3 FETCH (FLAGS (\\Recent))'],
    ['2 EXPUNGE'],
    ['SEARCH 1 3'],
    ['2 FETCH (UID 3)'],
  ]);
  assert.deepEqual(server.faults, []);
});

test('literals in SEARCH and FETCH are asked for', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(2);
  const found = await client.withLiterals('SEARCH CHARSET UTF-8 SUBJECT ', Buffer.from('number 2'));
  assert.equal(found.status, 'OK');
  assert.deepEqual(found.untagged, ['SEARCH 2']);
  const fetched = await client.withLiterals(
    'FETCH 1 BODY.PEEK[HEADER.FIELDS (',
    Buffer.from('Subject'),
    ')]',
  );
  assert.deepEqual(fetched.untagged, [
    '1 FETCH (BODY[HEADER.FIELDS (Subject)] {21}\r\nSubject: number 1\r\n\r\n)',
  ]);
});

test('a wrong number is BAD, a missing target TRYCREATE, and the session goes on', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(1);
  assert.equal((await client.command('FETCH 2 FLAGS')).status, 'BAD');
  assert.equal((await client.command('FETCH 1 BODY[HEADER')).status, 'BAD');
  assert.match((await client.command('COPY 1 nowhere')).text, /^\[TRYCREATE\]/);
  assert.match((await client.command('SEARCH CHARSET x-none ALL')).text, /^\[BADCHARSET \(/);
  assert.equal((await client.command(`SEARCH ${'('.repeat(10_000)}`)).status, 'BAD');
  assert.equal((await client.command(`SEARCH ${'NOT '.repeat(10_000)}ALL`)).status, 'OK');
  assert.deepEqual(server.faults, []);
});

test('a client that does not read holds up nobody, and gets every octet in the end', async () => {
  await using server = await TestServer.start();
  const body = 'x'.repeat(70).concat('\r\n').repeat(100_000);
  const slow = await server.loggedIn();
  await slow.append('INBOX', letter('large', body));
  await slow.ok('SELECT INBOX');
  slow.pause();
  const tag = slow.start('FETCH 1 BODY.PEEK[TEXT]');
  const other = await server.loggedIn();
  await other.ok('SELECT INBOX');
  for (let i = 0; i < 20; i++) await other.ok('FETCH 1 (FLAGS)');
  slow.resume();
  const [answer] = (await slow.finish(tag)).untagged;
  assert.equal(answer, `1 FETCH (BODY[TEXT] {${body.length}}\r\n${body})`);
});

test('IDLE and NOOP of others tell what STORE, EXPUNGE and MOVE do', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(3);
  await client.ok('CREATE INBOX.other');
  const watcher = await server.loggedIn();
  await watcher.ok('SELECT INBOX');
  watcher.sendLine('i IDLE');
  await watcher.expect(/^\+ /);
  await client.ok('STORE 1 +FLAGS.SILENT (\\Seen)');
  assert.equal(await watcher.line(), '* 1 FETCH (FLAGS (\\Seen))');
  const moved = await client.ok('MOVE 2 INBOX.other');
  assert.match(moved.untagged[0]!, /^OK \[COPYUID \d+ 2 1\] /);
  assert.equal(moved.untagged[1], '2 EXPUNGE');
  assert.equal(await watcher.line(), '* 2 EXPUNGE');
  watcher.sendLine('DONE');
  await watcher.expect(/^i OK/);
  assert.deepEqual(server.faults, []);
});

/** What a client makes of what it is told. */
class Picture {
  readonly flags: (string | undefined)[] = [];

  constructor(readonly client: ImapTestClient) {}

  async run(command: string): Promise<void> {
    this.takeAll(command, await this.client.command(command));
  }

  async append(text: string): Promise<void> {
    this.takeAll('APPEND', await this.client.append('INBOX', text));
  }

  private takeAll(command: string, answer: ImapAnswer): void {
    assert.notEqual(answer.status, 'BAD', `${command}: ${answer.text}`);
    for (const line of answer.untagged) this.take(line);
  }

  private take(line: string): void {
    const [, number = '', kind, rest = ''] = /^(\d+) (EXISTS|EXPUNGE|FETCH)([\s\S]*)$/.exec(line) ?? [];
    const at = Number(number) - 1;
    if (kind === 'EXISTS') {
      assert.ok(Number(number) >= this.flags.length, line);
      while (this.flags.length < Number(number)) this.flags.push(undefined);
    } else if (kind === 'EXPUNGE') {
      assert.ok(at < this.flags.length, line);
      this.flags.splice(at, 1);
    } else if (kind === 'FETCH') {
      assert.ok(at < this.flags.length, line);
      const flags = /FLAGS \(([^)]*)\)/.exec(rest)?.[1];
      if (flags !== undefined) this.flags[at] = flags.replace(/ ?\\Recent/, '').trim();
    }
  }

  get size(): number {
    return this.flags.length;
  }
}

const action = fc.record({
  who: fc.nat(2),
  what: fc.constantFrom(
    'append',
    'store',
    'silent',
    'replace',
    'expunge',
    'uid-expunge',
    'move',
    'fetch',
    'search',
    'noop',
  ),
  from: fc.nat(9),
  count: fc.integer({ min: 1, max: 3 }),
  flag: fc.constantFrom('\\Seen', '\\Deleted', '\\Flagged', 'kw1', 'kw2'),
});

test('property: three clients at work; what each was told is what is there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      await using server = await TestServer.start();
      const pictures: Picture[] = [];
      for (let i = 0; i < 3; i++) {
        const client = await server.loggedIn();
        if (i === 0) await client.ok('CREATE INBOX.other');
        const picture = new Picture(client);
        await picture.run('SELECT INBOX');
        pictures.push(picture);
      }
      for (const { who, what, from, count, flag } of actions) {
        const picture = pictures[who]!;
        if (what === 'append') await picture.append(letter(`by ${who}`));
        if (what === 'noop') await picture.run('NOOP');
        if (what === 'expunge') await picture.run('EXPUNGE');
        if (picture.size === 0) continue;
        const first = 1 + (from % picture.size);
        const set = `${first}:${Math.min(picture.size, first + count - 1)}`;
        if (what === 'store') await picture.run(`STORE ${set} +FLAGS (${flag})`);
        if (what === 'silent') await picture.run(`UID STORE ${set} -FLAGS (${flag})`);
        if (what === 'replace') await picture.run(`STORE ${set} FLAGS (${flag})`);
        if (what === 'uid-expunge') await picture.run('UID EXPUNGE 1:*');
        if (what === 'move') await picture.run(`MOVE ${first} INBOX.other`);
        if (what === 'fetch') await picture.run(`FETCH ${set} (BODY[TEXT])`);
        if (what === 'search') await picture.run('SEARCH UNSEEN');
      }
      const fresh = new Picture(await server.loggedIn());
      await fresh.run('EXAMINE INBOX');
      if (fresh.size > 0) await fresh.run('FETCH 1:* (FLAGS)');
      for (const picture of pictures) {
        await picture.run('NOOP');
        assert.equal(picture.size, fresh.size);
        const known = picture.flags.map((flags, at) => flags ?? fresh.flags[at]);
        assert.deepEqual(known, fresh.flags);
      }
      assert.deepEqual(server.faults, []);
    }),
    { numRuns: 40 },
  );
});
