/** The administrator's day with Cyrus's own cyradm (Debian: cyrus-admin), and the same with ours. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root, TestServer } from '../support/server.js';
import { run, without } from '../support/tools.js';

const angarium = join(root, 'core', 'bin', 'angarium.mjs');
let server: TestServer;

before(async () => {
  server = await TestServer.start({
    users: { cyrus: 'secret', wcooley: 'secret' },
    set: { 'plugins.authentication.admins': '["cyrus"]' },
  });
});
after(() => server[Symbol.asyncDispose]());

/** Without prompts, which Cyrus's prints to a pipe as well. */
function said(output: string): string[] {
  return output
    .replace(/(?:127\.0\.0\.1|cyradm)> /g, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

async function theirs(...lines: string[]): Promise<string[]> {
  const args = ['--user', 'cyrus', '--password', 'secret', '--auth', 'PLAIN', '--norc'];
  const port = String(server.port('imap'));
  const { output } = await run('cyradm', [...args, '--notls', '--port', port, '127.0.0.1'], {
    input: `${lines.join('\n')}\n`,
  });
  return said(output);
}

async function ours(...lines: string[]): Promise<{ readonly code: number | null; readonly said: string[] }> {
  const { code, output } = await run(
    process.execPath,
    [
      angarium,
      '--data',
      server.data,
      '-c',
      server.manifestFile,
      'cyradm',
      '-u',
      'cyrus',
      '-w',
      'secret',
      '--norc',
    ],
    { input: `${lines.join('\n')}\n`, env: { ...process.env, HOME: server.data } },
  );
  return { code, said: said(output) };
}

test("Cyrus's cyradm: create a user, list it, its quota root, its quota", {
  skip: without('cyradm'),
}, async () => {
  assert.deepEqual(await theirs('cm user.wcooley', 'lm'), ['user.wcooley (\\HasNoChildren)']);
  assert.deepEqual(await theirs('lqr user.wcooley', 'lq user.wcooley'), []);
  assert.deepEqual(await theirs('setquota user.wcooley 10240', 'lq user.wcooley', 'lqr user.wcooley'), [
    'quota:10240',
    ' STORAGE 0/10240 (0%)',
    'user.wcooley STORAGE 0/10240 (0%)',
  ]);
  assert.deepEqual(await theirs('cm user.wcooley.test', 'lqr user.wcooley.test', 'lm user.wcooley*'), [
    'user.wcooley STORAGE 0/10240 (0%)',
    'user.wcooley (\\HasChildren)         user.wcooley.test (\\HasNoChildren)',
  ]);
  assert.deepEqual(await theirs('sq user.wcooley none', 'lq user.wcooley'), ['remove quota', '  /']);
});

test("what else Cyrus's cyradm sends is answered", { skip: without('cyradm') }, async () => {
  const [exists, missing, xfer] = await theirs(
    'cm user.wcooley',
    'dm user.nobody',
    'xfer user.wcooley other.example',
    'reconstruct user.wcooley',
    'reconstruct -r user.wcooley',
    'sub user.wcooley',
    'unsub user.wcooley',
  );
  assert.match(exists!, /^createmailbox: .*Mailbox already exists$/);
  assert.match(missing!, /^deletemailbox: .*Mailbox does not exist$/);
  assert.match(xfer!, /^xfermailbox: .*Operation is not supported on mailbox$/);
  assert.match((await theirs('ver'))[0]!, /^name {7}: Angarium$/);
  assert.deepEqual(await theirs('sq user.nobody 5'), [
    'quota:5',
    'setquota: [NONEXISTENT] Mailbox does not exist',
  ]);
  assert.deepEqual(await theirs('cm shared', 'sq shared 100', 'lq shared', 'lm shared'), [
    'quota:100',
    ' STORAGE 0/100 (0%)',
    'shared (\\HasNoChildren)',
  ]);
});

test('ours says the same of the same server', { skip: without('cyradm') }, async () => {
  const lines = [
    'cm user.wcooley',
    'cm user.wcooley.a',
    'lm',
    'lm %',
    'setquota user.wcooley 10240',
    'lq user.wcooley',
    'lqr user.wcooley.a',
    'sq user.wcooley STORAGE abc',
    'sub user.wcooley.a',
    'lm -subscribed',
    'ver',
    'server',
    'dm user.wcooley.a',
    'cm',
    'disc',
    'lm',
  ];
  const theirLines = await theirs(...lines.slice(0, 1), 'dm user.wcooley.a', ...lines.slice(1));
  await ours('dm user.wcooley.a', 'unsub user.wcooley.a');
  const our = await ours(...lines.slice(0, 1), 'dm user.wcooley.a', ...lines.slice(1));
  // Cyrus's shows the response code, which is no part of what a person is told.
  const plain = theirLines.map((line) => line.replace(/\[[A-Z]+\] /, ''));
  assert.deepEqual([...our.said].sort(), plain.sort());
  assert.equal(our.code, 1, 'some of it failed');
});

test('ours finds the server of the data folder, uses TLS, and takes scripts, redirections and exit', async () => {
  await ours('cm user.wcooley');
  const file = join(server.data, 'listing');
  const { code } = await ours(`lm user.wcooley > ${file}`, 'exit 3', 'cm user.never');
  assert.equal(code, 3);
  assert.match(readFileSync(file, 'utf8'), /^user\.wcooley /);
  const command = (...args: string[]) =>
    run(process.execPath, [angarium, '--data', server.data, '-c', server.manifestFile, 'cyradm', ...args]);
  const passwordFile = join(server.data, 'password');
  writeFileSync(passwordFile, 'secret\n');
  const who = ['-u', 'cyrus', '--password-file', passwordFile, '--norc'];
  const implicit = await command(
    ...who,
    '--imaps',
    '--port',
    String(server.port('imap', 1)),
    '-c',
    'lqr user.wcooley; server',
    '127.0.0.1',
  );
  assert.deepEqual([implicit.code, said(implicit.output).at(-1)], [0, '127.0.0.1'], implicit.output);
  const untrusted = await command(...who, '--cafile', join(root, 'package.json'), '-c', 'lm');
  assert.equal(untrusted.code, 1, 'a CA that did not sign it');
  const wrong = await command('-u', 'cyrus', '-w', 'wrong', '-c', 'lm', '--norc');
  assert.equal(wrong.code, 1);
  assert.match(wrong.output, /authentication to server 127\.0\.0\.1 failed/);
  const nobody = await command('-u', 'cyrus', '-c', 'lm', '--norc');
  assert.equal(nobody.code, 1);
  assert.match(nobody.output, /stdin is not a terminal/);
});
