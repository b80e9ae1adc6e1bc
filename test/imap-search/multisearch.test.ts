import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAIL_STORE, personalMailbox, userId } from '@angarium/sdk';
import type { ImapTestClient } from '@angarium/testing';
import { append, type Exchange, type Mail, SearchServer, talk } from './server.test.support.js';

const mail = (subject: string, flags = ''): Mail => ({ text: `Subject: ${subject}\n\nbody\n`, flags });

async function filled(server: SearchServer): Promise<ImapTestClient> {
  const client = await server.loggedIn();
  for (const name of ['a', 'a.b', 'a.b.c', 'empty', 'w&AOQ-re']) await client.ok(`CREATE INBOX.${name}`);
  await append(client, 'INBOX', [mail('one'), mail('two', '\\Seen'), mail('one')]);
  await append(client, 'INBOX.a', [mail('one')]);
  await append(client, 'INBOX.a.b', [mail('two'), mail('one')]);
  await append(client, 'INBOX.a.b.c', [mail('one')]);
  await append(client, 'INBOX.w&AOQ-re', [mail('one')]);
  await client.ok('SUBSCRIBE INBOX.a.b');
  await client.ok('SUBSCRIBE INBOX.empty');
  return client;
}

/** UIDVALIDITY is the server's choice. */
async function ask(client: ImapTestClient, exchanges: readonly Exchange[]): Promise<void> {
  for (const [command, untagged, tagged = /^OK/] of exchanges) {
    const answer = await client.command(command);
    const lines = answer.untagged.map((line) =>
      line.replace(/TAG "t\d+"/, 'TAG').replace(/UIDVALIDITY [1-9]\d*/, 'UIDVALIDITY'),
    );
    assert.deepEqual(lines, untagged, command);
    assert.match(`${answer.status} ${answer.text}`, tagged, command);
  }
}

const line = (mailbox: string, data: string): string =>
  `ESEARCH (TAG MAILBOX ${mailbox} UIDVALIDITY) UID ${data}`;

test('ESEARCH over what the sources name (RFC 7377)', async () => {
  await using server = await SearchServer.start();
  const client = await filled(server);
  await ask(client, [
    [
      'ESEARCH IN (personal) SUBJECT one',
      [
        line('INBOX', 'ALL 1,3'),
        line('INBOX.a', 'ALL 1'),
        line('INBOX.a.b', 'ALL 2'),
        line('INBOX.a.b.c', 'ALL 1'),
        line('INBOX.w&AOQ-re', 'ALL 1'),
      ],
    ],
    ['ESEARCH IN (inboxes) SUBJECT one', [line('INBOX', 'ALL 1,3')]],
    ['ESEARCH IN (subscribed) RETURN (COUNT) ALL', [line('INBOX', 'COUNT 3'), line('INBOX.a.b', 'COUNT 2')]],
    ['ESEARCH IN (mailboxes INBOX.a) ALL', [line('INBOX.a', 'ALL 1')]],
    ['ESEARCH IN (mailboxes (INBOX.a "INBOX.empty" INBOX.nosuch)) ALL', [line('INBOX.a', 'ALL 1')]],
    ['ESEARCH IN (mailboxes "INBOX.w&AOQ-re") ALL', [line('INBOX.w&AOQ-re', 'ALL 1')]],
    [
      'ESEARCH IN (subtree INBOX.a) RETURN (MIN MAX) ALL',
      [line('INBOX.a', 'MIN 1 MAX 1'), line('INBOX.a.b', 'MIN 1 MAX 2'), line('INBOX.a.b.c', 'MIN 1 MAX 1')],
    ],
    ['ESEARCH IN (subtree-one INBOX.a) ALL', [line('INBOX.a', 'ALL 1'), line('INBOX.a.b', 'ALL 1:2')]],
    [
      'ESEARCH IN (mailboxes INBOX.a.b inboxes mailboxes INBOX.a.b) UNSEEN',
      [line('INBOX.a.b', 'ALL 1:2'), line('INBOX', 'ALL 1,3')],
    ],
    // Numbers count in each mailbox (§2).
    ['ESEARCH IN (subtree INBOX.a) 2:100', [line('INBOX.a.b', 'ALL 2')]],
    [
      'ESEARCH IN (personal) RETURN (PARTIAL 1:1) SUBJECT two',
      [line('INBOX', 'PARTIAL (1:1 2)'), line('INBOX.a.b', 'PARTIAL (1:1 1)')],
    ],
    ['ESEARCH IN (mailboxes INBOX.a) RETURN (ALL RELEVANCY) FUZZY SUBJECT oen', []],
    ['ESEARCH IN (mailboxes INBOX.a) CHARSET X-NONE TEXT x', [], /^NO \[BADCHARSET/],
    ['ESEARCH IN (personal) SUBJECT nosuch', []],
    ['ESEARCH ALL', [], /^BAD/],
    ['ESEARCH IN (selected) ALL', [], /^BAD/],
    ['ESEARCH IN (personal) RETURN (UPDATE) ALL', [], /^BAD/],
    ['ESEARCH IN (selected-delayed) ALL', [], /^BAD/],
    ['ESEARCH IN () ALL', [], /^BAD/],
    ['ESEARCH IN (mailboxes) ALL', [], /^BAD/],
    ['ESEARCH IN (nosuch) ALL', [], /^BAD/],
    ['ESEARCH IN (personal (x y)) ALL', [], /^BAD/],
    ['ESEARCH IN (personal)', [], /^BAD/],
  ]);
});

test('the selected mailbox is searched as the client knows it; SAVE and UPDATE are its own', async () => {
  await using server = await SearchServer.start();
  const client = await filled(server);
  await client.ok('SELECT INBOX');
  await ask(client, [
    ['ESEARCH SUBJECT one', [line('INBOX', 'ALL 1,3')]],
    ['UID ESEARCH IN (selected) RETURN (COUNT) 2:3', [line('INBOX', 'COUNT 2')]],
    ['ESEARCH RETURN (SAVE) SUBJECT one', []],
    ['SEARCH $', ['SEARCH 1 3']],
    ['ESEARCH RETURN (SAVE) SUBJECT nosuch', []],
    ['SEARCH $', ['SEARCH']],
    ['ESEARCH IN (mailboxes INBOX) RETURN (SAVE) ALL', [], /^BAD/],
    ['ESEARCH IN (personal) RETURN (UPDATE COUNT) FLAGGED', []],
    ['STORE 2 +FLAGS.SILENT (\\Flagged)', ['ESEARCH (TAG) UID ADDTO (0 2)']],
  ]);
});

test('mailboxes of others are not there', async () => {
  await using server = await SearchServer.start();
  await filled(server);
  const joe = await server.loggedIn('joe');
  const { catalogue } = server.kernel.get(MAIL_STORE);
  await catalogue.subscribe(userId('joe'), personalMailbox(userId('fred'), ['a']));
  await talk(joe, [
    ['ESEARCH IN (mailboxes user.fred.a) ALL', []],
    ['ESEARCH IN (subtree user.fred) ALL', []],
    ['ESEARCH IN (subscribed personal) ALL', []],
  ]);
});
