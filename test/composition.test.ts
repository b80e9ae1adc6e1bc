import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImapTestClient } from '@angarium/testing';
import { imapSession } from './support/imap.js';
import { root, TestServer } from './support/server.js';

const angarium = join(root, 'core', 'bin', 'angarium.mjs');

/** A manifest with these plugins on free ports. */
function manifest(...plugins: string[]): string {
  const lines = plugins.map((name) => {
    if (name === 'imap' || name === 'lmtp') return `  ${name}: { listen: [{ address: 127.0.0.1, port: 0 }] }`;
    return `  ${name}: {}`;
  });
  return `workers: 1\nplugins:\n${lines.join('\n')}\n`;
}

const base = ['store-sqlite', 'accounts-local', 'authentication', 'namespace'];

/** Before login, and after. */
async function capabilities(server: TestServer): Promise<string[]> {
  const client = await ImapTestClient.connect(server.port('imap'));
  await client.expect(/^\* OK/);
  const before = await client.ok('CAPABILITY');
  await client.ok('LOGIN fred secret');
  const after = await client.ok('CAPABILITY');
  await client.logout();
  return [...before.untagged, '|', ...after.untagged].join(' ').split(' ');
}

test('taking a plugin out of the manifest takes its capabilities away, and nothing else', async () => {
  await using full = await TestServer.start({
    users: { fred: 'secret' },
    manifest: manifest(...base, 'sasl-plain', 'sasl-login', 'quota', 'delivery', 'lmtp', 'imap'),
  });
  await using less = await TestServer.start({
    users: { fred: 'secret' },
    manifest: manifest(...base, 'sasl-plain', 'imap'),
  });
  const all = await capabilities(full);
  assert.ok(all.includes('AUTH=LOGIN') && all.includes('AUTH=PLAIN') && all.includes('MOVE'), all.join(' '));
  assert.ok(all.includes('QUOTA') && all.includes('QUOTASET') && all.includes('QUOTA=RES-STORAGE'));
  assert.deepEqual(
    await capabilities(less),
    all.filter((word) => word !== 'AUTH=LOGIN' && !word.startsWith('QUOTA')),
  );
  assert.deepEqual(Object.keys(full.ports()).sort(), ['imap', 'lmtp']);
  assert.deepEqual(Object.keys(less.ports()), ['imap']);
});

test('and its commands', async () => {
  const whole = new TestServer({ manifest: manifest(...base, 'imap') });
  assert.match(whole.command(['--help']), /users +list, add, change, passwd, remove/);
  assert.match(whole.command(['--help']), /mbexamine/);
  const without = new TestServer({ manifest: manifest('store-sqlite', 'authentication', 'namespace') });
  assert.doesNotMatch(without.command(['--help']), /users/);
  assert.match(without.command(['--help']), /mbexamine/);
  await whole[Symbol.asyncDispose]();
  await without[Symbol.asyncDispose]();
});

test('a plugin whose needs are not met stops the start, with all that is missing', () => {
  const server = new TestServer({ manifest: manifest('imap') });
  const { status, stdout } = spawnSync(process.execPath, [angarium, '-c', server.manifestFile, 'check'], {
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.match(stdout, /imap.*mail-store@1/);
  assert.match(stdout, /imap.*authentication@1/);
  assert.match(stdout, /imap.*namespace@1/);
});

test('a second server on the same data is refused, and says who is there', async () => {
  await using server = await TestServer.start({ users: { fred: 'secret' } });
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [angarium, '-c', server.manifestFile, '--data', server.data, '--set', 'workers=1', 'serve'],
    { encoding: 'utf8', timeout: 20_000 },
  );
  assert.equal(status, 1);
  assert.ok(`${stdout}${stderr}`.includes(String(server.pid)), `${stdout}${stderr}`);
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  await client.ok('NOOP');
  await client.logout();
});

test('a data folder that is a file is told in one sentence', () => {
  const server = new TestServer({ manifest: manifest(...base, 'imap') });
  const place = join(server.data, 'not-a-folder');
  mkdirSync(server.data, { recursive: true });
  writeFileSync(place, '');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [angarium, '-c', server.manifestFile, '--data', place, 'serve'],
    { encoding: 'utf8', timeout: 20_000 },
  );
  assert.equal(status, 1);
  assert.match(`${stdout}${stderr}`, /not-a-folder/);
  assert.doesNotMatch(`${stdout}${stderr}`, /at .*\.js:\d+/);
});
