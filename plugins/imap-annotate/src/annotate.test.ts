import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedMailbox } from '@angarium/sdk';
import { type ImapTestClient, imapServer, letterPolicy } from '@angarium/testing';

const plugins = ['imap-annotate', letterPolicy];

const message = 'Subject: x\r\n\r\nHello\r\n';

async function told(client: ImapTestClient, command: string): Promise<string[]> {
  return (await client.ok(command)).untagged;
}

async function withMessages(client: ImapTestClient, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await client.append('INBOX', message);
  await client.ok('SELECT INBOX');
}

test('STORE and FETCH ANNOTATION (RFC 5257 §4.3 to §4.5)', async () => {
  await using server = await imapServer(plugins);
  const client = await server.loggedIn();
  await withMessages(client, 2);
  assert.deepEqual(
    await told(client, 'STORE 1 ANNOTATION (/comment (value.priv "My comment" value.shared "Group note"))'),
    [],
  );
  await client.ok(
    'UID STORE 1 ANNOTATION (/altsubject (value.priv "x \\"y\\"") /vendor/a/b (value.shared "z"))',
  );
  const cases: [string, string][] = [
    ['(/comment value)', '(/comment (value.priv "My comment" value.shared "Group note"))'],
    ['(/comment value.priv)', '(/comment (value.priv "My comment"))'],
    [
      '(/altsubject (value size))',
      '(/altsubject (value.priv "x \\"y\\"" value.shared NIL size.priv "5" size.shared "0"))',
    ],
    ['((/comment /none) value.priv)', '(/comment (value.priv "My comment") /none (value.priv NIL))'],
    ['(/% value.shared)', '(/altsubject (value.shared NIL) /comment (value.shared "Group note"))'],
    [
      '("/*" (size.shared))',
      '(/altsubject (size.shared "0") /comment (size.shared "10") /vendor/a/b (size.shared "1"))',
    ],
  ];
  for (const [asked, expected] of cases)
    assert.deepEqual(
      await told(client, `FETCH 1 (ANNOTATION ${asked})`),
      [`1 FETCH (ANNOTATION ${expected})`],
      asked,
    );
  assert.deepEqual(await told(client, 'UID FETCH 1:2 (ANNOTATION (/* value.priv) FLAGS)'), [
    '1 FETCH (UID 1 FLAGS (\\Recent) ANNOTATION (/altsubject (value.priv "x \\"y\\"") /comment (value.priv "My comment") /vendor/a/b (value.priv NIL)))',
    '2 FETCH (UID 2 FLAGS (\\Recent))',
  ]);
  await client.ok('STORE 1 ANNOTATION (/comment (value.shared NIL value.priv NIL))');
  assert.deepEqual(await told(client, 'FETCH 1 (ANNOTATION (/comment (value size)))'), [
    '1 FETCH (ANNOTATION (/comment (value.priv NIL value.shared NIL size.priv "0" size.shared "0")))',
  ]);
  await client.ok('STORE 1 ANNOTATION (/comment (value.priv ~{3+}\r\na\0b))');
  assert.deepEqual(await told(client, 'FETCH 1 (ANNOTATION (/comment value.priv))'), [
    '1 FETCH (ANNOTATION (/comment (value.priv ~{3}\r\na\0b)))',
  ]);
  assert.deepEqual(server.faults, []);
});

