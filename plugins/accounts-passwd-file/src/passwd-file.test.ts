import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  ACCOUNT_SOURCES,
  ACCOUNTS,
  type Account,
  type Accounts,
  definePlugin,
  injectable,
  MailError,
  PASSWORD_SCHEMES,
  PASSWORD_SOURCES,
  provide,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel, ManualClock, temporaryFolder } from '@angarium/testing';
import { readGroups } from './people.js';

@injectable()
class FakeAccounts implements Accounts {
  normalise(text: string): UserId {
    if (text.includes('/')) throw new MailError('CANNOT', 'no name');
    return text.toLowerCase() as UserId;
  }
  async find(): Promise<Account | undefined> {
    return undefined;
  }
  async list(): Promise<readonly Account[]> {
    return [];
  }
}

const accounts = {
  name: 'test-accounts',
  manifest: { provides: ['accounts@1'] },
  definition: definePlugin({ provides: [provide(ACCOUNTS, FakeAccounts)] }),
};

/** sha512-crypt of `secret`. */
const hash = '$6$x$mQUKLCQR1S846TztirS7Ejo4KyTtZWzcyuF2/43jqoJTDZXRb8L.bXBNxX9GCZhKdADbfqEnGZyv89igC73DL/';

async function setUp(files: Readonly<Record<string, string>>, config: Record<string, unknown> = {}) {
  const folder = temporaryFolder();
  const write = (name: string, text: string) => {
    const path = join(folder.path, name);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  const clock = new ManualClock();
  const kernel = await createTestKernel({
    plugins: [
      accounts,
      { name: 'password-schemes', config: { plain: true } },
      { name: 'accounts-passwd-file', config: { file: 'users', ...config } },
    ],
    dataDir: folder.path,
    clock,
  });
  const [source] = kernel.get(ACCOUNT_SOURCES).items;
  const [passwords] = kernel.get(PASSWORD_SOURCES).items;
  const context = { service: 'imap', remoteAddress: '192.0.2.1' };
  return {
    folder,
    write,
    clock,
    log: kernel.log,
    schemes: kernel.get(PASSWORD_SCHEMES),
    find: (user: string) => source!.find(user as UserId),
    list: (limit: number) => source!.list!({ limit }),
    verify: (user: string, password: string) => passwords!.verify(user as UserId, password, context),
    async [Symbol.asyncDispose]() {
      await kernel[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

const users = `# people\nfred:${hash}:1:1:Fred Flintstone,Bedrock::\nwilma:{PLAIN}pebbles::::::nologin\nbarney:{PLAIN}x\nbarney:{PLAIN}y\nno/name:x\nbroken\nlocked:!${hash}\nempty:\n`;

test("Dovecot's passwd-file", async () => {
  await using it = await setUp({ users });
  assert.deepEqual(await it.find('fred'), {
    user: 'fred',
    displayName: 'Fred Flintstone',
    groups: [],
    isDisabled: false,
    attributes: {},
  });
  assert.equal((await it.find('wilma'))?.isDisabled, true);
  assert.equal((await it.find('locked'))?.isDisabled, true);
  assert.equal(await it.find('no/name'), undefined);
  assert.equal(await it.verify('fred', 'secret'), 'right');
  assert.equal(await it.verify('fred', 'Secret'), 'wrong');
  assert.equal(await it.verify('barney', 'x'), 'right');
  assert.equal(await it.verify('barney', 'y'), 'wrong');
  assert.equal(await it.verify('empty', ''), 'unknown');
  assert.equal(await it.verify('nobody', 'x'), 'unknown');
  assert.deepEqual(
    (await it.list(2)).map(({ user }) => user),
    ['barney', 'empty'],
  );
  const [warning] = it.log.lines.filter(({ level }) => level === 'warn');
  assert.deepEqual(warning?.fields['problems'], [
    'line 7: not user:password:…',
    'line 5: barney stands above already',
    'line 6: no/name can be no user id',
  ]);
});

test('a user who is not there costs a hash like another', async () => {
  await using it = await setUp({ users: `fred:${hash}\n` });
  const checked: string[] = [];
  it.schemes.verifyNothing = async (password) => void checked.push(password);
  assert.equal(await it.verify('fred', 'wrong'), 'wrong');
  assert.equal(await it.verify('nobody', 'guess'), 'unknown');
  assert.deepEqual(checked, ['guess']);
});

test('changes are seen within a second', async () => {
  await using it = await setUp({ users });
  assert.equal(await it.find('betty'), undefined);
  it.write('users', 'betty:{PLAIN}rubble\n');
  assert.equal(await it.find('betty'), undefined);
  await it.clock.advance(1000);
  assert.equal((await it.find('betty'))?.user, 'betty');
  assert.equal(await it.find('fred'), undefined);
});

test('a file that has gone makes accounts unavailable, not unknown', async () => {
  await using it = await setUp({ users });
  assert.ok(await it.find('fred'));
  rmSync(join(it.folder.path, 'users'));
  await it.clock.advance(1000);
  await assert.rejects(it.find('fred'), { code: 'UNAVAILABLE' });
  await assert.rejects(it.verify('fred', 'secret'), { code: 'UNAVAILABLE' });
  it.write('users', users);
  assert.ok(await it.find('fred'));
});

test('passwd, shadow and group', async () => {
  const passwd = 'root:x:0:0:root:/root:/bin/sh\nfred:x:1000:1000:Fred:/home/fred:/bin/sh\n';
  const shadow = `root:${hash}:1\nfred:${hash}:1:0\n`;
  const group = 'staff:x:50:fred,wilma\nbowling:x:51:fred\nempty:x:52:\n';
  await using it = await setUp(
    { users: passwd, shadow, group },
    { shadow: 'shadow', group: 'group', domain: 'example.org' },
  );
  assert.deepEqual((await it.find('fred@example.org'))?.groups, ['staff', 'bowling']);
  assert.equal(await it.find('root@example.org'), undefined);
  assert.equal(await it.verify('fred@example.org', 'secret'), 'right');
  assert.deepEqual(
    [...readGroups(group)],
    [
      ['fred', ['staff', 'bowling']],
      ['wilma', ['staff']],
    ],
  );
});

test('a default scheme for passwords that name none', async () => {
  await using it = await setUp({ users: 'fred:yabba\n' }, { defaultScheme: 'PLAIN' });
  assert.equal(await it.verify('fred', 'yabba'), 'right');
});
