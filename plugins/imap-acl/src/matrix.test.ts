/** Command by command, right by right (RFC 4314 §4): what the answer is when fred has these rights on a mailbox of joe's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personalMailbox, type UserId } from '@angarium/sdk';
import type { ImapTestClient } from '@angarium/testing';
import { AclServer, denied, done, letter, missing, told } from './server.test.support.js';

const every = 'lrswipkxtean';

interface Row {
  readonly command: (box: string, n: number) => string;
  /** Enough are all of these; with `any`, one of them. */
  readonly needs: string;
  readonly any?: boolean;
  /** The answer to whom the mailbox is hidden; default: it does not exist. */
  readonly hidden?: string;
}

const tryCreate = 'NO [TRYCREATE] Mailbox does not exist';

/** Commands that name a mailbox. */
const rows: readonly Row[] = [
  { command: (box) => `SELECT ${box}`, needs: 'r' },
  { command: (box) => `EXAMINE ${box}`, needs: 'r' },
  { command: (box) => `STATUS ${box} (MESSAGES)`, needs: 'r' },
  { command: (box) => `COPY 1 ${box}`, needs: 'i', hidden: tryCreate },
  { command: (box) => `MOVE 1 ${box}`, needs: 'i', hidden: tryCreate },
  { command: (box) => `APPEND ${box} {3+}\r\na\r\n`, needs: 'i', hidden: tryCreate },
  { command: (box) => `CREATE ${box}.below`, needs: 'k', hidden: denied },
  { command: (box) => `DELETE ${box}`, needs: 'x' },
  { command: (box, n) => `RENAME ${box} INBOX.taken${n}`, needs: 'x' },
  { command: (box, n) => `RENAME INBOX.mine${n} ${box}.below`, needs: 'k', hidden: denied },
  { command: (box) => `SUBSCRIBE ${box}`, needs: 'l' },
  { command: (box) => `UNSUBSCRIBE ${box}`, needs: '' },
  { command: (box) => `GETACL ${box}`, needs: 'a' },
  { command: (box) => `SETACL ${box} jane lr`, needs: 'a' },
  { command: (box) => `DELETEACL ${box} jane`, needs: 'a' },
  { command: (box) => `LISTRIGHTS ${box} jane`, needs: 'a' },
  { command: (box) => `MYRIGHTS ${box}`, needs: 'lrikxa', any: true },
];

/** None, each alone, each with l, all but one, all. */
const rightSets = [
  '',
  every,
  ...[...every].flatMap((right) => [right, `l${right}`, every.replace(right, '')]),
];

test('commands that name a mailbox, with each right and without it', async () => {
  await using server = await AclServer.start();
  await server.joes([]);
  const fred = await server.loggedIn('fred');
  let n = 0;
  for (const { command, needs, any = false, hidden = missing } of rows) {
    for (const rights of rightSets) {
      n++;
      await server.joes([`box${n}`], { fred: rights });
      if (command('', n).startsWith('RENAME INBOX.mine')) await fred.ok(`CREATE INBOX.mine${n}`);
      if (/^(COPY|MOVE)/.test(command('', n))) {
        await fred.append('INBOX', letter('x'));
        await fred.ok('SELECT INBOX');
      }
      const has = [...needs].map((right) => rights.includes(right));
      const isAllowed = any ? has.includes(true) : !has.includes(false);
      const answer = await fred.said(command(`user.joe.box${n}`, n));
      const expected = isAllowed ? 'OK' : rights.includes('l') ? denied : hidden;
      const where = `${command('box', 0)} with "${rights}": ${answer}`;
      if (isAllowed) assert.match(answer, /^OK/, where);
      else assert.equal(answer, expected, where);
    }
  }
});

test('a mailbox that is hidden is answered for like one that is not there', async () => {
  await using server = await AclServer.start();
  await server.joes([]);
  await server.joes(['hidden'], { '-fred': 'l' });
  const fred = await server.loggedIn('fred');
  await fred.append('INBOX', letter('x'));
  for (const { command } of rows) {
    if (command('', 0).startsWith('UNSUBSCRIBE')) continue;
    await fred.ok('SELECT INBOX');
    if (command('', 0).startsWith('RENAME INBOX.mine')) await fred.ok('CREATE INBOX.mine0');
    const there = await fred.said(command('user.joe.hidden', 0));
    assert.equal(there, await fred.said(command('user.joe.nothere', 0)), command('box', 0));
  }
  assert.deepEqual(await told(fred, 'LIST "" user.joe.hidden'), []);
  assert.deepEqual(await told(fred, 'LIST "" *'), [
    'LIST (\\HasChildren) "." INBOX',
    'LIST (\\HasNoChildren) "." INBOX.mine0',
  ]);
});