test('what is no name, attribute or value is BAD (§3.2)', async () => {
  await using server = await imapServer(plugins);
  const client = await server.loggedIn();
  await withMessages(client, 1);
  for (const wrong of [
    'FETCH 1 (ANNOTATION)',
    'FETCH 1 (ANNOTATION /comment)',
    'FETCH 1 (ANNOTATION (/comment))',
    'FETCH 1 (ANNOTATION (/comment colour))',
    'FETCH 1 (ANNOTATION (/comment value.mine))',
    'FETCH 1 (ANNOTATION (comment value))',
    'FETCH 1 (ANNOTATION (/a//b value))',
    'STORE 1 ANNOTATION (/comment (value "x"))',
    'STORE 1 ANNOTATION (/comment (size.priv "1"))',
    'STORE 1 ANNOTATION (/comm* (value.priv "x"))',
    'STORE 1 ANNOTATION (/comment/ (value.priv "x"))',
    'STORE 1 ANNOTATION (/ (value.priv "x"))',
    'STORE 1 ANNOTATION (/1 (value.priv "x"))',
    'STORE 1 ANNOTATION (/0/comment (value.priv "x"))',
    'STORE 1 ANNOTATION (/1..2/comment (value.priv "x"))',
    'STORE 1 ANNOTATION (/2/comment (value.priv "x"))',
    'STORE 1 ANNOTATION (/1/flags/seen (value.priv "yes"))',
    'STORE 1 ANNOTATION (/1/flags/odd (value.priv "1"))',
    'STORE 1 ANNOTATION (/flags/x (value.priv "1"))',
    'STORE 1 ANNOTATION ()',
    'STORE 1 ANNOTATION (/comment ())',
    'STORE 1 +ANNOTATION (/comment (value.priv "x"))',
    'STORE 1 NOTATION (/comment (value.priv "x"))',
    'SEARCH ANNOTATION /comment size "1"',
    'SEARCH ANNOTATION /comment value',
    'SEARCH ANNOTATION comment value "x"',
    'SELECT INBOX (ANNOTATION)',
  ]) {
    assert.match(await client.said(wrong), /^BAD/, wrong);
  }
  await client.ok('STORE 1 ANNOTATION (/1/flags/seen (value.priv "1") /1/comment (value.shared "x"))');
});

test('limits: told with SELECT, kept by STORE, which does all or nothing (§4.1, §4.5)', async () => {
  await using server = await imapServer([
    { name: 'imap-annotate', config: { maxValueBytes: 1024, maxEntries: 10 } },
  ]);
  const client = await server.loggedIn();
  await client.append('INBOX', message);
  assert.ok((await told(client, 'SELECT INBOX')).some((line) => line.startsWith('OK [ANNOTATIONS 1024]')));
  const big = Buffer.alloc(1025, 'x');
  const { status, text } = await client.withLiterals(
    'STORE 1 ANNOTATION (/comment (value.priv "a" value.shared ',
    big,
    '))',
  );
  assert.match(`${status} ${text}`, /^NO \[ANNOTATE TOOBIG\]/);
  for (let i = 0; i < 10; i++) await client.ok(`STORE 1 ANNOTATION (/vendor/a/n${i} (value.priv "x"))`);
  assert.match(
    await client.said('STORE 1 ANNOTATION (/comment (value.shared "a") /comment (value.priv "b"))'),
    /^NO \[ANNOTATE TOOMANY\]/,
  );
  assert.deepEqual(await told(client, 'FETCH 1 (ANNOTATION (/comment value))'), [
    '1 FETCH (ANNOTATION (/comment (value.priv NIL value.shared NIL)))',
  ]);
  assert.ok(
    (await told(client, 'EXAMINE INBOX')).some((line) => line.startsWith('OK [ANNOTATIONS READ-ONLY]')),
  );
  assert.match(await client.said('STORE 1 ANNOTATION (/comment (value.priv "b"))'), /^NO/);
});

