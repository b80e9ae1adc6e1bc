/** `angarium sieveshell` as operators call it, and what else of the command line meets ManageSieve. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root, type TestServer } from '../support/server.js';
import { ourShell, startServer, withoutSieve, writeScripts } from './support.js';

const skip = withoutSieve;
let server: TestServer;

before(async () => {
  if (skip !== false) return;
  server = await startServer();
  writeScripts(server, {
    'a.sieve': 'keep;\r\n',
    commands: 'put a.sieve "of fred"\nactivate "of fred"; list\n',
  });
});
after(() => server?.[Symbol.asyncDispose]());

test('it finds the server of the data folder; an administrator keeps the scripts of others', {
  skip,
}, async () => {
  const admin = await ourShell(server, ['-a', 'admin', '-u', 'fred', '-f', 'commands']);
  assert.deepEqual([admin.output.trimEnd(), admin.code], ['of fred  <- active script', 0]);
  const fred = await ourShell(server, ['-u', 'fred'], 'list\nget "of fred"\nexit\nlist\n');
  assert.deepEqual([fred.output, fred.code], ['of fred  <- active script\nkeep;\r\n', 0]);
  const nosy = await ourShell(server, ['-a', 'wilma', '-u', 'fred', '-e', 'list']);
  assert.deepEqual([/Authorization failed/.test(nosy.output), nosy.code], [true, 1], nosy.output);
});

test('each mechanism, with STARTTLS, without, and with TLS from the beginning', { skip }, async () => {
  const implicit = ['--tls', '-p', String(server.port('sieve', 1)), '127.0.0.1'];
  const ways: [string, string[]][] = [
    ['SCRAM-SHA-512', []],
    ['SCRAM-SHA-256', ['--notls']],
    ['SCRAM-SHA-1', implicit],
    ['PLAIN', []],
    ['LOGIN', ['--notls']],
  ];
  for (const [mechanism, how] of ways) {
    const { output, code } = await ourShell(server, ['-u', 'wilma', '-m', mechanism, ...how, '-e', 'list']);
    assert.deepEqual([output, code], ['', 0], mechanism);
  }
});

test('what is wrong is told, with the exit status', { skip }, async () => {
  const cases: [string[], RegExp, number][] = [
    [['-u', 'nobody', '-e', 'list'], /authentication failed: Authentication failed/, 1],
    [['-u', 'fred', '-m', 'FOO', '-e', 'list'], /mechanism FOO is not known here/, 1],
    [['-u', 'fred', '--cafile', join(root, 'package.json'), '-e', 'list'], /unable to connect/, 1],
    [['-u', 'fred', '-p', '1', 'localhost'], /unable to connect to server localhost/, 1],
    [['-u', 'fred', '-e', 'get nothing'], /get failed: /, 1],
    [['-u', 'fred', '-e', 'put no-such-file'], /upload failed: ENOENT/, 1],
    [['-u', 'fred', '-e', 'delete "x'], /a quote does not end/, 1],
    [['-u', 'fred', '-e', 'list', '-f', 'x'], /exclude each other/, 2],
    [['-u', 'fred', '-p', 'x', '-e', 'list'], /not a port: x/, 2],
  ];
  for (const [args, expected, status] of cases) {
    const { output, code } = await ourShell(server, args);
    assert.match(output, expected);
    assert.equal(code, status, output);
  }
});

test('`angarium auth test` explains logins of the service sieve', { skip }, () => {
  const told = server.command(['auth', 'test', 'fred', '--service', 'sieve', '--password-stdin'], 'secret\n');
  assert.match(told, /^fred, service sieve, /);
  assert.match(told, /WORKS: the login works/);
});

test('the log tells of logins with the service', { skip }, async () => {
  await ourShell(server, ['-u', 'fred', '-e', 'list']);
  assert.match(server.output, /"service":"sieve"/);
  assert.ok(Array.isArray(JSON.parse(readFileSync(join(server.data, 'run', 'ports.json'), 'utf8')).sieve));
});
