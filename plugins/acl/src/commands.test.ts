import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  COMMANDS,
  type CommandContext,
  MAIL_STORE,
  MANAGED_ACCOUNTS,
  personalMailbox,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel, memoryStore, type TestKernel } from '@angarium/testing';

async function withCommands(): Promise<TestKernel> {
  const kernel = await createTestKernel({
    host: { role: 'command' },
    plugins: [
      memoryStore,
      'accounts-local',
      { name: 'authentication', config: { admins: ['admin', 'root@example.org'] } },
      'namespace',
      'acl',
    ],
  });
  const accounts = kernel.get(MANAGED_ACCOUNTS);
  for (const user of ['joe', 'admin', 'root@example.org']) await accounts.create(user as UserId, {});
  await accounts.create('fred' as UserId, { groups: ['staff'] });
  const { catalogue } = kernel.get(MAIL_STORE);
  for (const path of [[], ['Work']])
    await catalogue.create(personalMailbox('joe' as UserId, path), { acl: { joe: 'lrswipkxtean' } });
  return kernel;
}

async function run(kernel: TestKernel, line: string): Promise<string> {
  const [, name = '', rest = ''] = /^(acl \S+) ?(.*)$/.exec(line) ?? [];
  const command = kernel.get(COMMANDS).items.find((item) => item.name === name)!;
  const context = { args: rest.split(' '), options: {} } as unknown as CommandContext;
  return command.text(await command.run(context));
}

test('acl get, set and delete', async () => {
  await using kernel = await withCommands();
  assert.equal(await run(kernel, 'acl get user.joe.Work'), 'user.joe.Work\n  joe lrswipkxtecdan');
  assert.equal(
    await run(kernel, 'acl set user.joe.Work Fred lr'),
    'user.joe.Work\n  joe lrswipkxtecdan\n  fred lr',
  );
  await run(kernel, 'acl set user.joe.Work fred +wc');
  await run(kernel, 'acl set user.joe.Work fred -r');
  await run(kernel, 'acl set user.joe.Work -group:staff w');
  assert.equal(
    await run(kernel, 'acl get user.joe.Work'),
    'user.joe.Work\n  joe lrswipkxtecdan\n  fred lwkxc\n  -group:staff w',
  );
  assert.equal(
    await run(kernel, 'acl delete user.joe.Work fred'),
    'user.joe.Work\n  joe lrswipkxtecdan\n  -group:staff w',
  );
  for (const [wrong, words] of [
    ['acl get user.joe.None', /There is no mailbox user\.joe\.None/],
    ['acl set user.joe.Work fred lz', /The z right is not supported/],
    ['acl set user.joe.Work a:b lr', /Invalid identifier/],
    ['acl check nobody user.joe.Work', /There is no account nobody/],
    ['acl get a..b', /empty level/],
  ] as const) {
    await assert.rejects(run(kernel, wrong), words);
  }
});

test('acl check says what somebody may do, and why', async () => {
  await using kernel = await withCommands();
  for (const [identifier, rights] of [
    ['anyone', 'lr'],
    ['group:staff', 'w'],
    ['-fred', 'r'],
  ])
    await run(kernel, `acl set user.joe.Work ${identifier} ${rights}`);
  assert.equal(
    await run(kernel, 'acl check fred user.joe.Work'),
    `fred has lw on user.joe.Work:
  the entry "anyone" gives lr to everybody
  the entry "group:staff" gives w to the members of the group staff
  the entry "-fred" takes r from fred
may
  see that it is there (l)
  set flags and keywords (w)
may not
  open it and read (r)
  keep what is read and what is new (s)
  put messages in (i)
  send mail to it (p)
  create mailboxes below it (k)
  delete or rename it (x)
  mark messages as deleted (t)
  expunge what is marked (e)
  change its access control list (a)
  annotate messages (n)`,
  );
  const reasons = async (what: string) =>
    (await run(kernel, `acl check ${what}`))
      .split('\n')
      .slice(1)
      .filter((line) => !/\([a-z]\)$/.test(line) || line.includes('INBOX'))
      .map((line) => line.trim())
      .filter((line) => !line.startsWith('may'));
  assert.deepEqual(await reasons('admin user.joe'), [
    'no entry of the access control list means admin',
    'admin is an administrator, and so has la whatever the list says',
    'it is an INBOX, which anybody may send mail to (p)',
  ]);
  assert.deepEqual(await reasons('joe user.joe.Work'), [
    'the entry "joe" gives lrswipkxtecdan to joe',
    'the entry "anyone" gives lr to everybody',
    'joe owns the mailbox, and so has lkxcan whatever the list says',
  ]);
  assert.deepEqual(await reasons('anonymous user.joe.Work'), ['the entry "anyone" gives lr to everybody']);
  assert.deepEqual(await reasons('root@example.org user.joe.Work'), [
    'the mailbox is of the default domain, but root@example.org administers example.org alone: the access control list is not even asked',
  ]);
});

test('the entries of a user whose INBOX is renamed become those of the new one, in all of his tree and nowhere else', async () => {
  await using kernel = await withCommands();
  await run(kernel, 'acl set user.joe.Work -joe w');
  await run(kernel, 'acl set user.joe.Work fred lr');
  const { catalogue } = kernel.get(MAIL_STORE);
  const named = (user: string, ...path: string[]) => personalMailbox(user as UserId, path);
  await catalogue.create(named('fred'), { acl: { fred: 'lr', joe: 'lr' } });
  await catalogue.rename(named('joe'), named('jo'));
  assert.equal(await run(kernel, 'acl get user.jo'), 'user.jo\n  jo lrswipkxtecdan');
  assert.equal(
    await run(kernel, 'acl get user.jo.Work'),
    'user.jo.Work\n  jo lrswipkxtecdan\n  -jo w\n  fred lr',
  );
  await catalogue.rename(named('jo', 'Work'), named('fred', 'Work'));
  assert.match(
    await run(kernel, 'acl get user.fred.Work'),
    /jo lrswipkxtecdan/,
    'a single mailbox keeps its list',
  );
  assert.equal(await run(kernel, 'acl get user.fred'), 'user.fred\n  fred lr\n  joe lr');
});