interface SelectedRow {
  /** Beside l and r. */
  readonly rights: string;
  readonly mode: 'READ-ONLY' | 'READ-WRITE';
  readonly permanent: string;
  /** Commands and answers; flags of the first message after the last. */
  readonly answers: Readonly<Record<string, string>>;
  readonly flags: string;
}

const seen = 'STORE 1 +FLAGS.SILENT (\\Seen)';
const flagged = 'STORE 1 +FLAGS.SILENT (\\Flagged)';
const deleted = 'STORE 1 +FLAGS.SILENT (\\Deleted)';
const keyword = 'STORE 1 +FLAGS.SILENT (kw)';
const several = 'STORE 1 +FLAGS.SILENT (\\Seen \\Deleted \\Answered)';
const replaced = 'STORE 1 FLAGS.SILENT (\\Seen \\Deleted \\Draft)';
const none = 'STORE 1 FLAGS.SILENT ()';

const selectedRows: readonly SelectedRow[] = [
  {
    rights: '',
    mode: 'READ-ONLY',
    permanent: '()',
    answers: {
      [seen]: denied,
      [flagged]: denied,
      [deleted]: denied,
      [keyword]: denied,
      [several]: denied,
      [replaced]: denied,
      [none]: denied,
      EXPUNGE: denied,
      'UID EXPUNGE 1': denied,
      'MOVE 1 INBOX': denied,
      'FETCH 1 BODY[]': done,
      CLOSE: done,
    },
    flags: '()',
  },
  {
    rights: 's',
    mode: 'READ-WRITE',
    permanent: '(\\Seen)',
    answers: {
      [flagged]: denied,
      [deleted]: denied,
      [keyword]: denied,
      [replaced]: denied,
      EXPUNGE: denied,
      'MOVE 1 INBOX': denied,
      [seen]: done,
      'STORE 1 FLAGS.SILENT ()': done,
      [several]: done,
    },
    flags: '(\\Seen)',
  },
  {
    rights: 's',
    mode: 'READ-WRITE',
    permanent: '(\\Seen)',
    answers: { 'FETCH 1 BODY.PEEK[]': done, 'FETCH 1 BODY[]': done },
    flags: '(\\Seen)',
  },
  {
    rights: 'w',
    mode: 'READ-WRITE',
    permanent: '(\\Answered \\Flagged \\Draft kw0 \\*)',
    answers: {
      [seen]: denied,
      [deleted]: denied,
      [replaced]: denied,
      EXPUNGE: denied,
      'MOVE 1 INBOX': denied,
      'FETCH 1 BODY[]': done,
      [several]: done,
      [keyword]: done,
      [flagged]: done,
    },
    flags: '(\\Answered \\Flagged kw)',
  },
  {
    rights: 't',
    mode: 'READ-WRITE',
    permanent: '(\\Deleted)',
    answers: {
      [seen]: denied,
      [flagged]: denied,
      [keyword]: denied,
      [replaced]: denied,
      [deleted]: done,
      EXPUNGE: denied,
      'UID EXPUNGE 1': denied,
      'MOVE 1 INBOX': denied,
      CLOSE: done,
    },
    flags: '(\\Deleted)',
  },
  {
    rights: 'e',
    mode: 'READ-WRITE',
    permanent: '()',
    answers: {
      [seen]: denied,
      [deleted]: denied,
      EXPUNGE: done,
      'UID EXPUNGE 1': done,
      'MOVE 1 INBOX': denied,
    },
    flags: '()',
  },
  {
    rights: 'te',
    mode: 'READ-WRITE',
    permanent: '(\\Deleted)',
    answers: { [deleted]: done, CLOSE: done },
    flags: 'gone',
  },
  {
    rights: 'te',
    mode: 'READ-WRITE',
    permanent: '(\\Deleted)',
    answers: { [deleted]: done, UNSELECT: done },
    flags: '(\\Deleted)',
  },
  {
    rights: 'te',
    mode: 'READ-WRITE',
    permanent: '(\\Deleted)',
    answers: { 'MOVE 1 INBOX': done },
    flags: 'gone',
  },
  {
    rights: 'i',
    mode: 'READ-WRITE',
    permanent: '()',
    answers: { [seen]: denied, 'COPY 1 INBOX': done },
    flags: '()',
  },
  { rights: 'n', mode: 'READ-WRITE', permanent: '()', answers: { [seen]: denied }, flags: '()' },
  {
    rights: 'pkxa',
    mode: 'READ-ONLY',
    permanent: '()',
    answers: { [seen]: denied, EXPUNGE: denied },
    flags: '()',
  },
  {
    rights: 'swt',
    mode: 'READ-WRITE',
    permanent: '(\\Answered \\Flagged \\Draft \\Deleted \\Seen kw0 \\*)',
    answers: { [replaced]: done, EXPUNGE: denied },
    flags: '(\\Draft \\Deleted \\Seen)',
  },
];

