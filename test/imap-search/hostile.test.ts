import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Mail, SearchServer, talk } from './server.test.support.js';

const mails: readonly Mail[] = Array.from({ length: 5 }, (_, i) => ({
  text: `From: a@example.org\nSubject: s${i}\nMessage-ID: <${i}@x>\nReferences: <${i - 1}@x>\n\nbody\n`,
}));

const deep = 10_000;
const nested = (open: string, close = ''): string => {
  // As deep as a line can be.
  const depth = Math.min(deep, Math.floor(60_000 / (open.length + close.length)));
  return `${open.repeat(depth)}ALL${close.repeat(depth)}`;
};

test('keys nested 10,000 deep are searched or refused, by every searching command', async () => {
  await using server = await SearchServer.start();
  const client = await server.selected(mails);
  for (const start of [
    'SEARCH ',
    'SEARCH RETURN (COUNT) ',
    'SORT (DATE) UTF-8 ',
    'THREAD REFS UTF-8 ',
    'ESEARCH IN (personal) ',
  ]) {
    for (const keys of [
      nested('(', ')'),
      nested('NOT '),
      nested('FUZZY '),
      nested('OR ALL '),
      nested('NOT (', ')'),
    ]) {
      const answer = await client.command(start + keys);
      assert.equal(answer.status, 'OK', `${start}${keys.slice(0, 20)}: ${answer.text}`);
    }
    for (const keys of [
      nested('OR ALL (SEEN ', ')').slice(0, 60_000),
      nested('(').slice(0, 60_000),
      nested('FUZZY (OR ALL ', ')').slice(0, 60_000),
    ]) {
      const answer = await client.command(start + keys);
      assert.equal(answer.status, 'BAD', `${start}${keys.slice(0, 20)}`);
    }
  }
  assert.deepEqual(faults(server), []);
});

test('sets of very many ranges, and numbers at the edge', async () => {
  await using server = await SearchServer.start();
  const client = await server.selected(mails);
  const many = Array.from({ length: 9000 }, (_, i) => `${2 * i + 1}`).join(',');
  const tooMany = Array.from({ length: 100_000 }, (_, i) => `${2 * i + 1}`).join(',');
  await talk(client, [
    [`SEARCH ${many}`, ['SEARCH 1 3 5']],
    [`UID SEARCH RETURN (COUNT) UID ${many}`, ['ESEARCH (TAG) UID COUNT 3']],
    [`SORT (REVERSE UID) UTF-8 ${many}`, ['SORT 5 3 1']],
    [`SEARCH ${tooMany}`, [], /^BAD .*too long/],
    ['SEARCH 4294967295:*', ['SEARCH 5']],
    ['SEARCH *:4294967295', ['SEARCH 5']],
    ['SEARCH 4294967296', [], /^BAD/],
    ['UID SEARCH UID 4294967295:*', ['SEARCH 5']],
    ['SEARCH RETURN (PARTIAL 4294967295:1) ALL', ['ESEARCH (TAG) PARTIAL (4294967295:1 1:5)']],
    ['SEARCH RETURN (PARTIAL 4294967296:1) ALL', [], /^BAD/],
    ['FETCH 5 (MODSEQ)', ['OK [HIGHESTMODSEQ 6] Highest', '5 FETCH (MODSEQ (6))']],
    ['SEARCH MODSEQ 9223372036854775807', ['SEARCH']],
    ['SEARCH MODSEQ 9223372036854775808', [], /^BAD/],
  ]);
  assert.deepEqual(faults(server), []);
});

test('huge strings, NUL and wrong charsets cost a command, never a session', async () => {
  await using server = await SearchServer.start();
  const client = await server.selected(mails);
  const big = Buffer.alloc(200_000, 'x');
  const withNul = Buffer.from('a\0b');
  for (const start of [
    'SEARCH TEXT ',
    'SEARCH FUZZY BODY ',
    'SEARCH HEADER Subject ',
    'SORT (DATE) UTF-8 BODY ',
    'ESEARCH IN (inboxes) TEXT ',
  ]) {
    assert.equal((await client.withLiterals(start, big)).status, 'OK', start);
    assert.equal((await client.withLiterals(start, withNul)).status, 'BAD', start);
    const tooBig = await client.withLiterals(start, Buffer.alloc(2_000_000));
    assert.match(`${tooBig.status} ${tooBig.text}`, /^NO \[TOOBIG\]/, start);
  }
  for (const charset of ['X-NONE', '""', 'base64', 'hex', 'x'.repeat(5000)])
    assert.equal((await client.command(`SEARCH CHARSET ${charset} TEXT a`)).status, 'NO', charset);
  for (const octets of [[0xff, 0xfe], [0xc3], [0xed, 0xa0, 0x80], [0x1b, 0x24]])
    for (const charset of ['UTF-8', 'ISO-2022-JP', 'UTF-7', 'GB18030', 'US-ASCII'])
      assert.equal(
        (await client.withLiterals(`SEARCH CHARSET ${charset} TEXT `, Buffer.from(octets))).status,
        'OK',
      );
  await client.ok('NOOP');
  assert.deepEqual(faults(server), []);
});

const words = fc.constantFrom(
  ...'SEARCH,SORT,THREAD,ESEARCH,UID,RETURN,(MIN),(SAVE,UPDATE,PARTIAL,1:2,-1:-5,(ALL,RELEVANCY),COUNT),(,),CHARSET,UTF-8,X-NONE'.split(
    ',',
  ),
  ...'FUZZY,NOT,OR,ALL,SEEN,FROM,"a",{1}\r\nb,$,1:*,UID,OLDER,7,MIMEPART,FILENAME,IS,(DATE),(REVERSE,SUBJECT),REFS,REFERENCES'.split(
    ',',
  ),
  ...'FILTER,nosuch,IN,(personal),(mailboxes,INBOX,subtree,MODSEQ,KEYWORD,\\Seen,HEADER,BODY,TEXT,BEFORE,1-Jan-2020,*,%,'.split(
    ',',
  ),
);

test('property: whatever words come, the answer is OK, NO or BAD, and the session lives', async () => {
  await using server = await SearchServer.start();
  let client = await server.selected(mails);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(
        'SEARCH',
        'UID SEARCH',
        'SORT',
        'UID SORT',
        'THREAD',
        'ESEARCH',
        'CANCELUPDATE',
        'COMPARATOR',
        'UID FETCH 1:*',
      ),
      fc.array(words, { maxLength: 9 }),
      async (command, rest) => {
        const tag = client.start([command, ...rest].join(' ').replace(/\{1\}/g, '{1+}'));
        const answer = await client.finish(tag);
        assert.ok(['OK', 'NO', 'BAD'].includes(answer.status));
        // Fifty wrong commands in a row are enough for any session.
        if (answer.status === 'BAD') await client.ok('NOOP');
      },
    ),
    { numRuns: 1500 },
  );
  assert.deepEqual(faults(server), []);
  client = await server.loggedIn();
  await client.ok('SELECT INBOX');
});

/** Lines of the log that tell of a fault of ours. */
function faults(server: SearchServer): string[] {
  return server.kernel.log.lines
    .filter(({ level }) => level === 'error')
    .map(({ text, fields }) => `${text}: ${(fields['err'] as Error | undefined)?.stack ?? ''}`);
}