test('private ones are each user’s own, shared ones need the right n (§3.3, §3.4)', async () => {
  await using server = await imapServer(plugins);
  const acl = { fred: 'lrsi', joe: 'lrsn' };
  await server.store.catalogue.create(sharedMailbox(['news']), { acl });
  const client = await server.loggedIn();
  const joe = await server.loggedIn('joe');
  await client.append('news', message);
  for (const one of [client, joe]) await one.ok('SELECT news');
  await client.ok('STORE 1 ANNOTATION (/comment (value.priv "fred"))');
  assert.match(await client.said('STORE 1 ANNOTATION (/comment (value.shared "x"))'), /^NO \[NOPERM\]/);
  await joe.ok('STORE 1 ANNOTATION (/comment (value.shared "all"))');
  assert.deepEqual(await told(client, 'FETCH 1 (ANNOTATION (/comment value))'), [
    '1 FETCH (ANNOTATION (/comment (value.priv "fred" value.shared "all")))',
  ]);
  assert.deepEqual(await told(joe, 'FETCH 1 (ANNOTATION (/comment value.priv))'), [
    '1 FETCH (ANNOTATION (/comment (value.priv NIL)))',
  ]);
});

test('SEARCH ANNOTATION (§4.8)', async () => {
  await using server = await imapServer(plugins);
  const client = await server.loggedIn();
  await withMessages(client, 4);
  await client.ok('STORE 1 ANNOTATION (/comment (value.priv "about IMAP4"))');
  await client.ok('STORE 2 ANNOTATION (/comment (value.shared "imap too"))');
  await client.ok('STORE 3 ANNOTATION (/vendor/a/b (value.priv "Imap"))');
  for (const [key, found] of [
    ['ANNOTATION /comment value "IMAP"', '1 2'],
    ['ANNOTATION /comment value.priv "imap"', '1'],
    ['ANNOTATION * value "imap"', '1 2 3'],
    ['ANNOTATION "/%" value "imap"', '1 2'],
    ['NOT ANNOTATION * value.priv "imap"', '2 4'],
    ['ANNOTATION /comment value NIL', '3 4'],
    ['OR ANNOTATION /vendor/* value "imap" 4', '3 4'],
    ['ANNOTATION /comment value "nothing of it"', ''],
  ] as const) {
    assert.deepEqual(await told(client, `SEARCH ${key}`), [`SEARCH${found === '' ? '' : ` ${found}`}`], key);
  }
});

test('SORT ANNOTATION: the comparator decides, messages without one come first (§4.9)', async () => {
  await using server = await imapServer([...plugins, 'imap-sort']);
  const client = await server.loggedIn();
  await withMessages(client, 6);
  for (const [number, value] of [
    [1, 'd'],
    [2, 'B'],
    [4, 'a'],
    [5, 'b'],
    [6, 'Ä'],
  ] as const)
    await client.withLiterals(
      `STORE ${number} ANNOTATION (/altsubject (value.shared `,
      Buffer.from(value),
      '))',
    );
  await client.ok('STORE 1 ANNOTATION (/altsubject (value.priv "mine") /comment (value.shared "z"))');
  for (const [command, sorted] of [
    ['SORT (ANNOTATION /altsubject value.shared) UTF-8 ALL', '3 4 6 2 5 1'],
    ['SORT (REVERSE ANNOTATION /altsubject value.shared) UTF-8 ALL', '1 2 5 6 4 3'],
    ['UID SORT (ANNOTATION "/altsubject" "value.priv" REVERSE UID) UTF-8 1:3', '3 2 1'],
    ['SORT (ANNOTATION /comment value.shared ANNOTATION /altsubject value.shared) UTF-8 1:4', '3 4 2 1'],
  ] as const)
    assert.deepEqual(await told(client, command), [`SORT ${sorted}`], command);
  await client.ok('COMPARATOR i;octet');
  assert.deepEqual(await told(client, 'SORT (ANNOTATION /altsubject value.shared) UTF-8 ALL'), [
    'SORT 3 2 4 5 1 6',
  ]);
  for (const wrong of [
    'SORT (ANNOTATION) UTF-8 ALL',
    'SORT (ANNOTATION /comment) UTF-8 ALL',
    'SORT (ANNOTATION /comment value) UTF-8 ALL',
    'SORT (ANNOTATION /comment size.priv) UTF-8 ALL',
    'SORT (ANNOTATION /* value.priv) UTF-8 ALL',
    'SORT (ANNOTATION comment value.priv) UTF-8 ALL',
  ])
    assert.match(await client.said(wrong), /^BAD/, wrong);
});

