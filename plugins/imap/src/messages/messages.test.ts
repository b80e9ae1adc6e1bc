import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flag, NumberSet, Right, type UpdateFilter } from '@angarium/sdk';
import { type Letter, TestServer, type TestSession } from './harness.test.support.js';

const letter: Letter = { text: 'Subject: x\r\n\r\nbody\r\n' };
const deleted: Letter = { ...letter, flags: Flag.deleted };

async function box(...letters: Letter[]): Promise<[TestServer, TestSession]> {
  const server = await TestServer.with(letters, ['MEETING']);
  const session = await server.select();
  return [server, session];
}

async function expungeElsewhere(server: TestServer, ...uids: number[]): Promise<void> {
  const mailbox = server.store.mailbox((await server.entry('INBOX')).id);
  await mailbox.expunge(NumberSet.of(...uids), { onlyDeleted: false });
}

// STORE

test('RFC 3501 §6.4.6: STORE +FLAGS tells the flags of all', async () => {
  const [, session] = await box(letter, { ...letter, flags: Flag.seen }, letter, {
    ...letter,
    flags: Flag.flagged | Flag.seen,
  });
  assert.deepEqual(await session.run('STORE 2:4 +FLAGS (\\Deleted)'), [
    '* 2 FETCH (FLAGS (\\Deleted \\Seen \\Recent))',
    '* 3 FETCH (FLAGS (\\Deleted \\Recent))',
    '* 4 FETCH (FLAGS (\\Flagged \\Deleted \\Seen \\Recent))',
    'A OK Completed',
  ]);
  assert.deepEqual(await session.run('UID STORE 2 -FLAGS \\Seen'), [
    '* 2 FETCH (FLAGS (\\Deleted \\Recent) UID 2)',
    'A OK Completed',
  ]);
  assert.deepEqual(await session.run('STORE 4 FLAGS \\Answered $Label1'), [
    '* FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $Label1)',
    '* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $Label1 \\*)] Flags',
    '* 4 FETCH (FLAGS (\\Answered \\Recent $Label1))',
    'A OK Completed',
  ]);
  assert.deepEqual(await session.run('STORE 4 FLAGS ()'), ['* 4 FETCH (FLAGS (\\Recent))', 'A OK Completed']);
});

test('.SILENT says nothing to the one, the flags to the others', async () => {
  const [server, session] = await box(letter, letter);
  const other = await server.select();
  assert.deepEqual(await session.run('STORE 1:2 +FLAGS.SILENT (\\Seen)'), ['A OK Completed']);
  assert.deepEqual(await other.run('NOOP'), [
    '* 1 FETCH (FLAGS (\\Seen))',
    '* 2 FETCH (FLAGS (\\Seen))',
    'A OK Completed',
  ]);
});

test('.SILENT tells what another has changed meanwhile', async () => {
  const [server, session] = await box(letter);
  const other = await server.select();
  await other.run('STORE 1 +FLAGS.SILENT \\Flagged');
  assert.deepEqual(await session.run('STORE 1 +FLAGS.SILENT \\Seen'), [
    '* 1 FETCH (FLAGS (\\Flagged \\Recent))',
    'A OK Completed',
  ]);
});

test('RFC 7162 §3.1.3 examples 3 and 5: a conditional silent STORE tells MODSEQ, and enables CONDSTORE', async () => {
  const [, session] = await box(letter, letter);
  assert.deepEqual(await session.run('UID STORE 2,1 (UNCHANGEDSINCE 100) +FLAGS.SILENT (\\Deleted)'), [
    '* OK [HIGHESTMODSEQ 3] Highest',
    '* 1 FETCH (UID 1 MODSEQ (4))',
    '* 2 FETCH (UID 2 MODSEQ (4))',
    'A OK Completed',
  ]);
});

test('RFC 7162 §3.1.3 example 6: MODIFIED names what failed, and its flags are told', async () => {
  const [server, session] = await box(letter, letter, letter);
  const other = await server.select();
  await other.run('STORE 2 +FLAGS.SILENT \\Seen');
  assert.deepEqual(await session.run('STORE 1:2 (UNCHANGEDSINCE 4) +FLAGS.SILENT (\\Deleted)'), [
    '* OK [HIGHESTMODSEQ 4] Highest',
    '* 2 FETCH (FLAGS (\\Seen \\Recent) UID 2 MODSEQ (5))',
    '* 1 FETCH (UID 1 MODSEQ (6))',
    'A OK [MODIFIED 2] Conditional STORE failed for some',
  ]);
});

