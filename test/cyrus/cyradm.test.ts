/** What Cyrus's own cyradm (Debian: cyrus-admin) asks besides the walk; that ours says the same; how ours is called. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root, TestServer } from '../support/server.js';
import { run, without } from '../support/tools.js';
import { ourCyradm, password, runOurs, theirCyradm, withoutCode } from './support.js';

const skip = without('cyradm');
let server: TestServer;

before(async () => {
  server = await TestServer.start({ users: { admin: password, wcooley: password } });
});
after(() => server[Symbol.asyncDispose]());

test("what Cyrus's cyradm sends is answered", { skip }, async () => {
  await theirCyradm(server, 'cm user.wcooley', 'cm shared');
  assert.deepEqual(
    await theirCyradm(
      server,
      'xfer user.wcooley other.example',
      'reconstruct user.wcooley',
      'reconstruct -r user.wcooley',
      'sub user.wcooley',
      'unsub user.wcooley',
      'sq shared 100',
      'lq shared',
      'lm shared',
    ),
    [
      ['xfermailbox: [CANNOT] Operation is not supported on mailbox'],
      [],
      [],
      [],
      [],
      ['quota:100'],
      [' STORAGE 0/100 (0%)'],
      ['shared (\\HasNoChildren)'],
    ],
  );
  assert.match((await theirCyradm(server, 'ver'))[0]![0]!, /^name {7}: Angarium$/);
});

test('ours says the same of the same server, line by line', { skip }, async () => {
  await theirCyradm(server, 'cm user.wcooley', 'cm shared');
  const lines = [
    'cm user.wcooley',
    'cm user.wcooley.a',
    'lm',
    'lm %',
    'lm user.wcooley*',
    'setquota user.wcooley 10240',
    'lq user.wcooley',
    'lqr user.wcooley.a',
    'sq user.wcooley STORAGE abc',
    'sub user.wcooley.a',
    'lm -subscribed',
    'unsub user.wcooley.a',
    'lm -subscribed',
    'mboxcfg user.wcooley.a comment hello',
    'mboxcfg user.wcooley.a squat sometimes',
    'info',
    'ver',
    'server',
    'renm user.wcooley.a user.wcooley.b',
    'renm user.wcooley.a user.wcooley.b',
    'dm user.wcooley.b',
    'sam user.wcooley.b admin c',
    'dm user.wcooley.b',
    'dm user.wcooley.b',
    'lam user.wcooley',
    'cm',
    'dm',
    'sam user.wcooley wcooley',
  ];
  const theirs = await theirCyradm(server, ...lines);
  const ours = await ourCyradm(server, ...lines);
  assert.deepEqual(
    ours.map((said, i) => [lines[i], ...said]),
    theirs.map((said, i) => [lines[i], ...said.map(withoutCode)]),
  );
  // Connections last as long as the shell.
  assert.deepEqual((await ourCyradm(server, 'disc', 'lm'))[1], ['listmailbox: no connection to server']);
});

test('ours: scripts, redirections, exit and its status', async () => {
  assert.equal((await runOurs(server, 'dm user.nobody\nlm\n')).code, 1, 'some of it failed');
  await ourCyradm(server, 'cm user.wcooley');
  const file = join(server.data, 'listing');
  const { code } = await runOurs(server, `lm user.wcooley > ${file}\nexit 3\ncm user.never\n`);
  assert.equal(code, 3);
  assert.match(readFileSync(file, 'utf8'), /^user\.wcooley /);
  assert.deepEqual(await ourCyradm(server, 'lm user.never'), [[]]);
});

test('ours finds the server of the data folder, uses TLS, and says what is wrong with a login', async () => {
  const angarium = join(root, 'core', 'bin', 'angarium.mjs');
  const global = [angarium, '--data', server.data, '-c', server.manifestFile];
  const command = (...args: string[]) => run(process.execPath, [...global, 'cyradm', '--norc', ...args]);
  const passwordFile = join(server.data, 'password');
  writeFileSync(passwordFile, `${password}\n`);
  const who = ['-u', 'admin', '--password-file', passwordFile];
  const imaps = ['--imaps', '--port', String(server.port('imap', 1)), '-c', 'lqr user.wcooley; server'];
  const implicit = await command(...who, ...imaps, '127.0.0.1');
  assert.equal(implicit.code, 0, implicit.output);
  assert.equal(implicit.output.trimEnd().split('\n').at(-1), '127.0.0.1');
  const untrusted = await command(...who, '--cafile', join(root, 'package.json'), '-c', 'lm');
  assert.equal(untrusted.code, 1, 'a CA that did not sign it');
  const wrong = await command('-u', 'admin', '-w', 'wrong', '-c', 'lm');
  assert.equal(wrong.code, 1);
  assert.match(wrong.output, /authentication to server 127\.0\.0\.1 failed/);
  const nobody = await command('-u', 'admin', '-c', 'lm');
  assert.equal(nobody.code, 1);
  assert.match(nobody.output, /stdin is not a terminal/);
});
