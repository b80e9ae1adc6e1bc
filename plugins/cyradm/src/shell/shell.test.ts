import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { temporaryFolder } from '@angarium/testing';
import { FakeServer, type Script } from '../fake-server.test.support.js';
import type { ImapClient } from '../imap/client.js';
import { authenticate } from '../session.js';
import { Shell } from './shell.js';

class Text extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function newShell(env: Record<string, string> = {}) {
  const out = new Text();
  const err = new Text();
  const shell = new Shell({
    in: undefined,
    out,
    err,
    env,
    security: { caFile: undefined, noTls: true, isInsecure: false },
    user: 'admin',
    askPassword: async () => 'secret',
  });
  return { shell, out, err };
}

/** Runs the lines on a server that answers so. */
async function session(lines: readonly string[], script: Script, capabilities?: string) {
  await using server = await FakeServer.start(script, capabilities);
  const { shell, out, err } = newShell({ COLUMNS: '60' });
  await shell.connect({ host: '127.0.0.1', port: server.port, isImplicit: false });
  await shell.logIn({ user: '', authz: undefined, mechanism: undefined, password: undefined });
  const status = await shell.script(lines);
  shell.disconnect();
  return {
    status,
    out: out.text,
    err: err.text,
    sent: server.commands.filter((c) => !/^(AUTH|CAPA)/.test(c)),
  };
}

const lists: Record<string, readonly string[]> = {
  'LIST "" "user.*"': [
    '* LIST (\\HasChildren) "." user.a',
    '* LIST () "." "user.a b"',
    '* LIST (\\Noselect) "." user.c',
    '* LIST (\\HasNoChildren) "." {6}\r\nuser.\xe4'.replace('\xe4', 'd'),
    'TAG OK Completed',
  ],
};

test('what is sent for each command, with its short forms', async () => {
  const { sent, err, status } = await session(
    [
      'cm user.a',
      'create --partition p1 user.b',
      'createmailbox user.c p2',
      'cm -spec \\\\Sent -part p3 user.d',
      'dm user.a; delete user.b host',
      'ren user.a user.b',
      'renm -partition p1 user.a user.a',
      'rename user.a user.b p2',
      'sam user.a joe all bob none',
      'setacl user.a x lrs',
      'dam user.a joe bob',
      'sq user.a 100',
      'sq user.a none',
      'setquota user.a STORAGE 5 MESSAGE 6',
      'sub user.a',
      'unsub user.a',
      'xfer user.a other p1',
      'reconstruct -r user.a',
      'setinfo motd "hello there"',
      'setinfo motd none',
      'mboxcfg --private user.a comment 10',
      'mboxconfig user.a expire none',
      'setmd user.a comment hi',
      'setmd user.a /shared/x jörg',
      'cm user.jörg',
      'cm "user.a \\"b\\""',
    ],
    () => undefined,
    'IMAP4rev1 METADATA CREATE-SPECIAL-USE',
  );
  assert.equal(err, '');
  assert.equal(status, 0);
  assert.deepEqual(sent, [
    'LOGIN admin secret',
    'CREATE user.a',
    'CREATE user.b p1',
    'CREATE user.c p2',
    'CREATE user.d (PARTITION p3 USE (\\Sent))',
    'DELETE user.a',
    'DELETE user.b host',
    'RENAME user.a user.b',
    'RENAME user.a user.a p1',
    'RENAME user.a user.b p2',
    'SETACL user.a joe lrswipkxtea',
    'SETACL user.a bob ""',
    'SETACL user.a x lrs',
    'DELETEACL user.a joe',
    'DELETEACL user.a bob',
    'SETQUOTA user.a (STORAGE 100)',
    'SETQUOTA user.a ()',
    'SETQUOTA user.a (STORAGE 5 MESSAGE 6)',
    'SUBSCRIBE user.a',
    'UNSUBSCRIBE user.a',
    'XFER user.a other p1',
    'RECONSTRUCT user.a RECURSIVE',
    'SETMETADATA "" ("/shared/motd" "hello there")',
    'SETMETADATA "" ("/shared/motd" NIL)',
    'SETMETADATA user.a ("/private/comment" "10")',
    'SETMETADATA user.a ("/shared/vendor/cmu/cyrus-imapd/expire" NIL)',
    'SETMETADATA user.a ("/private/comment" "hi")',
    'SETMETADATA user.a ("/shared/x" {5}\r\nj\xc3\xb6rg)',
    'CREATE user.j&APY-rg',
    'CREATE "user.a \\"b\\""',
  ]);
});