test('UNCHANGEDSINCE 0 fails always (RFC 7162 §3.1.3 example 8)', async () => {
  const [, session] = await box(letter);
  const lines = await session.run('UID STORE 1 (UNCHANGEDSINCE 0) +FLAGS.SILENT ($MDNSent)');
  assert.equal(lines.at(-1), 'A OK [MODIFIED 1] Conditional STORE failed for some');
});

test('RFC 2180 §4.2: STORE on messages that others have expunged', async () => {
  const [server, session] = await box(letter, letter, letter);
  await expungeElsewhere(server, 3);
  assert.deepEqual(await session.run('STORE 1:3 +FLAGS.SILENT (\\Seen)'), ['A OK Completed']);
  assert.deepEqual(await session.run('STORE 3 +FLAGS (\\Seen)'), [
    'A NO [EXPUNGEISSUED] The messages have been expunged',
  ]);
  assert.deepEqual(await session.run('STORE 2:3 +FLAGS (\\Seen)'), [
    '* 2 FETCH (FLAGS (\\Seen \\Recent))',
    'A NO [EXPUNGEISSUED] Some of the messages no longer exist',
  ]);
  assert.deepEqual(await session.run('NOOP'), ['* 3 EXPUNGE', 'A OK Completed']);
  assert.deepEqual(await session.run('UID STORE 3 +FLAGS (\\Seen)'), ['A OK Completed']);
});

const rightsCases: readonly [command: string, rights: number, last: string, flags: number][] = [
  ['STORE 1 +FLAGS (\\Seen \\Deleted)', Right.seen, 'A OK Completed', Flag.seen],
  ['STORE 1 +FLAGS (\\Deleted)', Right.seen, 'A NO [NOPERM] Permission denied', 0],
  ['STORE 1 +FLAGS (\\Deleted)', Right.deleteMessages, 'A OK Completed', Flag.deleted],
  ['STORE 1 +FLAGS (kw)', Right.seen, 'A NO [NOPERM] Permission denied', 0],
  ['STORE 1 FLAGS (\\Seen \\Deleted)', Right.seen, 'A NO [NOPERM] Permission denied', 0],
  ['STORE 1 FLAGS (\\Seen)', Right.seen, 'A OK Completed', Flag.seen],
  ['STORE 1 FLAGS ()', 0, 'A NO [NOPERM] Permission denied', 0],
];
for (const [command, rights, last, flags] of rightsCases) {
  test(`rights ${rights}: ${command}`, async () => {
    const server = await TestServer.with([letter]);
    const session = await server.select('INBOX', { rights: rights | Right.lookup | Right.read });
    assert.equal((await session.run(command)).at(-1), last);
    assert.equal(session.selected.view.place(0).chunk.flags[0], flags);
  });
}

test('a replacement keeps what may not be touched (RFC 4314 §4)', async () => {
  const server = await TestServer.with([{ ...letter, flags: Flag.deleted, keywords: ['kw'] }]);
  const session = await server.select('INBOX', { rights: Right.read | Right.seen });
  assert.deepEqual(await session.run('STORE 1 FLAGS.SILENT (\\Seen)'), [
    '* 1 FETCH (FLAGS (\\Deleted \\Seen \\Recent kw))',
    'A OK Completed',
  ]);
});

test('EXAMINE: nothing is changed', async () => {
  const server = await TestServer.with([deleted], ['MEETING']);
  const session = await server.select('INBOX', { isReadOnly: true });
  const no = ['A NO [CANNOT] The mailbox is selected read-only'];
  assert.deepEqual(await session.run('STORE 1 +FLAGS \\Seen'), no);
  assert.deepEqual(await session.run('EXPUNGE'), no);
  assert.deepEqual(await session.run('UID EXPUNGE 1'), no);
  assert.deepEqual(await session.run('MOVE 1 MEETING'), no);
  assert.equal((await session.run('COPY 1 MEETING')).at(-1)?.startsWith('A OK [COPYUID'), true);
});

