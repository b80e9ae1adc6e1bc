import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personalMailbox, type UserId } from '@angarium/sdk';
import type { ImapTestClient } from '@angarium/testing';
import { TestServer } from '../../server.test.support.js';

const fred = 'fred' as UserId;

/** Mailboxes that are there, and subscriptions, as RFC 5258 §5 has them; `Fruit.Peach` and `gone.deep` are not there. */
async function withFruit(server: TestServer): Promise<ImapTestClient> {
  const client = await server.loggedIn();
  for (const name of ['Fruit.Apple', 'Fruit.Banana', 'Tofu', 'Veg.Corn', 'lost.only']) {
    await client.ok(`CREATE INBOX.${name}`);
  }
  await client.ok('DELETE INBOX.lost');
  await client.ok('UNSUBSCRIBE INBOX');
  for (const name of ['Fruit.Banana', 'Fruit.Peach', 'Veg', 'Veg.Corn', 'gone.deep'])
    await server.store.catalogue.subscribe(fred, personalMailbox(fred, name.split('.')));
  return client;
}

/** `attributes name extended`, without prefix and separator. */
async function list(client: ImapTestClient, args: string): Promise<string[]> {
  const { untagged } = await client.ok(`LIST ${args}`);
  return untagged.map((line) => line.replace(/^LIST \((.*?)\) "\." (?:INBOX\.)?/, '$1 '));
}

const C = '\\HasChildren';
const N = '\\HasNoChildren';
const info = '(CHILDINFO ("SUBSCRIBED"))';

const cases: readonly (readonly [rule: string, args: string, expected: readonly string[]])[] = [
  [
    'SUBSCRIBED lists exactly the subscribed names, also those that do not exist (§3.1)',
    '(SUBSCRIBED) "" INBOX.*',
    [
      `\\Subscribed ${N} Fruit.Banana`,
      `\\NonExistent \\Subscribed ${N} Fruit.Peach`,
      `\\Subscribed ${C} Veg`,
      `\\Subscribed ${N} Veg.Corn`,
      `\\NonExistent \\Subscribed ${N} gone.deep`,
    ],
  ],
  ['without RECURSIVEMATCH no parents (§5 example 8)', '(SUBSCRIBED) "" INBOX.%', [`\\Subscribed ${C} Veg`]],
  [
    'RECURSIVEMATCH tells parents of what the pattern leaves out (§3.5, all rows of the table)',
    '(SUBSCRIBED RECURSIVEMATCH) "" INBOX.%',
    [`${C} Fruit ${info}`, `\\Subscribed ${C} Veg ${info}`, `\\NonExistent ${N} gone ${info}`],
  ],
  [
    'and no redundant parents, but CHILDINFO with what is told anyway (§5 example 9)',
    '(RECURSIVEMATCH SUBSCRIBED) "" INBOX.*',
    [
      `\\Subscribed ${N} Fruit.Banana`,
      `\\NonExistent \\Subscribed ${N} Fruit.Peach`,
      `\\Subscribed ${C} Veg ${info}`,
      `\\Subscribed ${N} Veg.Corn`,
      `\\NonExistent \\Subscribed ${N} gone.deep`,
    ],
  ],
  [
    'a parent by its own name, mailbox or not (§5 example 10)',
    '(SUBSCRIBED RECURSIVEMATCH) "" (INBOX.Fruit INBOX.gone)',
    [`${C} Fruit ${info}`, `\\NonExistent ${N} gone ${info}`],
  ],
  ['no mailbox meets it', '(SUBSCRIBED RECURSIVEMATCH) "" INBOX.Tofu', []],
  [
    'the same option twice counts once (§3)',
    '(SUBSCRIBED SUBSCRIBED) "" INBOX.Veg',
    [`\\Subscribed ${C} Veg`],
  ],
  [
    'RETURN adds attributes and no names (§3)',
    '"" INBOX.Fruit.* RETURN (SUBSCRIBED CHILDREN)',
    [`${N} Fruit.Apple`, `\\Subscribed ${N} Fruit.Banana`],
  ],
  ['RETURN without options', '"" INBOX.Tofu RETURN ()', [`${N} Tofu`]],
  [
    'several patterns, each name once (§3)',
    '"" (INBOX.Fruit.% INBOX.Veg INBOX.Fruit.Apple INBOX.Veg)',
    [`${N} Fruit.Apple`, `${N} Fruit.Banana`, `${C} Veg`],
  ],
  [
    'names without wildcards, a child ahead of its parent',
    '"" (INBOX.Veg.Corn INBOX.Veg)',
    [`${C} Veg`, `${N} Veg.Corn`],
  ],
  ['a level without a mailbox (§5 example 11)', '() "" INBOX.l%', [`\\NonExistent ${C} lost`]],
  ['REMOTE adds what is on other servers: nothing', '(REMOTE) "" INBOX.T*', [`${N} Tofu`]],
  ['the empty pattern means nothing in the long form (§3)', '"" ""  RETURN ()'.replace('  ', ' '), []],
  ['nor among others', '"" ("" INBOX.Tofu)', [`${N} Tofu`]],
  ['nor with selection options', '() "" ""', []],
];

