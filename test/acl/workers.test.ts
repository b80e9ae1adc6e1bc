/** Several workers, real sockets, one mailbox list: rights, trees and names that everybody changes at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImapTestClient } from '@angarium/testing';
import { imapSession } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';

const users = { admin: 'secret', joe: 'secret', fred: 'secret', jane: 'secret' };

function started(): Promise<TestServer> {
  return TestServer.start({ users, set: { workers: '2' } });
}

function sessions(server: TestServer, user: string, count: number): Promise<ImapTestClient[]> {
  const port = server.port('imap');
  return Promise.all(Array.from({ length: count }, () => imapSession(port, user, 'secret')));
}

async function listed(client: ImapTestClient, pattern: string): Promise<string[]> {
  const { untagged } = await client.ok(`LIST "" ${pattern}`);
  return untagged.map((line) => line.replace(/^LIST \(.*?\) "." /, ''));
}

test('a SETACL holds at once in the sessions of every worker, open ones, idling ones, and for the CLI', async () => {
  await using server = await started();
  const [joe] = (await sessions(server, 'joe', 1)) as [ImapTestClient];
  await joe.ok('CREATE INBOX.box');
  await joe.append('INBOX.box', plainMessage(1));
  // Connections go to the workers in turn.
  const freds = await sessions(server, 'fred', 6);
  for (const fred of freds) assert.match(await fred.said('SELECT user.joe.box'), /^NO \[NONEXISTENT\]/);
  for (let round = 0; round < 5; round++) {
    await joe.ok('SETACL INBOX.box fred lrsw');
    for (const fred of freds) {
      await fred.ok('SELECT user.joe.box');
      assert.deepEqual(await listed(fred, 'user.*'), ['user.joe.box']);
    }
    await joe.ok('SETACL INBOX.box fred lrs');
    for (const fred of freds) assert.match(await fred.said('STORE 1 +FLAGS (\\Flagged)'), /^NO \[NOPERM\]/);
    await joe.ok('SETACL INBOX.box fred ""');
    for (const fred of freds) {
      await fred.ok('UNSELECT');
      assert.match(await fred.said('SELECT user.joe.box'), /^NO \[NONEXISTENT\]/);
      assert.deepEqual(await listed(fred, 'user.*'), []);
    }
  }
  server.command(['acl', 'set', 'user.joe.box', 'fred', 'lrs']);
  for (const fred of freds) {
    await fred.ok('SELECT user.joe.box');
    fred.start('IDLE');
    await fred.expect(/^\+ /);
  }
  assert.match(server.command(['acl', 'check', 'fred', 'user.joe.box']), /fred has lrs on user\.joe\.box/);
  server.command(['acl', 'set', 'user.joe.box', 'fred', '--', '-r']);
  for (const fred of freds)
    assert.equal(await fred.response(), '* BYE The selected mailbox may not be read any more');
});

test('one tree created, renamed and deleted by many at once: every answer is a clean one, and the list stays whole', async () => {
  await using server = await started();
  const [admin] = (await sessions(server, 'admin', 1)) as [ImapTestClient];
  await admin.ok('CREATE tree');
  await admin.ok('SETACL tree anyone lrswipkxtea');
  const clients = [...(await sessions(server, 'fred', 4)), ...(await sessions(server, 'jane', 4))];
  const answers = new Set<string>();
  await Promise.all(
    clients.map(async (client, i) => {
      for (let n = 0; n < 25; n++) {
        for (const command of [
          `CREATE tree.a.b${n % 3}.c`,
          `RENAME tree.a tree.z${i % 2}`,
          `SETACL tree.a.b${n % 3} jane +w`,
          `SELECT tree.a.b${n % 3}.c`,
          `RENAME tree.z${i % 2}.b${n % 3} tree.a.b${n % 3}`,
          `DELETE tree.a.b${n % 3}.c`,
          'LIST "" tree*',
        ]) {
          const answer = await client.command(command).catch((error: Error) => error);
          // RFC 2180 §3.3: whose selected mailbox was deleted by another is disconnected.
          if (answer instanceof Error) {
            assert.match(answer.message, /BYE|closed/, `${command}: ${answer.message}`);
            return;
          }
          answers.add(
            `${command.split(' ')[0]} ${answer.status} ${/^\[[A-Z]+\]/.exec(answer.text)?.[0] ?? ''}`,
          );
        }
      }
    }),
  );
  const clean =
    /^(\w+ OK |SELECT OK \[READ-WRITE\]|\w+ NO \[(NONEXISTENT|ALREADYEXISTS|HASCHILDREN|NOPERM|INUSE)\])$/;
  for (const answer of answers) assert.match(answer, clean);
  // What LIST shows can be opened, and what can be opened is shown, in every worker.
  for (const client of await sessions(server, 'fred', 4)) {
    const names = await listed(client, 'tree*');
    assert.equal(new Set(names).size, names.length, 'no name twice');
    assert.deepEqual(names, await listed(admin, 'tree*'));
    for (const name of names) await client.ok(`EXAMINE ${name}`);
  }
  assert.doesNotMatch(server.output, /SERVERBUG|"level":"(error|fatal)"|command failed/);
});

test('names: nesting as deep as a name may be, a thousand levels, every odd character', async () => {
  await using server = await started();
  const [joe, again] = (await sessions(server, 'joe', 2)) as [ImapTestClient, ImapTestClient];
  const [fred] = (await sessions(server, 'fred', 1)) as [ImapTestClient];
  const thousand = `INBOX${'.a'.repeat(1000)}`;
  for (const command of [
    `CREATE ${thousand}`,
    `SELECT ${thousand}`,
    `SETACL ${thousand} fred lr`,
    `DELETE ${thousand}`,
  ])
    assert.match(await joe.said(command), /^NO \[CANNOT\]/);
  const deep = `INBOX${'.a'.repeat(240)}`;
  await joe.ok('SETACL INBOX fred lr');
  await joe.ok(`CREATE ${deep}`);
  assert.equal((await listed(again, 'INBOX.*')).length, 240);
  const others = deep.replace('INBOX', 'user.joe');
  assert.deepEqual(
    (await fred.ok(`MYRIGHTS ${others}`)).untagged,
    [`MYRIGHTS ${others} lr`],
    'inherited all the way',
  );
  await joe.ok('RENAME INBOX.a INBOX.b');
  assert.equal((await listed(again, 'INBOX.b*')).length, 240);
  for (let length = 240; length > 0; length--)
    await again.ok(`DELETE ${`INBOX.b${'.a'.repeat(length - 1)}`}`);
  assert.deepEqual(await listed(joe, '*'), ['INBOX']);

  for (let code = 0x20; code < 0x7f; code++) {
    const character = String.fromCharCode(code);
    const name = `INBOX.x${character.replace(/["\\]/, '\\$&')}y`;
    const { status, text } = await joe.command(`CREATE "${name}"`);
    if (status === 'NO') {
      assert.match(text, /^\[CANNOT\]/, name);
      assert.match('!"%&./;<>\\^`{|}', new RegExp(`\\${character}`), `${name} is refused for no reason`);
      continue;
    }
    await joe.ok(`SETACL "${name}" fred lrs`);
    await again.ok(`SELECT "${name}"`);
    await again.ok('UNSELECT');
    await fred.ok(`EXAMINE "${name.replace('INBOX', 'user.joe')}"`);
    await fred.ok('UNSELECT');
    await joe.ok(`RENAME "${name}" "INBOX.z${character.replace(/["\\]/, '\\$&')}"`);
    await again.ok(`DELETE "INBOX.z${character.replace(/["\\]/, '\\$&')}"`);
  }
  for (const name of ['INBOX.&Jjo-', 'INBOX.&ZeVnLIqe-', 'INBOX.&2D3cqQ-']) {
    await joe.ok(`CREATE ${name}`);
    await joe.ok(`SETACL ${name} fred lr`);
    assert.deepEqual((await joe.ok(`GETACL ${name}`)).untagged, [`ACL ${name} joe lrswipkxtecdan fred lr`]);
    assert.ok((await listed(fred, '*')).includes(name.replace('INBOX', 'user.joe')));
  }
  for (const name of ['INBOX.&', 'INBOX.&Jjo', 'INBOX.&AGE-', 'INBOX.&AAA-'])
    assert.match(await joe.said(`SETACL ${name} fred lr`), /^NO \[CANNOT\]/, name);
});
