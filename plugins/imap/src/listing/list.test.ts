import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACCESS_POLICY,
  type AccessPolicy,
  definePlugin,
  IMAP_EXTENSIONS,
  ownerPolicy,
  personalMailbox,
  provide,
  Right,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import { TestServer } from '../server.test.support.js';

const children = String.raw`(\HasChildren)`;
const leaf = String.raw`(\HasNoChildren)`;
const level = String.raw`(\Noselect \HasChildren)`;

test('LIST "" "" tells the separator, with a reference the root of its namespace', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  for (const [reference, root] of [
    ['""', '""'],
    ['INBOX.a', 'INBOX.'],
    ['user.joe', 'user.'],
    ['"x"', '""'],
  ]) {
    const { untagged } = await client.ok(`LIST ${reference} ""`);
    assert.deepEqual(untagged, [String.raw`LIST (\Noselect) "." ${root}`]);
    assert.deepEqual((await client.ok(`LSUB ${reference} ""`)).untagged, []);
  }
});

test('LIST: wildcards, references, INBOX in any case, levels without mailbox (RFC 3501 §6.3.8)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.a.b.c');
  await client.ok('CREATE "INBOX.Entw&APw-rfe x"');
  await client.ok('DELETE INBOX.a.b');
  const cases: [string, string[]][] = [
    [
      '"" *',
      [
        `${children} "." INBOX`,
        `${leaf} "." "INBOX.Entw&APw-rfe x"`,
        `${children} "." INBOX.a`,
        `${leaf} "." INBOX.a.b.c`,
      ],
    ],
    ['"" %', [`${children} "." INBOX`]],
    ['"" inbox', [`${children} "." INBOX`]],
    ['"" INBOX.a.%', [`${level} "." INBOX.a.b`]],
    ['INBOX.a. %', [`${level} "." INBOX.a.b`]],
    ['INBOX. .a', [`${children} "." INBOX.a`]],
    ['inbox. a', [`${children} "." INBOX.a`]],
    ['"" INBOX.a.b', []],
    ['"" INBOX.a.', []],
    ['"" INBOX.A', []],
    ['"" "INBOX.E*x"', [`${leaf} "." "INBOX.Entw&APw-rfe x"`]],
    ['"" {7+}\r\nINBOX.a', [`${children} "." INBOX.a`]],
    ['"" user.%', []],
    ['"" INBOX.a..b', []],
  ];
  for (const [args, expected] of cases) {
    assert.deepEqual(
      (await client.ok(`LIST ${args}`)).untagged,
      expected.map((text) => `LIST ${text}`),
      args,
    );
  }
  for (const wrong of ['LIST', 'LIST ""', 'LIST "" % x', 'LSUB "" (a)']) {
    assert.equal((await client.command(wrong)).status, 'BAD', wrong);
  }
});

test('the alternative namespace', async () => {
  await using server = await TestServer.start({ namespace: { altnamespace: true, unixhierarchysep: true } });
  const client = await server.loggedIn();
  await client.ok('CREATE Work/2024/');
  assert.deepEqual((await client.ok('LIST "" *')).untagged, [
    `LIST ${leaf} "/" INBOX`,
    `LIST ${children} "/" Work`,
    `LIST ${leaf} "/" Work/2024`,
  ]);
  assert.deepEqual((await client.ok('LIST "" %')).untagged, [
    `LIST ${leaf} "/" INBOX`,
    `LIST ${children} "/" Work`,
  ]);
});

test('LSUB: names that are gone stay, and % answers the levels above (RFC 3501 §6.3.9)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.foo.bar');
  await client.ok('SUBSCRIBE INBOX.foo.bar');
  await client.ok('DELETE INBOX.foo.bar');
  const lsub = async (args: string) =>
    (await client.ok(`LSUB ${args}`)).untagged.map((line) => line.slice(5));
  assert.deepEqual(await lsub('"" *'), ['() "." INBOX', '() "." INBOX.foo.bar']);
  assert.deepEqual(await lsub('"" INBOX.%'), [String.raw`(\Noselect) "." INBOX.foo`]);
  assert.deepEqual(await lsub('INBOX. foo.%'), ['() "." INBOX.foo.bar']);
  await client.ok('SUBSCRIBE INBOX.foo');
  assert.deepEqual(await lsub('"" INBOX.%'), ['() "." INBOX.foo']);
  await client.ok('UNSUBSCRIBE INBOX.foo.bar');
  assert.deepEqual(await lsub('"" *'), ['() "." INBOX', '() "." INBOX.foo']);
  assert.match((await client.command('SUBSCRIBE INBOX.none')).text, /^\[NONEXISTENT\]/);
});

