import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  ACCOUNTS,
  anonymousIdentity,
  type Connection,
  DELIVERY,
  LOGIN_DOMAINS,
  MAIL_STORE,
  MANAGED_ACCOUNTS,
  ownerOf,
  personalMailbox,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel, ManualClock, memoryStore, temporaryFolder } from '@angarium/testing';

const users = ['fred', 'fred@a.example', 'fred@b.example', 'jane@a.example', 'lost@a.example', 'lost'];

async function setUp(
  config: Record<string, unknown>,
  options: { authentication?: Record<string, unknown>; dataDir?: string } = {},
) {
  const clock = new ManualClock();
  const kernel = await createTestKernel({
    clock,
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
    plugins: [
      memoryStore,
      { name: 'virtual-hosting', config },
      {
        name: 'authentication',
        config: { admins: ['admin'], failedLoginPause: 0, ...options.authentication },
      },
      { name: 'accounts-local', config: { scrypt: { cost: 10 }, scram: [] } },
      'delivery',
    ],
    host: { role: 'command' },
  });
  const accounts = kernel.get(MANAGED_ACCOUNTS);
  for (const user of users) await accounts.create(user as UserId, {});
  const recipient = (address: string) => {
    const at = address.lastIndexOf('@');
    const localPart = at < 0 ? address : address.slice(0, at);
    return kernel.get(DELIVERY).recipient(
      { address, localPart, domain: at < 0 ? undefined : address.slice(at + 1), parameters: {} },
      {
        sender: '',
        identity: anonymousIdentity,
        via: 'lmtp',
        session: 's',
        remoteAddress: 'unix',
        isUtf8: false,
        parameters: {},
      },
    );
  };
  /** `user`, `user+detail`, or the status of the refusal. */
  const whose = async (address: string) => {
    const { user, detail, outcome } = await recipient(address);
    if (outcome?.is === 'refused') return outcome.error.enhancedStatus;
    return detail === undefined ? user : `${user}+${detail}`;
  };
  return { kernel, clock, recipient, whose, [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose]() };
}

async function expectAll(it: { whose(address: string): Promise<unknown> }, cases: Record<string, string>) {
  for (const [address, expected] of Object.entries(cases)) {
    assert.equal(await it.whose(address), expected, address);
  }
}

test('userid: the same local part in two domains is two users', async () => {
  await using it = await setUp({ virtdomains: 'userid', defaultDomain: 'Default.example' });
  await expectAll(it, {
    fred: 'fred',
    'fred@default.example': 'fred',
    'FRED@A.Example': 'fred@a.example',
    'fred+x@b.example': 'fred@b.example+x',
    'fred@c.example': '5.1.1',
    'jane@b.example': '5.1.1',
    jane: '5.1.1',
    'fred@[127.0.0.1]': '5.1.2',
    '"fred@a.example"@b.example': '5.1.1',
  });
});

test('off: domains do not count, where there is no user of that domain', async () => {
  await using it = await setUp({ virtdomains: 'off' });
  await expectAll(it, {
    'fred@any.example': 'fred',
    'fred@a.example': 'fred@a.example',
    'jane@any.example': '5.1.1',
  });
});

test('domains that are not served are refused; aliases of domains stand for them everywhere', async () => {
  const domains = {
    'a.example': { aliases: ['A-alias.example', 'bücher.example'] },
    'default.example': { aliases: ['also.example'] },
  };
  await using it = await setUp({ virtdomains: 'userid', domains, defaultDomain: 'default.example' });
  await expectAll(it, {
    'fred@a-alias.example': 'fred@a.example',
    'fred@xn--bcher-kva.example': 'fred@a.example',
    'fred@BÜCHER.example': 'fred@a.example',
    'fred@b.example': '5.1.2',
    'fred@also.example': 'fred',
    'nobody@a.example': '5.1.1',
  });
  const accounts = it.kernel.get(ACCOUNTS);
  assert.equal(accounts.normalise('Fred@a-alias.example'), 'fred@a.example');
  assert.equal(accounts.normalise('fred@also.example'), 'fred');
});

