import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPasswdAndShadow, readPasswdFile, type UserId } from '@angarium/sdk';
import fc from 'fast-check';
import { type SetUpOptions, setUp } from '../set-up.test.support.js';
import { readCsv } from './csv.js';
import type { ImportReport } from './import-accounts.js';

const sha512 = '$6$x$mQUKLCQR1S846TztirS7Ejo4KyTtZWzcyuF2/43jqoJTDZXRb8L.bXBNxX9GCZhKdADbfqEnGZyv89igC73DL/';
const scram =
  '{SCRAM-SHA-256}4096,EpijDX98CFjXsjyGIDh65w==,3L/TLNailbKyNXWHlRp32QVwXwK8s9VV3mpylUkqxM8=,ift/UMLoH+vs+wthWZ6KT4O4DPzLAHflCxbzBIRC0h0=';

async function importing(texts: Record<string, string>, options = {}, setUpOptions: SetUpOptions = {}) {
  const it = await setUp(setUpOptions);
  const path = (name: string) => join(it.kernel.dataDir, name);
  for (const [name, text] of Object.entries(texts)) writeFileSync(path(name), text);
  const run = async (more = {}) => {
    const shadow = 'shadow' in texts ? { shadow: path('shadow') } : {};
    const { result, text } = await it.run('users import', [path('file')], { ...shadow, ...options, ...more });
    return { ...(result as ImportReport), text };
  };
  return { ...it, runImport: run };
}

test("Dovecot's passwd-file: hashes are taken, and hashed anew at the first login", async () => {
  const file = [
    '# comment',
    `fred:${sha512}:1000:1000:Fred Flintstone,,,:/home/fred:/bin/sh:quota=1`,
    'wilma@example.org:{SSHA}NjAx8p+wNxhoZPOde5EN5Hm+H9l2j77J::::::',
    `betty:${scram}`,
    'barney:{PLAIN}secret::::::nologin',
    'pebbles:{NTLM}abc',
    'a/b:{SHA}x',
    'nonsense',
    '',
  ].join('\n');
  await using it = await importing({ file });
  const report = await it.runImport();
  assert.deepEqual([report.added, report.updated], [5, 0]);
  assert.deepEqual(report.problems.map(({ line, name }) => `${line} ${name}`).sort(), [
    '6 pebbles',
    '7 a/b',
    '8 nonsense',
  ]);
  const accounts = await it.run('users list', []);
  assert.match(
    accounts.text,
    /barney {2}disabled\nbetty\nfred {2}Fred Flintstone\npebbles\nwilma@example\.org/,
  );
  for (const user of ['fred', 'wilma@example.org', 'betty', 'barney']) {
    assert.equal(await it.verify(user, 'wrong'), 'wrong', user);
    assert.equal(await it.verify(user, 'secret'), 'right', user);
    assert.equal(await it.verify(user, 'secret'), 'right', user);
  }
  assert.equal(await it.verify('pebbles', 'secret'), 'wrong');
  assert.match((await it.source.explain?.('pebbles' as UserId, 'wrong')) ?? '', /no password is set/);
  assert.equal(await it.source.explain?.('betty' as UserId, 'wrong'), undefined);
  // SCRAM works after the login alone where only a hash was known.
  while ((await it.source.scramKeys?.('fred' as UserId, 'SHA-256')) === undefined)
    await new Promise(setImmediate);
  assert.equal(await it.verify('fred', 'secret'), 'right');
});

test('many plain passwords do not overrun the queue of hashes', async () => {
  const file = Array.from({ length: 30 }, (_, n) => `user${n}:{PLAIN}secret${n}`).join('\n');
  await using it = await importing({ file }, {}, { config: { maxWaitingHashes: 0 } });
  const report = await it.runImport();
  assert.deepEqual([report.added, report.problems], [30, []]);
  assert.equal(await it.verify('user29', 'secret29'), 'right');
});

test('SCRAM keys work before the first login', async () => {
  await using it = await importing({ file: `betty:${scram}\n` });
  await it.runImport();
  assert.equal((await it.source.scramKeys?.('betty' as UserId, 'SHA-256'))?.iterations, 4096);
  assert.equal(await it.source.scramKeys?.('betty' as UserId, 'SHA-1'), undefined);
});