/** What fred sees of the first message; joe looks whether it is still there. */
async function flagsOfFirst(server: AclServer, box: string, fred: ImapTestClient): Promise<string> {
  const name = personalMailbox('joe' as UserId, [box]);
  await server.setAcl(name, { joe: every, fred: 'lr' });
  await fred.ok(`EXAMINE user.joe.${box}`);
  const first = (await told(fred, 'UID FETCH 1 FLAGS')).join();
  return (
    /FLAGS (\(.*?\))/
      .exec(first)?.[1]
      ?.replace(/ ?\\Recent/, '')
      .replace('( ', '(') ?? 'gone'
  );
}

for (const [n, { rights, mode, permanent, answers, flags }] of selectedRows.entries()) {
  test(`in a mailbox on which one has lr${rights} (${n})`, async () => {
    await using server = await AclServer.start();
    await server.joes([]);
    await server.joes(['box'], { fred: `lr${rights}` });
    const joe = await server.loggedIn('joe');
    for (const kw of ['', 'kw0']) await joe.append('INBOX.box', letter('x'), kw);
    const fred = await server.loggedIn('fred');
    const { untagged, text } = await fred.ok('SELECT user.joe.box');
    assert.equal(text, `[${mode}] Completed`);
    assert.ok(
      untagged.some((line) => line.startsWith(`OK [PERMANENTFLAGS ${permanent}]`)),
      untagged.join(),
    );
    for (const [command, answer] of Object.entries(answers)) {
      const { status, text: answered } = await fred.command(command);
      assert.equal(`${status} ${answered}`.replace(/OK .*/, done), answer, command);
    }
    assert.equal(await flagsOfFirst(server, 'box', fred), flags);
  });
}

for (const [rights, kept] of [
  ['i', ''],
  ['is', '\\Seen'],
  ['iw', '\\Flagged kw'],
  ['it', '\\Deleted'],
  ['iswt', '\\Flagged \\Deleted \\Seen kw'],
] as const) {
  test(`APPEND, COPY and MOVE keep the flags that ${rights} allows in the target (RFC 4314 §4)`, async () => {
    await using server = await AclServer.start();
    await server.joes([]);
    await server.joes(['box'], { fred: `lr${rights}` });
    const fred = await server.loggedIn('fred');
    const all = '\\Seen \\Flagged \\Deleted kw';
    await fred.append('user.joe.box', letter('appended'), all);
    for (const subject of ['copied', 'moved']) await fred.append('INBOX', letter(subject), all);
    await fred.ok('SELECT INBOX');
    await fred.ok('COPY 1 user.joe.box');
    await fred.ok('MOVE 2 user.joe.box');
    await fred.ok('SELECT user.joe.box');
    assert.deepEqual(
      (await told(fred, 'UID FETCH 1:* FLAGS')).map((line) =>
        line.replace(/ ?\\Recent/, '').replace(/ {2,}/, ' '),
      ),
      [1, 2, 3].map((uid) => `${uid} FETCH (UID ${uid} FLAGS (${kept}))`),
    );
  });
}