/** As an ACL plugin would: `anyone` may look up what is shared, joe shows fred one of his. */
const sharing: AccessPolicy = {
  ...ownerPolicy,
  rights(identity, entry) {
    const own = ownerPolicy.rights(identity, entry);
    const isShown = entry.name.owner === undefined || entry.name.path[0] === 'shown';
    return own | (isShown ? Right.lookup : 0);
  },
};
const sharingPlugin = {
  name: 'sharing',
  manifest: { provides: ['access-policy@1'] },
  definition: definePlugin({
    provides: [
      provide(
        ACCESS_POLICY,
        class implements AccessPolicy {
          readonly rights = sharing.rights;
          readonly mayCreate = sharing.mayCreate;
          readonly initialAcl = sharing.initialAcl;
        },
      ),
    ],
  }),
};

test('what others show is listed, what they do not is not there', async () => {
  await using server = await TestServer.start({ more: [sharingPlugin] });
  const { catalogue } = server.store;
  const joe = 'joe' as UserId;
  for (const path of [[], ['shown'], ['hidden']]) await catalogue.create(personalMailbox(joe, path));
  await catalogue.create(sharedMailbox(['news', 'misc']));
  const client = await server.loggedIn();
  assert.deepEqual((await client.ok('LIST "" *')).untagged, [
    `LIST ${leaf} "." INBOX`,
    `LIST ${leaf} "." news.misc`,
    `LIST ${leaf} "." user.joe.shown`,
  ]);
  assert.deepEqual((await client.ok('LIST "" %')).untagged, [
    `LIST ${leaf} "." INBOX`,
    `LIST ${level} "." news`,
    `LIST ${level} "." user`,
  ]);
  assert.deepEqual((await client.ok('LIST user. %')).untagged, [`LIST ${level} "." user.joe`]);
  for (const command of [
    'SELECT user.joe.hidden',
    'SELECT user.joe.none',
    'DELETE user.joe.hidden',
    'STATUS user.joe (MESSAGES)',
    'SUBSCRIBE user.joe',
  ]) {
    assert.equal((await client.command(command)).text, '[NONEXISTENT] Mailbox does not exist', command);
  }
  for (const command of [
    'SELECT user.joe.shown',
    'DELETE user.joe.shown',
    'CREATE user.joe.hidden',
    'CREATE user.joe.new',
    'CREATE other',
  ]) {
    assert.equal((await client.command(command)).text, '[NOPERM] Permission denied', command);
  }
  assert.match((await client.command('APPEND user.joe.hidden {1+}\r\nx')).text, /^\[TRYCREATE\]/);
  assert.match((await client.command('APPEND user.joe.shown {1+}\r\nx')).text, /^\[NOPERM\]/);
});

test('100,000 mailboxes are listed in one pass', { timeout: 60_000 }, async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  const { catalogue } = server.store;
  const fred = 'fred' as UserId;
  const inbox = await catalogue.find(personalMailbox(fred));
  const entries = Array.from({ length: 100_000 }, (_, i) => ({
    ...inbox!,
    name: personalMailbox(fred, [`f${i % 300}`, `g${i}`]),
  }));
  const list = catalogue.list.bind(catalogue);
  catalogue.list = async (query) => (query.owner === undefined ? list(query) : entries);
  const { untagged } = await client.ok('LIST "" *%');
  assert.equal(untagged.length, 100_000 + 301);
  assert.equal((await client.ok('LIST "" INBOX.%')).untagged.length, 300);
});

test('an extension adds options to LIST (RFC 5258 §6)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.a');
  using _ = server.kernel.get(IMAP_EXTENSIONS).add({
    name: 'TEST',
    listOptions: [
      {
        place: 'selection',
        name: 'DEEP',
        select: async (_session, mailboxes) => mailboxes.map(({ name }) => name.path.length > 0),
      },
      {
        place: 'return',
        name: 'DEPTH',
        parse: (line) => {
          line.sp();
          return line.list(() => line.number());
        },
        attributes: async (_session, mailboxes, args) =>
          mailboxes.map(({ name }) => [`\\Depth${name.path.length}${args}`]),
        follow: async (_session, mailboxes) => mailboxes.map(({ name }) => `X-DEPTH ${name.path.length}`),
      },
    ],
  });
  assert.deepEqual((await client.ok('LIST (DEEP) "" (INBOX *) RETURN (DEPTH (7))')).untagged, [
    String.raw`LIST (\HasNoChildren \Depth17) "." INBOX.a`,
    'X-DEPTH 1',
  ]);
  assert.equal((await client.ok('LIST () "" *')).untagged.length, 2);
  assert.equal((await client.command('LIST (BOGUS) "" *')).status, 'BAD');
  assert.equal((await client.command('LIST "" * RETURN (BOGUS)')).status, 'BAD');
});

test('LIST tells every name, also when they come out even with the slices they are told in', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  for (let n = 0; n < 500; n++) {
    await client.ok(`CREATE INBOX.m${n}`);
    if (![1, 249, 250, 251, 499, 500].includes(n + 1)) continue;
    const { untagged } = await client.ok('LIST "" INBOX.*');
    assert.equal(new Set(untagged).size, n + 1);
  }
});
