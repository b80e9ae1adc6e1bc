/** What concerns the connection as a whole: COMPRESS, UNAUTHENTICATE, INPROGRESS; and bounds of commands: MESSAGELIMIT, UIDBATCHES. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';
import { defineImapCommand, IMAP_EXTENSIONS } from '@angarium/sdk';
import { ImapTestClient, ManualClock } from '@angarium/testing';
import { letter, TestServer } from '../server.test.support.js';
import { duplexOf } from './duplex.test.support.js';

test('COMPRESS: everything behind its OK is deflated, both ways (RFC 4978 §3)', async () => {
  await using server = await TestServer.start();
  const stream = server.kernel.connect('imap');
  const plain = new ImapTestClient(stream);
  await plain.expect(/^\* OK \[CAPABILITY (?!.*COMPRESS)/);
  assert.equal((await plain.command('COMPRESS DEFLATE')).status, 'BAD');
  await plain.ok('LOGIN fred secret');
  assert.match((await plain.ok('CAPABILITY')).untagged[0]!, / COMPRESS=DEFLATE /);
  for (const wrong of ['COMPRESS', 'COMPRESS GZIP', 'COMPRESS DEFLATE now'])
    assert.equal((await plain.command(wrong)).status, 'BAD', wrong);
  await plain.ok('COMPRESS DEFLATE');
  stream.removeAllListeners('data');
  const deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
  const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  stream.pipe(inflate);
  deflate.pipe(stream);
  const client = new ImapTestClient(duplexOf(inflate, deflate));
  await client.append('INBOX', letter('x', 'y'.repeat(300_000)));
  await client.ok('SELECT INBOX');
  assert.equal(
    (await client.ok('FETCH 1 BODY.PEEK[TEXT]')).untagged[0]!.length,
    300_000 + '1 FETCH (BODY[TEXT] {300000}\r\n)'.length,
  );
  assert.doesNotMatch((await client.ok('CAPABILITY')).untagged[0]!, /COMPRESS|UNAUTHENTICATE/);
  assert.deepEqual((await client.command('COMPRESS DEFLATE')).status, 'BAD');
  client.sendLine('u UNAUTHENTICATE');
  await client.expect(/^\* BYE/);
  assert.deepEqual(server.faults, []);
});

test('UNAUTHENTICATE: as at the beginning of a connection (RFC 8437 §3)', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(1);
  await client.ok('ENABLE CONDSTORE');
  let disposed = 0;
  const symbol = Symbol('local');
  using _ = server.kernel.get(IMAP_EXTENSIONS).add({
    name: 'LOCAL',
    commands: [
      defineImapCommand({
        name: 'XLOCAL',
        rfc: 'none',
        states: ['authenticated', 'selected'],
        parse() {},
        async run({ session }) {
          session.local(symbol, () => ({ [Symbol.dispose]: () => disposed++ }));
        },
      }),
    ],
  });
  await client.ok('XLOCAL');
  assert.match((await client.ok('CAPABILITY')).untagged[0]!, / UNAUTHENTICATE/);
  // Pipelined, as the RFC allows.
  client.send('u UNAUTHENTICATE\r\nl LOGIN joe secret\r\nx XLOCAL\r\nc CHECK\r\n');
  await client.expect(/^u OK /);
  await client.expect(/^l OK \[CAPABILITY /);
  await client.expect(/^x OK /);
  await client.expect(/^c BAD .*while no mailbox is selected/);
  assert.equal(disposed, 1);
  await client.ok('SELECT INBOX');
  await client.append('INBOX', letter('joe'));
  assert.deepEqual(
    (await client.ok('STORE 1 +FLAGS (\\Seen)')).untagged.at(-1),
    '1 FETCH (FLAGS (\\Seen \\Recent))',
  );
  await client.ok('UNAUTHENTICATE');
  assert.equal((await client.command('UNAUTHENTICATE')).status, 'BAD');
  assert.match((await client.ok('CAPABILITY')).untagged[0]!, /^CAPABILITY (?!.*UNAUTHENTICATE)/);
});

test('INPROGRESS: a client that waits is told, and never inside of a line (RFC 9585)', async () => {
  const clock = new ManualClock();
  await using server = await TestServer.start({ clock });
  let go: () => void = () => {};
  let begun: () => void = () => {};
  const started = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const slow = (name: string, raw: string) =>
    defineImapCommand({
      name,
      rfc: 'none',
      states: ['authenticated'],
      parse() {},
      async run({ reply }) {
        if (raw !== '') reply.write(raw);
        const wait = new Promise<void>((resolve) => {
          go = resolve;
        });
        begun();
        await wait;
        if (raw !== '') reply.write('\r\n');
      },
    });
  using _ = server.kernel
    .get(IMAP_EXTENSIONS)
    .add({ name: 'SLOW', commands: [slow('XSLOW', ''), slow('XRAW', '* half a line')] });
  const client = await server.loggedIn();
  client.sendLine('a XSLOW');
  await started;
  await clock.advance(5_000);
  await clock.advance(5_000);
  await client.expect(/^\* OK \[INPROGRESS \("a" NIL NIL\)\] Still working$/);
  await clock.advance(5_000);
  go();
  await client.expect(/^a OK /);
  const again = new Promise<void>((resolve) => {
    begun = resolve;
  });
  client.sendLine('b XRAW');
  await again;
  await clock.advance(20_000);
  go();
  await client.expect(/^\* half a line$/);
  await client.expect(/^b OK /);
});

test('MESSAGELIMIT: the newest are done, what is all or nothing is refused (RFC 9738)', async () => {
  await using server = await TestServer.start({ imap: { messageLimit: 2 } });
  const client = await server.selected(5);
  const said = async (command: string) => {
    const { status, text } = await client.command(command);
    return `${status} ${text}`;
  };
  const inPart = (uid: number) => `OK [MESSAGELIMIT 2 ${uid}] Completed in part`;
  assert.match((await client.ok('CAPABILITY')).untagged[0]!, / MESSAGELIMIT=2\b(?!.* SAVELIMIT)/);
  const fetched = await client.ok('FETCH 1:2,4:5 UID');
  assert.deepEqual(fetched.untagged, ['4 FETCH (UID 4)', '5 FETCH (UID 5)']);
  assert.match(fetched.text, /^\[MESSAGELIMIT 2 4\]/);
  assert.deepEqual((await client.ok('FETCH 1,5 UID')).text, 'Completed');
  const found = await client.ok('SEARCH ALL');
  assert.deepEqual([found.untagged, found.text], [['SEARCH 4 5'], '[MESSAGELIMIT 2 4] Completed in part']);
  assert.equal(await said('STORE 1:3 +FLAGS.SILENT (\\Flagged)'), inPart(2));
  assert.equal(await said('COPY 1:3 INBOX'), 'NO [MESSAGELIMIT 2 2] At most 2 messages at once');
  assert.equal(await said('UID EXPUNGE 1:5'), 'OK Completed');
  assert.equal(await said('STORE 2:3 +FLAGS.SILENT (\\Deleted)'), 'OK Completed');
  assert.equal(await said('STORE 4 +FLAGS.SILENT (\\Deleted)'), 'OK Completed');
  assert.equal(await said('UID EXPUNGE 1:5'), inPart(3));
  assert.deepEqual((await client.ok('UID SEARCH 1:2')).untagged, ['SEARCH 1 2']);
  await client.ok('CREATE INBOX.to');
  assert.equal(await said('UID MOVE 1:* INBOX.to'), inPart(2));
  assert.deepEqual((await client.ok('UID SEARCH ALL')).untagged, ['SEARCH 1']);
});

test('MESSAGELIMIT: where another code is told, an untagged NO tells of it', async () => {
  await using server = await TestServer.start({ imap: { messageLimit: 2 } });
  const client = await server.selected(4);
  await client.ok('ENABLE CONDSTORE');
  await client.ok('CREATE INBOX.to');
  const { untagged, text } = await client.ok('MOVE 1:3 INBOX.to');
  assert.ok(untagged.includes('NO [MESSAGELIMIT 2 2] Completed in part'), untagged.join());
  assert.match(text, /^\[HIGHESTMODSEQ /);
});

test('UIDAFTER and UIDBEFORE go through a mailbox page by page (RFC 9738)', async () => {
  await using server = await TestServer.start({ imap: { messageLimit: 2 } });
  const client = await server.selected(5);
  const pages: string[] = [];
  for (let before: string | undefined = '4294967295'; before !== undefined; ) {
    const { untagged, text } = await client.ok(`UID SEARCH UIDBEFORE ${before} UNDELETED`);
    pages.push(untagged[0]!);
    before = /^\[MESSAGELIMIT 2 (\d+)\]/.exec(text)?.[1];
  }
  assert.deepEqual(pages, ['SEARCH 4 5', 'SEARCH 2 3', 'SEARCH 1']);
  for (const [keys, found] of [
    ['UIDAFTER 3', 'SEARCH 4 5'],
    ['UIDAFTER 5', 'SEARCH'],
    ['UIDAFTER 4294967295', 'SEARCH'],
    ['UIDBEFORE 1', 'SEARCH'],
    ['UIDAFTER 1 UIDBEFORE 3', 'SEARCH 2'],
    ['NOT UIDAFTER 4 UIDAFTER 3', 'SEARCH 4'],
  ] as const)
    assert.deepEqual((await client.ok(`SEARCH ${keys}`)).untagged, [found], keys);
  for (const wrong of ['UIDAFTER', 'UIDAFTER 0', 'UIDBEFORE 1:2', 'UIDBEFORE *'])
    assert.equal((await client.command(`SEARCH ${wrong}`)).status, 'BAD', wrong);
});

test('SAVELIMIT: COPY and APPEND alone are limited (RFC 9738)', async () => {
  const capabilities = async (imap: Readonly<Record<string, number>>) => {
    await using server = await TestServer.start({ imap });
    const [line = ''] = (await (await server.loggedIn()).ok('CAPABILITY')).untagged;
    return line.split(' ').filter((word) => word.includes('LIMIT=') && !word.startsWith('APPEND'));
  };
  assert.deepEqual(await capabilities({}), []);
  assert.deepEqual(await capabilities({ messageLimit: 7, saveLimit: 9 }), ['MESSAGELIMIT=7', 'SAVELIMIT=9']);
  assert.deepEqual(await capabilities({ messageLimit: 7, saveLimit: 5 }), ['MESSAGELIMIT=7']);
  assert.deepEqual(await capabilities({ saveLimit: 2 }), ['SAVELIMIT=2']);
  await using server = await TestServer.start({ imap: { saveLimit: 2 } });
  const client = await server.selected(4);
  assert.equal((await client.ok('FETCH 1:4 UID')).untagged.length, 4);
  await client.ok('STORE 1:4 +FLAGS.SILENT (\\Seen)');
  assert.match((await client.command('COPY 1:3 INBOX')).text, /^\[MESSAGELIMIT 2 2\]/);
  const mail = Buffer.from('Subject: x\r\n\r\nx\r\n');
  const many = await client.withLiterals('APPEND INBOX ', mail, ' ', mail, ' ', mail);
  assert.match(`${many.status} ${many.text}`, /^NO \[MESSAGELIMIT 2\]/);
  assert.equal((await client.withLiterals('APPEND INBOX ', mail, ' ', mail)).status, 'OK');
  assert.deepEqual((await client.ok('STATUS INBOX (MESSAGES)')).untagged, ['STATUS INBOX (MESSAGES 6)']);
});

test('UIDBATCHES: ranges of UIDs, the newest first (RFC 10022)', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(7);
  await client.ok('STORE 3 +FLAGS (\\Deleted)');
  await client.ok('EXPUNGE');
  const batches = async (asked: string) => {
    const tag = client.start(`UIDBATCHES ${asked}`);
    const [line] = (await client.finish(tag)).untagged;
    assert.ok(line!.startsWith(`UIDBATCHES (TAG "${tag}")`), line);
    return line!.slice(`UIDBATCHES (TAG "${tag}")`.length);
  };
  assert.equal(await batches('2'), ' 7:6,5:4,2:1');
  assert.equal(await batches('4'), ' 7:4,2:1');
  assert.equal(await batches('2000'), ' 7:1');
  assert.equal(await batches('2 2:3'), ' 5:4,2:1');
  assert.equal(await batches('2 3:2'), ' 5:4,2:1');
  assert.equal(await batches('2 4:9'), '');
  assert.equal(await batches('1 6:6'), ' 1:1');
  for (const wrong of ['', ' 0', ' x', ' 2 1', ' 2 0:1', ' 2 1:2 3'])
    assert.equal((await client.command(`UIDBATCHES${wrong}`)).status, 'BAD', wrong);
  await client.ok('CREATE INBOX.empty');
  await client.ok('SELECT INBOX.empty');
  assert.equal(await batches('500'), '');
});