test('listings are laid out as by Cyrus', async () => {
  const answers: Record<string, readonly string[]> = {
    ...lists,
    'GETACL user.a': ['* ACL user.a joe lrs "a b" lrswip', 'TAG OK Completed'],
    'GETQUOTA user.a': ['* QUOTA user.a (STORAGE 54 100 MESSAGE 1 3)', 'TAG OK Completed'],
    'GETQUOTAROOT user.a.b': [
      '* QUOTAROOT user.a.b user.a',
      '* QUOTA user.a (STORAGE 5 0)',
      'TAG OK Completed',
    ],
    'GETQUOTAROOT user.c': ['* QUOTAROOT user.c', 'TAG OK Completed'],
    'ID NIL': ['* ID ("name" "Cyrus IMAPD" "os" NIL "environment" "a; b")', 'TAG OK Completed'],
    'GETMETADATA user.a ("/private/*")': ['* METADATA user.a (/private/comment NIL)', 'TAG OK Completed'],
    'GETMETADATA user.a ("/shared/*")': [
      '* METADATA user.a (/shared/vendor/x/size {3}\r\n123 /shared/comment "hi")',
      'TAG OK Completed',
    ],
  };
  const { out, err } = await session(
    ['lm user.*', 'lam user.a', 'lq user.a', 'lqr user.a.b', 'lqm user.c', 'ver', 'info user.a', 'server'],
    (command) => answers[command],
    'IMAP4rev1 METADATA',
  );
  assert.equal(err, '');
  assert.equal(
    out,
    `user.a (\\HasChildren)    user.c (\\Noselect)       
user.a b                 user.d (\\HasNoChildren)  
joe lrs
a b lrswip
 STORAGE 54/100 (54%) MESSAGE 1/3 (33.3333333333333%)
user.a STORAGE 5/0

name       : Cyrus IMAPD
os         : 
environment: a
             b
{user.a}:
  private:
    comment: NIL
  shared:
    comment: hi
    size: 123
127.0.0.1
`,
  );
});

test('patterns are expanded for dm, sam, dam; the first failure ends it', async () => {
  const { out, err, sent, status } = await session(
    ['sam user.* joe lrs', 'dam user.* *', 'dm user.*'],
    (command) => {
      if (command === 'DELETE "user.a b"') return ['TAG NO [NOPERM] Permission denied'];
      if (command.startsWith('GETACL')) return ['* ACL x joe lrs', 'TAG OK Completed'];
      return lists[command];
    },
  );
  assert.match(
    out,
    /^Setting ACL on user\.a\.\.\.OK\.\nSetting ACL on user\.a b\.\.\.OK\.\nSetting ACL on user\.d\.\.\.OK\.\n/,
  );
  assert.match(out, /Deleting acl on user\.d\.\.\.OK\.\n/);
  assert.match(
    out,
    /Deleting mailbox user\.a\.\.\.OK\.\nDeleting mailbox user\.a b\.\.\.Permission denied\n$/,
  );
  assert.ok(!sent.includes('DELETE user.d') && !sent.includes('SETACL user.c joe lrs'));
  assert.deepEqual([err, status], ['', 1]);
});