test('aliases and catchalls, each behind what is more exact', async () => {
  const config = {
    virtdomains: 'userid',
    domains: { 'a.example': { catchall: 'lost@a.example' }, 'b.example': {} },
    defaultDomain: 'default.example',
    catchall: 'lost',
    aliases: {
      'Info@a.example': 'jane@a.example',
      'info@default.example': 'fred+web',
      '@b.example': 'fred@b.example',
      webmaster: 'fred@a.example',
      'broken@a.example': 'absent@a.example',
      'info+tag@a.example': 'fred',
    },
  };
  await using it = await setUp(config);
  await expectAll(it, {
    'INFO@a.example': 'jane@a.example',
    'info+x@a.example': 'jane@a.example+x',
    'info+tag@a.example': 'fred',
    info: 'fred+web',
    'info@default.example': 'fred+web',
    'info+x': 'fred+x',
    'info@b.example': 'fred@b.example',
    'webmaster@default.example': 'fred@a.example',
    'webmaster@a.example': 'lost@a.example',
    'nobody+x@a.example': 'lost@a.example',
    'jane@a.example': 'jane@a.example',
    'nobody@default.example': 'lost',
    'broken@a.example': '4.2.1',
    'x@c.example': '5.1.2',
  });
});

test('an alias of several users, through other aliases and in circles, from manifest and file', async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, 'aliases'), 'staff: fred@a.example,\n  jane@a.example\nfred: fred, all\n');
  const aliases = { all: 'staff, Lost@A.example, fred', '@b.example': 'all, fred@b.example' };
  await using it = await setUp(
    { virtdomains: 'userid', aliases, aliasesFile: 'aliases' },
    { dataDir: folder.path },
  );
  const store = it.kernel.get(MAIL_STORE);
  const filed = async (address: string) => {
    const recipient = await it.recipient(address);
    assert.equal(recipient.outcome, undefined, address);
    await using message = await store.stage([Buffer.from('Subject: x\r\n\r\n')], { maxBytes: 1000 });
    const envelope = {
      sender: '',
      identity: anonymousIdentity,
      via: 'lmtp',
      session: 's',
      remoteAddress: '',
      isUtf8: false,
      parameters: {},
    };
    await it.kernel.get(DELIVERY).deliver(message, envelope, [recipient]);
    const entries = (await store.catalogue.list({})).map(({ name, id }) => ({ id, user: ownerOf(name)! }));
    const status = await store.status(entries.map(({ id }) => id));
    const got = entries.map(({ user }, i) => `${user} ${status[i]!.messages}`).sort();
    for (const { user } of entries) await store.catalogue.delete(personalMailbox(user), { immediate: true });
    return got;
  };
  const all = ['fred 1', 'fred@a.example 1', 'jane@a.example 1', 'lost@a.example 1'];
  assert.deepEqual(await filed('all'), all);
  assert.deepEqual(await filed('fred'), all);
  assert.deepEqual(await filed('anybody@b.example'), [...all, 'fred@b.example 1'].sort());
  assert.deepEqual(await filed('staff'), ['fred@a.example 1', 'jane@a.example 1']);
});

test('an aliases file is read again when it has changed, and its mistakes are told', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'aliases');
  const write = (text: string) => writeFileSync(file, text);
  write('# ours\ninfo@a.example: jane@a.example # she\nsales = fred\nlist: fred jane\nnonsense\n');
  await using it = await setUp({ aliasesFile: 'aliases' }, { dataDir: folder.path });
  await expectAll(it, { 'info@a.example': 'jane@a.example', sales: 'fred', list: '5.1.1' });
  const told = it.kernel.log.lines.filter(({ text }) => text.includes('left out'));
  assert.deepEqual(
    told.map(({ fields }) => fields['line']),
    [4, 5],
  );
  write('info@a.example: fred@a.example and more\ninfo@a.example: fred@a.example\n');
  await it.clock.advance(1000);
  await expectAll(it, { 'info@a.example': 'fred@a.example', sales: '5.1.1' });
});

