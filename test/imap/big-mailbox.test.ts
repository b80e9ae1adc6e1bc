/** What a mailbox of 200,000 messages costs: memory for each session, for a slow reader, and what a few changes send. No time is measured. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { ImapTestClient } from '@angarium/testing';
import { imapSession } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import { memoryBytes } from '../support/processes.js';
import { TestServer } from '../support/server.js';

const MESSAGES = 200_000;
const SORTED = 50_000;
const MB = 1e6;
let server: TestServer;

const session = () => imapSession(server.port('imap'), 'fred', 'secret');

async function selected(): Promise<ImapTestClient> {
  const client = await session();
  const { untagged } = await client.ok('SELECT INBOX');
  assert.ok(untagged.includes(`${MESSAGES} EXISTS`), untagged.join('\n'));
  return client;
}

/** One worker, so that all sessions share what they share. */
before(async () => {
  server = await TestServer.start({ users: { fred: 'secret' }, set: { workers: '1' } });
  const client = await session();
  let count = 100;
  for (let n = 1; n <= count; n++) await client.append('INBOX', plainMessage(n).slice(0, 400));
  await client.ok('SELECT INBOX');
  while (count < MESSAGES) {
    const more = Math.min(count, MESSAGES - count, 20_000);
    await client.ok(`COPY 1:${more} INBOX`);
    await client.ok('NOOP');
    count += more;
  }
  await client.logout();
});
after(() => server[Symbol.asyncDispose]());

test('50 sessions more have the mailbox open for less than a copy of its UIDs each', async () => {
  const first = await selected();
  // What connections and logins cost is not what is asked.
  const sessions = await Promise.all(Array.from({ length: 50 }, session));
  const before = memoryBytes(server.pid);
  for (const client of sessions) await client.ok('SELECT INBOX');
  const each = (memoryBytes(server.pid) - before) / sessions.length;
  assert.ok(each < 0.5 * MB, `${Math.round(each / 1024)} KiB each`);
  for (const client of [first, ...sessions]) await client.logout();
});

/** Has sent a command and reads nothing. */
async function stuckReader(): Promise<Socket> {
  const client = await ImapTestClient.connect(server.port('imap'));
  await client.login('fred', 'secret');
  await client.ok('EXAMINE INBOX');
  const socket = client.stream as Socket;
  socket.removeAllListeners('data');
  socket.pause();
  socket.write('f FETCH 1:* (UID FLAGS)\r\n');
  return socket;
}

test('readers that do not read hold a bounded part of FETCH 1:* (UID FLAGS), and get all of it in the end', async () => {
  const quick = await selected();
  /** With so many more that are stuck: while the quick one is served through, they have had the same turns. */
  const served = async (count: number) => {
    const sockets = await Promise.all(Array.from({ length: count }, stuckReader));
    const { untagged } = await quick.ok('FETCH 1:* (UID FLAGS)');
    assert.equal(untagged.length, MESSAGES);
    const octets = untagged.reduce((sum, line) => sum + line.length + 4, 0);
    return { sockets, octets, memory: memoryBytes(server.pid) };
  };
  // What the first ones cost is the heap's growing to its working size, which varies by 100 MB and more: the others are so many that
  // what they were not allowed to hold would be several times that.
  const first = await served(20);
  const second = await served(120);
  const grown = second.memory - first.memory;
  const bound = (second.sockets.length * second.octets) / 2;
  assert.ok(grown < bound, `${Math.round(grown / MB)} MB for ${second.sockets.length} readers`);
  const stuck = [...first.sockets, ...second.sockets];
  for (const socket of stuck.slice(1)) socket.destroy();
  let lines = 0;
  let tail = '';
  for await (const chunk of stuck[0]!) {
    const text = tail + chunk.latin1Slice();
    lines += text.split('\r\n').length - 1;
    tail = text.slice(text.lastIndexOf('\n') + 1);
    if (/^f OK/m.test(text.slice(-200))) break;
  }
  assert.equal(lines, MESSAGES + 1);
  await quick.logout();
});

test('QRESYNC after 100 changes tells these and nothing else', async () => {
  const worker = await selected();
  await worker.ok('ENABLE QRESYNC');
  const { untagged } = await worker.ok('SELECT INBOX');
  const [, uidValidity] = /UIDVALIDITY (\d+)/.exec(untagged.join('\n'))!;
  const [, modseq] = /HIGHESTMODSEQ (\d+)/.exec(untagged.join('\n'))!;
  for (let n = 1; n <= 50; n++) await worker.ok(`UID STORE ${n * 3999} +FLAGS.SILENT (\\Flagged)`);
  await worker.ok(`UID STORE 1001:1050 +FLAGS.SILENT (\\Deleted)`);
  await worker.ok('UID EXPUNGE 1001:1050');
  const client = await session();
  await client.ok('ENABLE QRESYNC');
  const told = (await client.ok(`SELECT INBOX (QRESYNC (${uidValidity} ${modseq}))`)).untagged;
  assert.equal(told.filter((line) => line.includes(' FETCH (')).length, 50);
  assert.deepEqual(
    told.filter((line) => line.startsWith('VANISHED')),
    ['VANISHED (EARLIER) 1001:1050'],
  );
  assert.ok(told.join('\r\n').length < 8000, `${told.join('\r\n').length} octets`);
  await worker.logout();
  await client.logout();
});

for (const command of ['SORT (SUBJECT) UTF-8', 'THREAD REFERENCES UTF-8'])
  test(`another session of the worker is answered again and again during ${command} of ${SORTED}`, async () => {
    const busy = await session();
    await busy.ok('SELECT INBOX');
    const beside = await session();
    let isOver = false;
    const answer = busy.ok(`${command} 1:${SORTED}`).then(({ untagged }) => {
      isOver = true;
      return untagged.join('\n');
    });
    let answered = 0;
    while (!isOver) {
      await beside.ok('NOOP');
      answered++;
    }
    assert.ok(answered >= 5, `${answered} answers`);
    assert.ok((await answer).split(/[ ()]+/).length > SORTED);
    await busy.logout();
    await beside.logout();
  });