test('LIST-EXTENDED, RFC 5258', async (t) => {
  await using server = await TestServer.start();
  const client = await withFruit(server);
  for (const [rule, args, expected] of cases) {
    await t.test(rule, async () => assert.deepEqual(await list(client, args), expected));
  }
});

test('what is no combination of RFC 5258 §6 is BAD', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  for (const wrong of [
    'LIST (RECURSIVEMATCH) "" *',
    'LIST (REMOTE RECURSIVEMATCH) "" *',
    'LIST (SPECIAL-USE RECURSIVEMATCH) "" *',
    'LIST (NONE) "" *',
    'LIST "" * RETURN (NONE)',
    'LIST "" * RETURN',
    'LIST "" * RETURN SUBSCRIBED',
    'LIST "" ()',
    'LIST (SUBSCRIBED)',
    'LIST "" * RETURN (STATUS)',
    'LIST "" * RETURN (STATUS ())',
    `LIST "" (${'a '.repeat(100)}a)`,
  ]) {
    assert.equal((await client.command(wrong)).status, 'BAD', wrong);
  }
  assert.deepEqual((await client.ok('NOOP')).untagged, []);
});

test('a subscribed mailbox that may not be looked up is as one that is not there', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  const joe = await server.loggedIn('joe');
  await joe.ok('CREATE INBOX.secret');
  await server.store.catalogue.subscribe(fred, personalMailbox('joe' as UserId, ['secret']));
  await server.store.catalogue.subscribe(fred, personalMailbox('joe' as UserId, ['never']));
  assert.deepEqual((await client.ok('LIST (SUBSCRIBED) "" user.*')).untagged, [
    `LIST (\\NonExistent \\Subscribed ${N}) "." user.joe.never`,
    `LIST (\\NonExistent \\Subscribed ${N}) "." user.joe.secret`,
  ]);
});

test('LIST-STATUS (RFC 5819) and STATUS=SIZE (RFC 8438)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.a.b');
  await client.ok('DELETE INBOX.a');
  await client.append('INBOX', 'Subject: x\r\n\r\n12345\r\n');
  const { untagged } = await client.ok('LIST "" INBOX% RETURN (STATUS (MESSAGES SIZE))');
  assert.deepEqual(untagged, [`LIST (${C}) "." INBOX`, 'STATUS INBOX (MESSAGES 1 SIZE 21)']);
  const levels = await client.ok('LIST "" INBOX.% RETURN (STATUS (MESSAGES))');
  assert.deepEqual(levels.untagged, [`LIST (\\NonExistent ${C}) "." INBOX.a`]);
  const admin = await server.loggedIn('admin');
  assert.deepEqual((await admin.ok('LIST "" user.fred RETURN (STATUS (UIDNEXT))')).untagged, [
    `LIST (${C}) "." user.fred`,
  ]);
  assert.match((await client.ok('STATUS INBOX (SIZE)')).untagged[0]!, /\(SIZE 21\)$/);
  const { untagged: words } = await client.ok('CAPABILITY');
  for (const word of ['LIST-EXTENDED', 'LIST-STATUS', 'STATUS=SIZE'])
    assert.ok(words[0]!.includes(` ${word} `));
});

test('a long list comes whole and in slices', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  const expected = ['INBOX'];
  for (let i = 0; i < 1200; i++) {
    const name = `m${String(i).padStart(5, '0')}`;
    expected.push(`INBOX.${name}`);
    await server.store.catalogue.create(personalMailbox(fred, [name]));
  }
  const { untagged } = await client.ok('LIST "" * RETURN (SUBSCRIBED STATUS (MESSAGES))');
  const names = untagged.filter((line) => line.startsWith('LIST')).map((line) => line.replace(/.* /, ''));
  assert.deepEqual(names, expected);
  assert.equal(untagged.length, 2 * expected.length);
});