for (const command of [
  'STORE',
  'STORE 1',
  'STORE 1 FLAGS',
  'STORE 1 FLAG (\\Seen)',
  'STORE 1 +FLAGS.LOUD (\\Seen)',
  'STORE 1 +FLAGS (\\Recent)',
  'STORE 1 () FLAGS (\\Seen)',
  'STORE 1 (NOSUCH 1) FLAGS (\\Seen)',
  'STORE 1 (UNCHANGEDSINCE) FLAGS ()',
  'EXPUNGE 1',
  'UID EXPUNGE',
  'COPY 1',
  'COPY 1 a b',
  'MOVE x y',
]) {
  test(`BAD: ${command}`, async () => {
    const [, session] = await box(letter);
    assert.match((await session.run(command)).join(), /^A BAD /);
  });
}

// EXPUNGE

test('RFC 3501 §6.4.3: EXPUNGE', async () => {
  const [, session] = await box(
    letter,
    letter,
    deleted,
    deleted,
    letter,
    letter,
    deleted,
    letter,
    letter,
    letter,
    deleted,
  );
  assert.deepEqual(await session.run('EXPUNGE'), [
    '* 3 EXPUNGE',
    '* 3 EXPUNGE',
    '* 5 EXPUNGE',
    '* 8 EXPUNGE',
    'A OK Completed',
  ]);
});

test('RFC 4315 §2.1: UID EXPUNGE spares what is not in the set, and what is not \\Deleted', async () => {
  const [, session] = await box(deleted, deleted, letter, deleted);
  assert.deepEqual(await session.run('UID EXPUNGE 2:3'), ['* 2 EXPUNGE', 'A OK Completed']);
  assert.deepEqual(await session.run('UID EXPUNGE 70:80'), ['A OK Completed']);
  assert.equal(session.selected.view.count, 3);
});

test('EXPUNGE without the right e; with CONDSTORE the mod-sequence', async () => {
  const server = await TestServer.with([deleted]);
  const poor = await server.select('INBOX', { rights: Right.read | Right.deleteMessages });
  assert.deepEqual(await poor.run('EXPUNGE'), ['A NO [NOPERM] Permission denied']);
  const session = await server.select('INBOX', { enabled: ['CONDSTORE'] });
  assert.deepEqual(await session.run('EXPUNGE'), ['* 1 EXPUNGE', 'A OK [HIGHESTMODSEQ 3] Completed']);
});

test('an update filter tells expunges its own way', async () => {
  const vanished: UpdateFilter = {
    isActive: (session) => session.enabled.has('QRESYNC'),
    expunged(_session, reply, uids) {
      reply.untagged(`VANISHED ${uids}`);
      return true;
    },
  };
  const server = await TestServer.with([deleted, letter, deleted, deleted]);
  const options = { updateFilters: [vanished], enabled: ['QRESYNC', 'CONDSTORE'] };
  const session = await server.select('INBOX', options);
  assert.deepEqual(await session.run('EXPUNGE'), ['* VANISHED 1,3:4', 'A OK [HIGHESTMODSEQ 6] Completed']);
});

test('an update filter adds to unsolicited FETCH lines', async () => {
  const filter: UpdateFilter = {
    isActive: () => true,
    flagsChanged: (_session, chunk, at) => (chunk.uids[at] === 2 ? 'X-SIZE 20' : ''),
  };
  const server = await TestServer.with([letter, letter]);
  const session = await server.select('INBOX', { updateFilters: [filter] });
  assert.deepEqual(await session.run('STORE 1:2 +FLAGS \\Seen'), [
    '* 1 FETCH (FLAGS (\\Seen \\Recent))',
    '* 2 FETCH (FLAGS (\\Seen \\Recent) X-SIZE 20)',
    'A OK Completed',
  ]);
});

// COPY and MOVE

test('RFC 4315 §3: COPY answers COPYUID, flags and date go along', async () => {
  const [server, session] = await box(
    letter,
    { ...letter, flags: Flag.seen, keywords: ['kw'] },
    letter,
    letter,
  );
  const { uidValidity } = await server.entry('MEETING');
  assert.deepEqual(await session.run('COPY 2:4 MEETING'), [
    `A OK [COPYUID ${uidValidity} 2:4 1:3] Completed`,
  ]);
  const there = await server.select('MEETING');
  assert.deepEqual(await there.run('FETCH 1 (FLAGS INTERNALDATE)'), [
    '* 1 FETCH (FLAGS (\\Seen \\Recent kw) INTERNALDATE "17-Jul-1996 02:44:25 +0000")',
    'A OK Completed',
  ]);
  assert.deepEqual(await session.run('UID COPY 305:310 MEETING'), [
    'A OK No matching messages, so nothing copied',
  ]);
});