test('errors are told as Cyrus does, wrong usage too; the script goes on and its status says so', async () => {
  const { out, err, status } = await session(
    [
      'cm user.a',
      'cm',
      'cm --bad x',
      'sq user.a STORAGE abc',
      'sam user.a joe',
      'lm a b c',
      'info',
      'lm "',
      'mboxcfg user.a',
      'cd /nowhere/at/all',
      'no-such-program-at-all',
      'help nonex; help cm',
      '# a remark',
    ],
    (command) =>
      command.startsWith('CREATE') ? ['TAG NO [ALREADYEXISTS] Mailbox already exists'] : undefined,
  );
  assert.equal(
    err,
    `createmailbox: Mailbox already exists
usage: createmailbox [--partition partition] mailbox [partition]
usage: createmailbox [--partition partition] [--specialuse specialuse] mailbox [partition]
setquota: STORAGE: abc: not a number
usage: setaclmailbox mailbox id rights [id rights ...]
usage: listmailbox [-subscribed] [-specialuse] [pattern [base]]
info: Remote does not support METADATA.
syntax error: no closing "
usage: mboxconfig [--private] mailbox [comment|expire|news2mail|pop3showafter|sharedseen|sieve|squat|/<explicit annotation>] value
chdir: /nowhere/at/all: No such file or directory
no-such-program-at-all: No such file or directory
`,
  );
  assert.equal(
    out,
    'unknown command: nonex\ncm, alias for createmailbox [--partition partition] [--specialuse specialuse] mailbox [partition]\n\tcreate mailbox\n',
  );
  assert.equal(status, 1);
});

test('output goes to files, programs run, exit ends with its number', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'list');
  const { status, out, err } = await session(
    [
      `lm user.* > ${file}`,
      `cm x 2>> ${file}`,
      `cat < ${file}`,
      `help quit > ${folder.path}`,
      'exit 3',
      'cm never',
    ],
    (command) => (command === 'CREATE x' ? ['TAG NO no'] : lists[command]),
  );
  assert.equal(status, 3);
  assert.equal(readFileSync(file, 'utf8').split('\n').at(-2), 'createmailbox: no');
  assert.equal(out, readFileSync(file, 'utf8'));
  assert.match(err, /: Is a directory\n$/);
});

test('a lost connection is told once; without one every command says so', async () => {
  const { out, err, status } = await session(['cm user.a', 'lm', 'server', 'disc'], (_command, socket) => {
    if (!_command.startsWith('CREATE')) return undefined;
    socket.destroy();
    return [];
  });
  assert.equal(out, '');
  assert.match(err, /\nConnection to server lost\.\n/);
  assert.match(
    err,
    /listmailbox: no connection to server\nserver: no connection to server\ndisconnect: no connection to server\n$/,
  );
  assert.equal(status, 1);
});

test('completion knows commands, and mailboxes of the server', async () => {
  await using server = await FakeServer.start((command) =>
    command === 'LIST "" "user.*"' ? lists[command] : undefined,
  );
  const { shell } = newShell();
  assert.deepEqual(await shell.complete('set'), [
    ['setacl', 'setaclmailbox', 'setinfo', 'setmd', 'setmetadata', 'setquota'],
    'set',
  ]);
  assert.deepEqual(await shell.complete('lm user.'), [[], 'user.'], 'not connected');
  await shell.connect({ host: '127.0.0.1', port: server.port, isImplicit: false });
  assert.deepEqual((await shell.complete('x; dm user.'))[0], ['user.a', 'user.a b', 'user.c', 'user.d']);
  assert.deepEqual((await shell.complete('help ex'))[0], ['exit']);
  shell.disconnect();
});

test('a refused login and a server that is not there are told', async () => {
  await using server = await FakeServer.start(
    () => ['TAG NO [AUTHENTICATIONFAILED] Login failed'],
    'IMAP4rev1',
  );
  const { shell, err } = newShell();
  await shell.connect({ host: '127.0.0.1', port: server.port, isImplicit: false });
  await shell.line('auth someone');
  await shell.line('server 127.0.0.1:1');
  assert.match(err.text, /^authenticate: authentication to server 127\.0\.0\.1 failed: Login failed\n/);
  assert.match(err.text, /server: 127\.0\.0\.1:1: cannot connect to server/);
  assert.ok(server.commands.includes('LOGIN someone secret'));
});

test('a password is not sent in the clear over a network', async () => {
  const client = { isSecure: false, host: '192.0.2.1' } as ImapClient;
  const credentials = { user: 'x', authz: undefined, password: 'y', mechanism: undefined };
  const security = { caFile: undefined, noTls: false, isInsecure: true };
  await assert.rejects(authenticate(client, credentials, security), /offers no TLS/);
});