test('without the schemes plugin imported hashes cannot be checked, and that is said', async () => {
  await using it = await importing({ file: `fred:${sha512}\n` });
  await it.runImport();
  await using bare = await setUp({ dataDir: it.kernel.dataDir, plugins: [] });
  await assert.rejects(bare.verify('fred', 'secret'), { code: 'UNAVAILABLE' });
  assert.match((await bare.source.explain?.('fred' as UserId, 'wrong')) ?? '', /no enabled plugin knows/);
});

test('existing accounts are left alone, or changed with --update; --dry-run writes nothing', async () => {
  await using it = await importing({ file: `fred:${sha512}::::Fred\n` });
  await it.managed.create('fred' as UserId, { password: 'old', groups: ['staff'] });
  const dry = await it.runImport({ update: true, dryRun: true });
  assert.deepEqual([dry.added, dry.updated], [0, 1]);
  assert.equal(await it.verify('fred', 'old'), 'right');
  const refused = await it.runImport();
  assert.match(refused.text, /line 1, fred: the account exists already\nadded 0, changed 0, problems 1/);
  assert.equal((await it.runImport({ update: true })).updated, 1);
  assert.equal(await it.verify('fred', 'old'), 'wrong');
  assert.equal(await it.verify('fred', 'secret'), 'right');
  assert.equal((await it.run('users groups', ['fred'])).text, 'fred: staff');
});

test('/etc/passwd with shadow: people, locked ones, and no system accounts', () => {
  const passwd =
    'root:x:0:0:root:/root:/bin/sh\nfred:x:1000:1000:Fred,,,:/:/\nwilma:x:1001:1001::/:/\nbetty:x:1002::::\nnobody:x:65534:::';
  const shadow = `root:${sha512}:1:\nfred:${sha512}:19000:0:99999:7:::\nwilma:!${sha512}:1::\nbetty:*:1::\n`;
  const { accounts, problems } = readPasswdAndShadow(passwd, shadow);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    accounts.map(({ name, encoded, isDisabled, displayName }) => [name, encoded, isDisabled, displayName]),
    [
      ['fred', sha512, false, 'Fred'],
      ['wilma', sha512, true, undefined],
      ['betty', undefined, false, undefined],
    ],
  );
});

test('an empty password field lets nobody in', () => {
  assert.deepEqual(readPasswdFile('fred::1000').accounts[0]?.encoded, undefined);
});

test('CSV: columns in any order, quotes, plain passwords and hashes', async () => {
  const file =
    '\ufeffname,User,password,groups,disabled\r\n"Flintstone, ""Fred""",fred,"pass,word","staff; quarry",no\r\nW,wilma,{SSHA}NjAx8p+wNxhoZPOde5EN5Hm+H9l2j77J,,yes\nx,y\n';
  await using it = await importing({ file });
  const report = await it.runImport();
  assert.deepEqual([report.added, report.problems.map(({ line }) => line)], [2, [4]]);
  assert.match(
    (await it.run('users list', [])).text,
    /fred {2}Flintstone, "Fred" {2}groups: staff, quarry\nwilma {2}W {2}disabled/,
  );
  assert.equal(await it.verify('fred', 'pass,word'), 'right');
  assert.equal(await it.verify('wilma', 'secret'), 'right');
});

test('files that are none of these are refused', async () => {
  await using it = await importing({ file: 'hello world\n' });
  await assert.rejects(it.runImport(), /neither/);
  await assert.rejects(it.runImport({ format: 'xml' }), { exitStatus: 2 });
  await assert.rejects(it.runImport({ format: 'passwd' }), { exitStatus: 2 });
  await assert.rejects(it.run('users import', ['/nowhere']), /cannot be read/);
  assert.equal(readCsv('a,b\n1,2\n').problems.length, 1);
});

test('no text whatever breaks the readers, and a table comes back as it was written', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      readCsv(`user,password\n${text}`);
      readPasswdFile(text);
      readPasswdAndShadow(text, text);
    }),
  );
  const cell = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => `x${text}x`);
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 }), (rows) => {
      const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
      const text = ['user,name', ...rows.map((row) => row.map(quote).join(','))].join('\r\n');
      assert.deepEqual(
        readCsv(text).accounts.map(({ name, displayName }) => [name, displayName]),
        rows,
      );
    }),
  );
});