test('COPY to nowhere is TRYCREATE, without the right i NOPERM, with i but no r there is no COPYUID', async () => {
  const server = await TestServer.with([letter], ['MEETING']);
  const session = await server.select();
  assert.deepEqual(await session.run('COPY 1 nowhere'), ['A NO [TRYCREATE] Mailbox does not exist']);
  const poor = await server.select('INBOX', { targetRights: Right.lookup });
  assert.deepEqual(await poor.run('COPY 1 MEETING'), ['A NO [NOPERM] Permission denied']);
  const dropper = await server.select('INBOX', { targetRights: Right.lookup | Right.insert });
  assert.deepEqual(await dropper.run('COPY 1 MEETING'), ['A OK Completed']);
});

test('flags that may not be set in the target do not go along (RFC 4314 §4)', async () => {
  const server = await TestServer.with(
    [{ ...letter, flags: Flag.seen | Flag.flagged, keywords: ['kw'] }],
    ['MEETING'],
  );
  const targetRights = Right.lookup | Right.insert | Right.read | Right.seen;
  const session = await server.select('INBOX', { targetRights });
  await session.run('COPY 1 MEETING');
  const there = await server.select('MEETING');
  assert.deepEqual((await there.run('FETCH 1 FLAGS'))[0], '* 1 FETCH (FLAGS (\\Seen \\Recent))');
});

test('RFC 2180 §4.4.1: COPY of expunged messages is refused whole, and the EXPUNGE told', async () => {
  const [server, session] = await box(letter, letter, letter);
  await expungeElsewhere(server, 2);
  assert.deepEqual(await session.run('COPY 1:3 MEETING'), [
    '* 2 EXPUNGE',
    'A NO [EXPUNGEISSUED] Some of the messages have been expunged',
  ]);
  assert.deepEqual(await session.run('UID COPY 2 MEETING'), ['A OK No matching messages, so nothing copied']);
});

test('RFC 6851 §4.3: MOVE says where messages went, then expunges', async () => {
  const [server, session] = await box(letter, letter, letter);
  const watcher = await server.select();
  const { uidValidity } = await server.entry('MEETING');
  assert.deepEqual(await session.run('MOVE 2 MEETING'), [
    `* OK [COPYUID ${uidValidity} 2 1] Moved`,
    '* 2 EXPUNGE',
    'A OK Completed',
  ]);
  assert.deepEqual(await watcher.run('NOOP'), ['* 2 EXPUNGE', 'A OK Completed']);
  assert.deepEqual(await session.run('UID MOVE 1,3 MEETING'), [
    `* OK [COPYUID ${uidValidity} 1,3 2:3] Moved`,
    '* 1 EXPUNGE',
    '* 1 EXPUNGE',
    'A OK Completed',
  ]);
  assert.deepEqual(await session.run('UID MOVE 1:3 MEETING'), [
    'A OK No matching messages, so nothing moved',
  ]);
});

test('MOVE into the mailbox itself', async () => {
  const [, session] = await box(letter, letter);
  assert.deepEqual((await session.run('MOVE 1 INBOX')).slice(1), [
    '* 1 EXPUNGE',
    '* 2 EXISTS',
    '* 2 RECENT',
    'A OK Completed',
  ]);
});

test('MOVE needs the rights of COPY, STORE and EXPUNGE (RFC 6851 §4.2)', async () => {
  const server = await TestServer.with([letter], ['MEETING']);
  for (const missing of [Right.read, Right.deleteMessages, Right.expunge]) {
    const session = await server.select('INBOX', { rights: 4095 & ~missing });
    assert.deepEqual(await session.run('MOVE 1 MEETING'), ['A NO [NOPERM] Permission denied']);
  }
  const session = await server.select();
  assert.deepEqual(await session.run('MOVE 1 nowhere'), ['A NO [TRYCREATE] Mailbox does not exist']);
});