test('a result that is sorted by annotations follows them (RFC 5267 §4.3.3)', async () => {
  await using server = await imapServer([...plugins, 'imap-sort']);
  const client = await server.loggedIn();
  await withMessages(client, 3);
  for (const [number, value] of ['b', 'a', 'c'].entries())
    await client.ok(`STORE ${number + 1} ANNOTATION (/comment (value.shared "${value}"))`);
  const [first = ''] = await told(
    client,
    'UID SORT RETURN (UPDATE ALL) (ANNOTATION /comment value.shared) UTF-8 ALL',
  );
  assert.match(first, / ALL 2,1,3$/);
  const lines = await told(client, 'STORE 2 ANNOTATION (/comment (value.shared "d"))');
  const removed = lines.findIndex((line) => line.includes(' UID REMOVEFROM (1 2)'));
  const added = lines.findIndex((line) => line.includes(' ADDTO (3 2)'));
  assert.ok(removed >= 0 && added >= removed, lines.join());
});

test('APPEND ANNOTATION, several messages (§4.7)', async () => {
  await using server = await imapServer(plugins);
  const client = await server.loggedIn();
  const bytes = Buffer.from(message);
  const { status } = await client.withLiterals(
    'APPEND INBOX (\\Seen) ANNOTATION (/comment (value.priv "first" value.shared "all")) ',
    bytes,
    ' ',
    bytes,
    ' ANNOTATION (/comment (value.priv ',
    Buffer.from('third'),
    ')) ',
    bytes,
  );
  assert.equal(status, 'OK');
  await client.ok('SELECT INBOX');
  assert.deepEqual(await told(client, 'FETCH 1:3 (UID ANNOTATION (/* value))'), [
    '1 FETCH (UID 1 ANNOTATION (/comment (value.priv "first" value.shared "all")))',
    '2 FETCH (UID 2)',
    '3 FETCH (UID 3 ANNOTATION (/comment (value.priv "third" value.shared NIL)))',
  ]);
  for (const wrong of [
    'APPEND INBOX ANNOTATION () {1+}\r\nx',
    'APPEND INBOX ANNOTATION (/a (value "x")) {1+}\r\nx',
    'APPEND INBOX NOTATION (/a (value.priv "x")) {1+}\r\nx',
    'APPEND INBOX ANNOTATION (/a (value.priv "x")) ANNOTATION (/a (value.priv "x")) {1+}\r\nx',
    'APPEND INBOX ANNOTATION (/7/comment (value.priv "x")) {1+}\r\nx',
  ])
    assert.match(await client.said(wrong), /^BAD/, wrong);
});

test('COPY and MOVE take along what is shared and one’s own (§4.6)', async () => {
  await using server = await imapServer(plugins);
  const acl = { fred: 'lrswitekxn', joe: 'lrswitekxn' };
  for (const name of ['from', 'to']) await server.store.catalogue.create(sharedMailbox([name]), { acl });
  const noAnnotations = { fred: 'lrswitekx' };
  await server.store.catalogue.create(sharedMailbox(['strict']), { acl: noAnnotations });
  const client = await server.loggedIn();
  const joe = await server.loggedIn('joe');
  await client.append('from', message);
  for (const one of [client, joe]) {
    await one.ok('SELECT from');
    await one.ok('STORE 1 ANNOTATION (/comment (value.priv "own" value.shared "all"))');
  }
  await client.ok('COPY 1 to');
  await client.ok('COPY 1 strict');
  await client.ok('MOVE 1 to');
  await client.ok('SELECT to');
  const both = '(/comment (value.priv "own" value.shared "all"))';
  assert.deepEqual(await told(client, 'FETCH 1:2 (ANNOTATION (/comment value))'), [
    `1 FETCH (ANNOTATION ${both})`,
    `2 FETCH (ANNOTATION ${both})`,
  ]);
  await joe.ok('SELECT to');
  assert.deepEqual(await told(joe, 'FETCH 2 (ANNOTATION (/comment value))'), [
    '2 FETCH (ANNOTATION (/comment (value.priv NIL value.shared "all")))',
  ]);
  await client.ok('SELECT strict');
  assert.deepEqual(await told(client, 'FETCH 1 (ANNOTATION (/comment value))'), [
    '1 FETCH (ANNOTATION (/comment (value.priv "own" value.shared NIL)))',
  ]);
});

