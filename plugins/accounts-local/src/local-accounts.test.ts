import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import {
  ACCOUNTS,
  COMMANDS,
  type Command,
  type CommandContext,
  type Host,
  MANAGED_ACCOUNTS,
  PASSWORD_SOURCES,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel, temporaryFolder } from '@angarium/testing';
import Database from 'better-sqlite3';
import { AccountDatabase } from './account-database.js';
import { accounts, cheap } from './set-up.test.support.js';

const fred = 'fred' as UserId;
const peer = { service: 'imap', remoteAddress: '127.0.0.1' };

async function setUp(
  dataDir?: string,
  config: Record<string, unknown> = {},
  host: Partial<Host> = { role: 'command' },
) {
  const kernel = await createTestKernel({
    plugins: [accounts, { name: 'accounts-local', config: { ...cheap, ...config } }],
    host,
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  const managed = kernel.get(MANAGED_ACCOUNTS);
  const [source] = kernel.get(PASSWORD_SOURCES).items;
  const verify = (user: string, password: string) => source!.verify(user as UserId, password, peer);
  const command = (name: string) => kernel.get(COMMANDS).items.find((item: Command) => item.name === name)!;
  const run = async (
    name: string,
    args: string[],
    options: CommandContext['options'] = {},
    stdin = '',
    secrets: string[] = [],
  ) => {
    const context = {
      args,
      options,
      stdin: Readable.from([Buffer.from(stdin)]),
      isInteractive: secrets.length > 0,
      askSecret: async () => secrets.shift()!,
      signal: new AbortController().signal,
    } as unknown as CommandContext;
    const result = await command(name).run(context);
    return { result, text: command(name).text(result) };
  };
  return {
    kernel,
    managed,
    source: source!,
    verify,
    run,
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

test('accounts are made, found, changed and removed', async () => {
  await using it = await setUp();
  const made = await it.managed.create(fred, { password: 'secret', displayName: 'Fred', groups: ['staff'] });
  assert.deepEqual(made, {
    user: fred,
    displayName: 'Fred',
    groups: ['staff'],
    isDisabled: false,
    attributes: {},
  });
  assert.deepEqual(await it.kernel.get(ACCOUNTS).find(fred), made);
  await assert.rejects(it.managed.create(fred, {}), { code: 'ALREADYEXISTS' });
  assert.equal((await it.managed.change(fred, { isDisabled: true })).isDisabled, true);
  assert.equal((await it.managed.change(fred, { groups: [] })).displayName, 'Fred');
  await it.managed.remove(fred);
  assert.equal(await it.kernel.get(ACCOUNTS).find(fred), undefined);
  await assert.rejects(it.managed.remove(fred), { code: 'NONEXISTENT' });
  await assert.rejects(it.managed.setPassword(fred, 'x'), { code: 'NONEXISTENT' });
  await assert.rejects(it.managed.change(fred, {}), { code: 'NONEXISTENT' });
});

test('passwords: right, wrong, unknown; none set; empty', async () => {
  await using it = await setUp();
  await it.managed.create(fred, { password: 'secret' });
  await it.managed.create('wilma' as UserId, {});
  assert.equal(await it.verify('fred', 'secret'), 'right');
  assert.equal(await it.verify('fred', 'secret'), 'right');
  assert.equal(await it.verify('fred', 'Secret'), 'wrong');
  assert.equal(await it.verify('fred', ''), 'wrong');
  assert.equal(await it.verify('fred', `secret${'x'.repeat(100_000)}`), 'wrong');
  assert.equal(await it.verify('wilma', 'secret'), 'wrong');
  assert.equal(await it.verify('wilma', ''), 'wrong');
  assert.equal(await it.verify('nobody', 'secret'), 'unknown');
  await assert.rejects(it.managed.setPassword(fred, ''), { code: 'CANNOT' });
});

test('a changed password works at once in another process, and the old one no more', async () => {
  await using it = await setUp();
  await it.managed.create(fred, { password: 'old' });
  assert.equal(await it.verify('fred', 'old'), 'right');
  {
    await using other = await setUp(it.kernel.dataDir);
    await other.managed.setPassword(fred, 'new');
  }
  assert.equal(await it.verify('fred', 'old'), 'wrong');
  assert.equal(await it.verify('fred', 'new'), 'right');
});

test('a removed account that is made anew does not know the old password', async () => {
  await using it = await setUp();
  await it.managed.create(fred, { password: 'old' });
  assert.equal(await it.verify('fred', 'old'), 'right');
  await it.managed.remove(fred);
  assert.equal(await it.verify('fred', 'old'), 'unknown');
  await it.managed.create(fred, { password: 'new' });
  assert.equal(await it.verify('fred', 'old'), 'wrong');
});

test('a storm of one login costs one hash; too many different ones are told to come again', async () => {
  await using it = await setUp(undefined, { maxConcurrentHashes: 1, maxWaitingHashes: 2 });
  await it.managed.create(fred, { password: 'secret' });
  const same = await Promise.all(Array.from({ length: 1000 }, () => it.verify('fred', 'secret')));
  assert.ok(same.every((verdict) => verdict === 'right'));
  const different = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) => it.verify('fred', `guess ${i}`)),
  );
  const refused = different.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  assert.equal(refused.length, 7);
  assert.ok(refused.every(({ reason }) => reason.code === 'UNAVAILABLE'));
});

test('a login hashes the password anew when the parameters have changed', async () => {
  await using it = await setUp();
  await it.managed.create(fred, { password: 'secret' });
  const { dataDir } = it.kernel;
  const stored = () => {
    using database = new AccountDatabase(dataDir);
    return database.find(fred)!;
  };
  const before = stored();
  {
    await using other = await setUp(dataDir, { scrypt: { cost: 11 }, scram: ['SHA-512'] });
    assert.equal(await other.verify('fred', 'wrong'), 'wrong');
    assert.equal(stored().secret?.scrypt?.cost, 10);
    assert.equal(await other.verify('fred', 'secret'), 'right');
    while (stored().secret?.scrypt?.cost === 10) await new Promise(setImmediate);
    assert.equal(await other.verify('fred', 'secret'), 'right');
    assert.equal((await other.source.scramKeys?.(fred, 'SHA-512'))?.iterations, 4096);
    assert.equal(await other.source.scramKeys?.(fred, 'SHA-1'), undefined);
  }
  assert.equal(stored().version, before.version);
});

test('the first start makes an administrator, once, in one of many workers', async () => {
  using folder = temporaryFolder();
  const workers = await Promise.all(
    [1, 2, 3].map((workerId) => setUp(folder.path, {}, { role: 'server', workerId })),
  );
  const announced = workers.flatMap(({ kernel }) => kernel.host.announcements);
  assert.equal(announced.length, 1);
  const password = /password +(\S+)/.exec(announced[0]!)?.[1];
  assert.equal(await workers[0]!.verify('admin', password!), 'right');
  await workers[0]!.managed.remove('admin' as UserId);
  for (const worker of workers) await worker[Symbol.asyncDispose]();
  await using again = await setUp(folder.path, {}, { role: 'server' });
  assert.deepEqual(again.kernel.host.announcements, []);
  assert.equal(statSync(join(folder.path, 'accounts', 'accounts.db')).mode & 0o777, 0o600);
});

test('no administrator is made where there are accounts, nor by a command', async () => {
  await using it = await setUp();
  await it.managed.create(fred, {});
  assert.deepEqual(it.kernel.host.announcements, []);
  await using server = await setUp(it.kernel.dataDir, {}, { role: 'server' });
  assert.deepEqual(server.kernel.host.announcements, []);
});

test('the commands', async () => {
  await using it = await setUp();
  assert.equal((await it.run('users list', [])).text, 'no accounts');
  const options = { passwordStdin: true, name: 'Fred F', groups: 'staff,bowling' };
  assert.equal((await it.run('users add', ['Fred'], options, 'se cret\r\nmore')).text, 'added fred');
  assert.equal(await it.verify('fred', 'se cret'), 'right');
  await it.run('users add', ['wilma'], {}, '', ['pebbles', 'pebbles']);
  assert.equal(await it.verify('wilma', 'pebbles'), 'right');
  await it.run('users passwd', ['wilma'], { passwordStdin: true }, 'bambam');
  assert.equal(await it.verify('wilma', 'bambam'), 'right');
  await it.run('users change', ['wilma'], { disable: true });
  assert.equal(
    (await it.run('users list', [])).text,
    'fred  Fred F  groups: staff, bowling\nwilma  disabled',
  );
  assert.equal((await it.run('users remove', ['wilma'])).text, 'removed wilma');
});

test('what the commands refuse', async () => {
  await using it = await setUp();
  await assert.rejects(it.run('users add', ['fred']), { name: 'CommandError', exitStatus: 2 });
  await assert.rejects(it.run('users add', ['fred'], { passwordStdin: true }, '\n'), /empty/);
  await assert.rejects(it.run('users add', ['fred'], {}, '', ['a', 'b']), /differ/);
  await assert.rejects(
    it.run('users add', ['fred'], { passwordStdin: true }, 'x'.repeat(10_000)),
    /too long/,
  );
  await assert.rejects(it.run('users add', ['fr/ed'], { passwordStdin: true }, 'x'), { code: 'CANNOT' });
  await assert.rejects(it.run('users change', ['fred']), { exitStatus: 2 });
  await assert.rejects(it.run('users passwd', ['fred'], { passwordStdin: true }, 'x'), {
    code: 'NONEXISTENT',
  });
});

test('a page after another, by domain', async () => {
  await using it = await setUp();
  for (const user of ['a', 'b', 'c@example.net', 'd@example.net', 'e'])
    await it.managed.create(user as UserId, {});
  const list = it.kernel.get(ACCOUNTS).list.bind(it.kernel.get(ACCOUNTS));
  assert.deepEqual(
    (await list({ limit: 2, after: 'a' as UserId })).map(({ user }) => user),
    ['b', 'c@example.net'],
  );
  assert.deepEqual(
    (await list({ limit: 9, domain: 'example.net' })).map(({ user }) => user),
    ['c@example.net', 'd@example.net'],
  );
});

test('a file of a newer layout is left alone', () => {
  using folder = temporaryFolder();
  const database = new AccountDatabase(folder.path);
  database[Symbol.dispose]();
  const file = new Database(join(folder.path, 'accounts', 'accounts.db'));
  file.pragma('user_version = 4');
  file.close();
  assert.throws(() => new AccountDatabase(folder.path), /newer Angarium \(layout 4\)/);
});

test('files of older layouts are upgraded, and keep their accounts', async () => {
  for (const layout of [1, 2]) {
    using folder = temporaryFolder();
    {
      await using it = await setUp(folder.path);
      await it.managed.create(fred, { password: 'secret' });
    }
    const path = join(folder.path, 'accounts', 'accounts.db');
    const older = new Database(path);
    if (layout === 2) {
      older.exec(
        `CREATE TABLE app_password (user TEXT); INSERT INTO server_key VALUES ('app-passwords', x'00')`,
      );
    }
    older.pragma(`user_version = ${layout}`);
    older.close();
    {
      await using again = await setUp(folder.path);
      assert.equal(await again.verify('fred', 'secret'), 'right');
    }
    const upgraded = new Database(path, { readonly: true });
    assert.equal(upgraded.pragma('user_version', { simple: true }), 3);
    assert.equal(
      upgraded.prepare(`SELECT count(*) FROM sqlite_schema WHERE name = 'app_password'`).pluck().get(),
      0,
    );
    assert.equal(upgraded.prepare('SELECT count(*) FROM server_key').pluck().get(), 1);
    upgraded.close();
  }
});
