/** Programs that people have: Cyrus's sivtest and sieveshell, sieve-connect, Python's sievelib. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TestServer } from '../support/server.js';
import { run } from '../support/tools.js';
import { ourShell, password, skipWithout, startServer, withoutSieve, writeScripts } from './support.js';

let server: TestServer;

before(async () => {
  if (withoutSieve !== false) return;
  server = await startServer();
  writeScripts(server, {
    'a.script': 'keep;\r\n',
    bad: 'keep;\r\nnonsense "x";\r\n',
    x: 'require "fileinto"; fileinto "INBOX.x";\r\n',
    big: `keep;\r\n${'# filled up\r\n'.repeat(2000)}`,
  });
});
after(() => server?.[Symbol.asyncDispose]());

interface Login {
  readonly mechanism: string;
  readonly user?: string;
  readonly authzid?: string;
  readonly password?: string;
  readonly tls?: boolean;
}

async function sivtest({ mechanism, user = 'fred', authzid = user, tls = false, ...login }: Login) {
  const args = ['-p', String(server.port('sieve')), '-m', mechanism, ...(tls ? ['-t', ''] : [])];
  const who = ['-a', user, '-u', authzid, '-w', login.password ?? password];
  const input = 'CAPABILITY\r\nLISTSCRIPTS\r\nLOGOUT\r\n';
  return (await run('sivtest', [...args, ...who, 'localhost'], { input })).output;
}

test("Cyrus's sivtest logs in with each mechanism it knows, with TLS and without", {
  skip: skipWithout('sivtest'),
}, async () => {
  for (const mechanism of ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
    for (const tls of [false, true]) {
      const output = await sivtest({ mechanism, tls });
      assert.match(output, /^Authenticated\.$/m, `${mechanism}\n${output}`);
      assert.match(output, /^"OWNER" "fred"\r?$/m, `${mechanism}\n${output}`);
      assert.match(output, /^OK "Logout completed"\r?$/m, `${mechanism}\n${output}`);
    }
    const refused = await sivtest({ mechanism, password: 'wrong' });
    assert.match(refused, /^Authentication failed\./m, `${mechanism}\n${refused}`);
  }
  const acting = await sivtest({ mechanism: 'SCRAM-SHA-256', user: 'admin', authzid: 'wilma' });
  assert.match(acting, /^"OWNER" "wilma"\r?$/m, acting);
  const overreaching = await sivtest({ mechanism: 'PLAIN', user: 'fred', authzid: 'wilma' });
  assert.match(overreaching, /NO "Authorization failed"/);
});

test('DIGEST-MD5, whose last message comes with OK', { skip: skipWithout('sivtest') }, async () => {
  const output = await sivtest({ mechanism: 'DIGEST-MD5' });
  assert.match(output, /^S: OK \(SASL "[A-Za-z0-9+/=]+"\)/m, output);
  assert.match(output, /^Authenticated\.$/m, output);
});

const walk = [
  'list',
  'put a.script',
  'put bad',
  'put x',
  'put x y',
  'list',
  'activate x',
  'list',
  'get x',
  'get nobody',
  'get a.script copy',
  'delete x',
  'foo',
  'put',
  'deactivate',
  'delete x',
  'delete x',
  'activate nobody',
  'activate',
  'put big',
  'get big copy-of-big',
  'delete big',
  'delete y',
  'delete a.script',
  'list',
  'quit',
  'list',
];

/** Without what Cyrus's says before a reason, and its greeting. */
function lines(output: string): string[] {
  return output
    .split(/\r?\n/)
    .map((line) =>
      line.replace(/(failed: )(put script|Setting script active|Deleting script): /, '$1').trimEnd(),
    )
    .filter((line) => line !== '' && !line.startsWith('connecting to '));
}

test("Cyrus's sieveshell keeps scripts, and ours says the same line by line", {
  skip: skipWithout('sieveshell'),
}, async () => {
  const port = server.port('sieve');
  const args = ['-u', 'fred', '-a', 'fred', '-p', password, '-e', walk.join('\n'), `localhost:${port}`];
  const theirs = await run('sieveshell', args, { cwd: server.data });
  assert.match(theirs.output, /^x {2}<- active script$/m, theirs.output);
  assert.match(theirs.output, /^upload failed: .*line 2: /m, theirs.output);
  const octets = (name: string) => readFileSync(join(server.data, name), 'latin1');
  assert.deepEqual(['copy', 'copy-of-big'].map(octets), ['a.script', 'big'].map(octets), theirs.output);
  const ours = await ourShell(server, ['-u', 'fred', '-e', walk.join('\n'), `localhost:${port}`]);
  assert.deepEqual(lines(ours.output), lines(theirs.output));
  assert.deepEqual([ours.code, theirs.code], [1, 1], 'some of it failed');
});

async function sieveConnect(...args: string[]): Promise<string> {
  const port = String(server.port('sieve'));
  const all = ['--notlsverify', '-s', 'localhost', '-p', port, '-u', 'wilma', '--passwordfd', '3', ...args];
  const child = spawn('sieve-connect', all, { cwd: server.data, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  let output = '';
  const hear = (chunk: unknown) => (output += String(chunk));
  child.stdout!.on('data', hear);
  child.stderr!.on('data', hear);
  (child.stdio[3] as NodeJS.WritableStream).end(`${password}\n`);
  await new Promise((resolve) => child.once('close', resolve));
  return output;
}

test('sieve-connect uploads, checks, activates, downloads and deletes', {
  skip: skipWithout('sieve-connect'),
}, async () => {
  assert.equal(await sieveConnect('--list'), '');
  await sieveConnect('--upload', '--localsieve', 'a.script', '--remotesieve', 'mine');
  assert.match(await sieveConnect('--checkscript', '--localsieve', 'bad'), /line 2: /);
  await sieveConnect('--activate', '--remotesieve', 'mine');
  assert.equal(await sieveConnect('--list'), '"mine" ACTIVE\n');
  assert.equal(await sieveConnect('--download', '--remotesieve', 'mine', '--localsieve', '-'), 'keep;\r\n');
  assert.match(await sieveConnect('--delete', '--remotesieve', 'mine'), /active script cannot be deleted/);
  await sieveConnect('--deactivate');
  await sieveConnect('--delete', '--remotesieve', 'mine');
  assert.equal(await sieveConnect('--list'), '');
  assert.match(await sieveConnect('--authmech', 'PLAIN', '--debug', '--list'), /AUTHENTICATE "PLAIN"/);
});

const pythonWalk = `
import sys
from sievelib.managesieve import Client
for tls in (False, True):
    for mechanism in ('PLAIN', 'LOGIN'):
        c = Client('127.0.0.1', int(sys.argv[1]))
        print(c.connect('fred', 'secret', starttls=tls, authmech=mechanism), c.listscripts(), c.putscript('py', 'keep;\\r\\n'),
            c.setactive('py'), repr(c.getscript('py')), c.checkscript('nonsense;'), c.havespace('x', 10),
            c.renamescript('py', 'py2'), c.deletescript('py2'), c.setactive(''), c.deletescript('py2'))
        c.logout()
`;

test("Python's sievelib does each of its commands", { skip: skipWithout('python3') }, async (context) => {
  const { code, output } = await run('/usr/bin/python3', ['-c', pythonWalk, String(server.port('sieve'))]);
  if (output.includes('ModuleNotFoundError') && process.env['CI'] !== 'true')
    return context.skip('sievelib is not installed');
  assert.equal(code, 0, output);
  const line = "True (None, []) True True 'keep;' False True True False True True";
  assert.deepEqual(output.trimEnd().split('\n'), Array(4).fill(line));
});