test('SELECT (ANNOTATE): names of what others have changed (§4.2, §4.4)', async () => {
  await using server = await imapServer(plugins);
  const client = await server.loggedIn();
  await withMessages(client, 2);
  await client.ok('SELECT INBOX (ANNOTATE)');
  await client.ok('STORE 2 ANNOTATION (/comment (value.priv "own doing"))');
  const other = await server.loggedIn();
  await other.ok('SELECT INBOX');
  await other.ok('STORE 1 ANNOTATION (/comment (value.shared "x") /altsubject (value.priv "y"))');
  assert.match(await client.response(), /^\* 1 FETCH \(UID 1 ANNOTATION \((\/altsubject )?\/comment\)\)$/);
  await client.ok('NOOP');
  assert.deepEqual(await told(other, 'NOOP'), []);
  await client.ok('SELECT INBOX');
  await other.ok('STORE 1 ANNOTATION (/comment (value.shared "z"))');
  assert.deepEqual(await told(client, 'NOOP'), []);
});

test('with CONDSTORE a change is told by its mod-sequence, and UNCHANGEDSINCE holds (RFC 7162 §3.1.3)', async () => {
  await using server = await imapServer(plugins);
  const client = await server.loggedIn();
  await withMessages(client, 2);
  await client.ok('ENABLE CONDSTORE');
  const [line = ''] = await told(client, 'STORE 1 ANNOTATION (/comment (value.priv "a"))');
  assert.match(line, /^1 FETCH \(UID 1 MODSEQ \(\d+\)\)$/);
  const modSeq = Number(/MODSEQ \((\d+)\)/.exec(line)![1]);
  assert.match(
    await client.said(`STORE 1:2 (UNCHANGEDSINCE ${modSeq - 1}) ANNOTATION (/comment (value.priv "b"))`),
    /^OK \[MODIFIED 1\]/,
  );
  assert.deepEqual(await told(client, 'FETCH 1:2 (ANNOTATION (/comment value.priv))'), [
    '1 FETCH (ANNOTATION (/comment (value.priv "a")))',
    '2 FETCH (ANNOTATION (/comment (value.priv "b")))',
  ]);
});

test('of two conditional STOREs at the same instant exactly one wins (RFC 7162 §3.1.3)', async () => {
  await using server = await imapServer(plugins);
  const one = await server.loggedIn();
  const two = await server.loggedIn();
  await withMessages(one, 1);
  await two.ok('SELECT INBOX');
  await one.ok('ENABLE CONDSTORE');
  for (let round = 0; round < 10; round++) {
    const [line = ''] = await told(one, 'FETCH 1 (MODSEQ)');
    const modSeq = /MODSEQ \((\d+)\)/.exec(line)![1];
    const results = await Promise.all(
      [one, two].map((client, at) =>
        client.said(
          `STORE 1 (UNCHANGEDSINCE ${modSeq}) ANNOTATION (/comment (value.shared "${at}" value.priv "${at}"))`,
        ),
      ),
    );
    assert.equal(results.filter((text) => text.startsWith('OK [MODIFIED 1]')).length, 1, results.join());
    const winner = results.findIndex((text) => !text.includes('MODIFIED'));
    assert.deepEqual(await told(one, 'FETCH 1 (ANNOTATION (/comment value))'), [
      `1 FETCH (ANNOTATION (/comment (value.priv "${winner}" value.shared "${winner}")))`,
    ]);
  }
});