test('a manifest that contradicts itself does not start', async () => {
  const bad: readonly [Record<string, unknown>, RegExp][] = [
    [{ aliasesFile: 'absent' }, /ENOENT/],
    [{ domains: { 'a.example': { aliases: ['b.example'] }, 'b.example': {} } }, /alias/],
    [
      { domains: { 'a.example': { aliases: ['x.example'] }, 'b.example': { aliases: ['x.example'] } } },
      /alias/,
    ],
    [{ domains: { 'no domain': {} } }, /no domain name/],
    [{ aliases: { info: 'a, b c' } }, /is no user/],
    [{ aliases: { 'a b': 'fred' } }, /no address/],
  ];
  for (const [config, reason] of bad) await assert.rejects(setUp(config), reason);
  await assert.rejects(
    setUp({ defaultDomain: 'x.example' }, { authentication: { defaultDomain: 'y.example' } }),
    /x\.example/,
  );
});

test('a domain may be closed, and has its own bounds', async () => {
  const domains = {
    'a.example': { disabled: 'all' },
    'b.example': { maxMessageBytes: 1024, maxUsers: 1, maxMailboxes: 2 },
  };
  await using it = await setUp({ domains });
  const { outcome } = await it.recipient('fred@a.example');
  assert.ok(outcome?.is === 'refused' && outcome.error.temporary);
  const { catalogue } = it.kernel.get(MAIL_STORE);
  const b = (local: string, ...path: string[]) => personalMailbox(`${local}@b.example` as UserId, path);
  const fred = await it.recipient('fred@b.example');
  await using message = await it.kernel
    .get(MAIL_STORE)
    .stage([Buffer.from(`Subject: x\r\n\r\n${'x'.repeat(2000)}`)], { maxBytes: 10_000 });
  await it.kernel.get(DELIVERY).deliver(
    message,
    {
      sender: '',
      identity: anonymousIdentity,
      via: 'lmtp',
      session: 's',
      remoteAddress: '',
      isUtf8: false,
      parameters: {},
    },
    [fred],
  );
  assert.ok(fred.outcome?.is === 'refused' && fred.outcome.error.enhancedStatus === '5.2.3');
  await catalogue.create(b('fred'));
  await assert.rejects(catalogue.create(b('jane')), { code: 'LIMIT' });
  await catalogue.create(b('fred', 'Sent'));
  await assert.rejects(catalogue.create(b('fred', 'Trash')), { code: 'LIMIT' });
  await catalogue.create(personalMailbox('jane@a.example' as UserId));
});

test('on: who logs in without a domain is of the one he reached the server by', async () => {
  await using it = await setUp({
    virtdomains: 'on',
    domains: { 'a.example': { aliases: ['alias.example'] }, 'b.example': {} },
    interfaces: { '192.0.2.1': 'B.example', 'imap.other.example': 'a.example' },
  });
  const domainOf = (address: string, serverName?: string) =>
    it.kernel.get(LOGIN_DOMAINS).domainOf({
      local: { address, port: 143 },
      tls: serverName === undefined ? undefined : { serverName },
    } as unknown as Connection);
  assert.equal(await domainOf('192.0.2.1'), 'b.example');
  assert.equal(await domainOf('192.0.2.2'), undefined);
  assert.equal(await domainOf('192.0.2.1', 'imap.other.example'), 'a.example');
  assert.equal(await domainOf('192.0.2.2', 'mail.a.example'), 'a.example');
  assert.equal(await domainOf('192.0.2.2', 'A.example'), 'a.example');
  assert.equal(await domainOf('192.0.2.2', 'imap.alias.example'), 'alias.example');
  assert.equal(await domainOf('192.0.2.2', 'mail.unknown.example'), undefined);
});
