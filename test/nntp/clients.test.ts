import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, without } from '../support/tools.js';
import { article, NewsClient, newsServer, reader } from './support.js';

const everything = {
  workers: '1',
  'plugins.accounts-local.plainSecrets': 'true',
  'plugins.sasl-digest-md5': '{"realm":"example.org"}',
  'plugins.authentication.failedLoginPause': '50',
};

// SASL is in auth/matrix.test.ts.
test("Cyrus's nntptest logs in with AUTHINFO USER, and with TLS", {
  skip: without('nntptest'),
}, async () => {
  await using server = await newsServer({ set: everything });
  const speak = async (args: readonly string[], password = 'secret') => {
    const { output } = await run(
      'nntptest',
      ['-p', String(server.port('nntp')), ...args, '-a', 'fred', '-u', 'fred', '-w', password, 'localhost'],
      { input: 'QUIT\r\n' },
    );
    return output;
  };
  const output = await speak(['-m', 'user']);
  assert.match(output, /^Authenticated\.$/m, output);
  const refused = await speak(['-m', 'user'], 'wrong');
  assert.match(refused, /^S: 481 /m, refused);
  const secured = await speak(['-t', '']);
  assert.match(secured, /^S: 382 /m, secured);
  assert.match(secured, /^Authenticated\.$/m, secured);
});

test('NNTPS, and STARTTLS which forgets what was said before it', async () => {
  await using server = await newsServer({ set: { workers: '1' } });
  const ports = server.ports()['nntp']!;
  const secured = await NewsClient.connectTls<NewsClient>(ports[1]!.port!);
  await secured.expect(/^200 /);
  assert.ok(!(await secured.list('CAPABILITIES')).includes('STARTTLS'));
  assert.match(await secured.command('STARTTLS'), /^502 /);
  const client = await NewsClient.connect<NewsClient>(ports[0]!.port!);
  await client.expect(/^200 /);
  assert.ok((await client.list('CAPABILITIES')).includes('STARTTLS'));
  assert.match(await client.command('AUTHINFO USER fred'), /^381 /);
  assert.match(await client.command('STARTTLS'), /^382 /);
  await client.startTls();
  assert.match(await client.command('AUTHINFO PASS secret'), /^482 /);
  await client.login('fred', 'secret');
  assert.match(await client.command('GROUP misc.test'), /^211 0 /);
});

test('slrnpull fetches and posts', { skip: without('slrnpull') }, async () => {
  await using server = await newsServer({ set: { workers: '1' } });
  const client = await reader(server);
  for (const n of [1, 2]) {
    assert.match(await client.offer(`IHAVE <${n}@x>`, article(`<${n}@x>`, 'misc.test,comp.test')), /^235 /);
  }
  const spool = join(server.data, 'slrnpull');
  mkdirSync(join(spool, 'out.going'), { recursive: true });
  writeFileSync(join(spool, 'slrnpull.conf'), 'default 100 14\nmisc.test\ncomp.test\n');
  writeFileSync(join(spool, 'authinfo'), 'fred\nsecret\n');
  writeFileSync(
    join(spool, 'out.going', 'X1'),
    'From: fred@example.org\nSubject: by slrnpull\nNewsgroups: comp.test\nMessage-ID: <pull@x>\n\nhello\n',
  );
  const { output } = await run('slrnpull', ['-d', spool, '-h', `127.0.0.1:${server.port('nntp')}`]);
  assert.equal(await client.command('STAT <pull@x>'), '223 0 <pull@x>', output);
  const text = readFileSync(join(spool, 'news', 'misc', 'test', '2'), 'latin1');
  assert.match(text, /^Subject: <2@x>$/m, output);
  assert.match(text, /^Xref: \S+ .*comp\.test:2/m);
});

test('suck fetches', { skip: without('suck') }, async () => {
  await using server = await newsServer({ set: { workers: '1' } });
  const client = await reader(server);
  for (const n of [1, 2, 3]) assert.match(await client.offer(`IHAVE <${n}@x>`, article(`<${n}@x>`)), /^235 /);
  const folder = join(server.data, 'suck');
  mkdirSync(join(folder, 'msgs'), { recursive: true });
  writeFileSync(join(folder, 'sucknewsrc'), 'misc.test 1\n');
  const { output } = await run('suck', [
    ...['127.0.0.1', '-N', String(server.port('nntp')), '-U', 'fred', '-P', 'secret', '-m', '-H'],
    ...['-dd', folder, '-dt', folder, '-dm', join(folder, 'msgs')],
  ]);
  assert.equal(readdirSync(join(folder, 'msgs')).length, 2, output);
});
