import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  mayTellPassword,
  openDoors,
  ownServer,
  parseServer,
  passwordFromFile,
  portOption,
  remoteSecurity,
  remoteTls,
} from './index.js';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'remote-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

function runDir(t: TestContext, ports: string): string {
  const path = folder(t);
  writeFileSync(join(path, 'ports.json'), ports);
  return path;
}

test('servers are written in four ways', () => {
  assert.deepEqual(parseServer('mail.example.org', 143), { host: 'mail.example.org', port: 143 });
  assert.deepEqual(parseServer('127.0.0.1:1143', 143), { host: '127.0.0.1', port: 1143 });
  assert.deepEqual(parseServer('[::1]:1143', 143), { host: '::1', port: 1143 });
  assert.deepEqual(parseServer('::1', 143), { host: '::1', port: 143 });
  for (const text of ['', ':143', 'host:', 'host:port', 'a:b:c', '[]:1'])
    assert.equal(parseServer(text, 143), undefined, text);
});

test('the own server: a plain port before one with TLS, every address by one that can be reached', async (t) => {
  const plain = { address: '0.0.0.0', port: 1143 };
  const tls = { address: '::', port: 1993, tls: 'implicit' };
  const path = { path: 'imap.sock' };
  const dir = runDir(t, JSON.stringify({ imap: [path, tls, plain], sieve: [tls], lmtp: [path] }));
  assert.deepEqual(await ownServer(dir, 'imap'), { host: '127.0.0.1', port: 1143, isImplicit: false });
  assert.deepEqual(await ownServer(dir, 'sieve'), { host: '::1', port: 1993, isImplicit: true });
  assert.equal(await ownServer(dir, 'lmtp'), undefined);
  assert.deepEqual(await openDoors(dir, 'lmtp'), [path]);
  assert.deepEqual(await openDoors(dir, 'pop3'), []);
});

test('no server runs where nothing says so', async (t) => {
  assert.equal(await ownServer(folder(t), 'imap'), undefined);
  assert.equal(await ownServer(runDir(t, '{"imap": ['), 'imap'), undefined);
});

test('a certificate is not verified on this machine, nor when nobody wants it, but always by a CA that is named', (t) => {
  const caFile = join(folder(t), 'ca.pem');
  writeFileSync(caFile, 'PEM');
  const tlsOf = (host: string, options: Record<string, string | boolean> = {}) =>
    remoteTls(host, remoteSecurity(options));
  assert.deepEqual(tlsOf('mail.example.org'), { rejectUnauthorized: true, servername: 'mail.example.org' });
  assert.deepEqual(tlsOf('192.0.2.1'), { rejectUnauthorized: true });
  assert.deepEqual(tlsOf('192.0.2.1', { insecure: true }), { rejectUnauthorized: false });
  for (const host of ['127.0.0.2', '::1']) assert.deepEqual(tlsOf(host), { rejectUnauthorized: false });
  const named = { rejectUnauthorized: true, ca: 'PEM', servername: 'localhost' };
  assert.deepEqual(tlsOf('localhost', { cafile: caFile, insecure: true }), named);
  assert.equal(tlsOf('127.evil.example').rejectUnauthorized, true);
});

test('a password goes in the clear only to this machine, or where the operator says so', () => {
  const may = (host: string, isSecure: boolean, notls = false) =>
    mayTellPassword({ host, isSecure }, remoteSecurity({ notls }));
  assert.equal(may('mail.example.org', false), false);
  assert.equal(may('127.evil.example', false), false);
  assert.equal(may('mail.example.org', true), true);
  assert.equal(may('mail.example.org', false, true), true);
  assert.equal(may('localhost', false), true);
});

test('what options say', async (t) => {
  const passwordFile = join(folder(t), 'password');
  writeFileSync(passwordFile, 'two words \r\nnot this\n');
  assert.equal(await passwordFromFile({ passwordFile }), 'two words ');
  assert.equal(await passwordFromFile({}), undefined);
  assert.equal(portOption('143'), 143);
  assert.equal(portOption(undefined), undefined);
  assert.throws(() => portOption('imap'), { name: 'CommandError', exitStatus: 2 });
});
