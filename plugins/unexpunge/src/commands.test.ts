import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  COMMANDS,
  type CommandContext,
  Flag,
  MAIL_STORE,
  NumberSet,
  personalMailbox,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel, ManualClock } from '@angarium/testing';
import { fill, flagSet, rowsOf } from '@angarium/testing/contracts';
import { ctime, intervalMs } from './names.js';

const fred = 'fred' as UserId;

async function setUp() {
  const clock = new ManualClock();
  const kernel = await createTestKernel({ clock, plugins: ['store-sqlite', 'namespace', 'unexpunge'] });
  const store = kernel.get(MAIL_STORE);
  const run = async (name: string, args: readonly unknown[], options: Record<string, unknown> = {}) => {
    const command = kernel.get(COMMANDS).items.find((each) => each.name === name)!;
    const result = await command.run({ args, options } as unknown as CommandContext);
    return { result: result as never, text: command.text(result) };
  };
  return { clock, store, run, [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose]() };
}

test('expunged messages are listed, and come back with new UIDs, with \\Deleted or without', async () => {
  await using server = await setUp();
  const { store, run, clock } = server;
  const { id } = await store.catalogue.create(personalMailbox(fred, ['a']));
  const box = store.mailbox(id);
  await fill(store, id, ['one', 'two', 'three', 'four'], flagSet(Flag.deleted | Flag.seen));
  await box.expunge(NumberSet.of(1, 2), { onlyDeleted: true });
  await clock.advance(3_600_000);
  await box.expunge(NumberSet.of(3), { onlyDeleted: true });
  const list = await run('unexpunge', ['user.fred.a', []], { list: true });
  assert.deepEqual(
    list.text
      .split('\n')
      .filter((line) => /^(UID|\t(Subj|From|Size))/.test(line))
      .slice(0, 4),
    [
      'UID: 1',
      `\tSize: ${(await box.expunged())[0]!.size}`,
      '\tFrom: Fred <fred@example.org>',
      '\tSubj: one',
    ],
  );
  assert.match(list.text, /\tSent: Mon Jun {2}2 /);
  const some = await run('unexpunge', ['user/fred/a', ['2', '9']], { list: true });
  assert.deepEqual(some.text.match(/^UID: \d+$/gm), ['UID: 2']);

  const recent = await run('unexpunge', ['user.fred.a', []], { within: '30m', verbose: true });
  assert.equal(
    recent.text,
    "restoring expunged messages in mailbox 'user.fred.a'\nUnexpunged user.fred.a: 3 => 5\nrestored 1 expunged messages",
  );
  const flagged = await run('unexpunge', ['user.fred.a', ['1', '77']], {
    uids: true,
    undelete: true,
    flag: 'back',
  });
  assert.match(flagged.text, /restored 1 expunged messages$/);
  await run('unexpunge', ['user.fred.a', []], { all: true, flag: '\\Flagged' });
  assert.deepEqual(
    rowsOf(await box.snapshot()).map(({ uid, flags, keywords }) => [uid, flags, keywords]),
    [
      [4, Flag.deleted | Flag.seen, []],
      [5, Flag.deleted | Flag.seen, []],
      [6, Flag.seen, ['back']],
      [7, Flag.deleted | Flag.seen | Flag.flagged, []],
    ],
  );
  assert.equal((await run('unexpunge', ['user.fred.a', []], { list: true })).text, '');
});

test('what is no use is told', async () => {
  await using server = await setUp();
  const { run, store } = server;
  await store.catalogue.create(personalMailbox(fred));
  const refused = (args: unknown[], options: Record<string, unknown>, text: RegExp) =>
    assert.rejects(run('unexpunge', args, options), text);
  await refused(['user.fred', []], {}, /one of -l, -a, -t and -u/);
  await refused(['user.fred', []], { all: true, list: true }, /one of/);
  await refused(['user.fred', []], { uids: true }, /needs UIDs/);
  await refused(['user.fred', ['x']], { uids: true }, /not a UID: x/);
  await refused(['user.fred', ['1']], { all: true }, /UIDs go with/);
  await refused(['user.fred', []], { within: 'soon' }, /not a time interval/);
  await refused(['user.joe', []], { all: true }, /there is no mailbox "user.joe"/);
  assert.match((await run('unexpunge', ['user.fred', []], { all: true })).text, /restored 0/);
  assert.deepEqual(
    ['90', '15m', '2h', '1d', '1w'].map(intervalMs),
    [90_000, 900_000, 7_200_000, 86_400_000, 604_800_000],
  );
  assert.match(ctime(Date.UTC(2025, 5, 2, 12)), /^Mon Jun {2}2 \d\d:00:00 2025$/);
});

test('deleted mailboxes are listed and come back, the newest of a name or by id, alone or with what was below', async () => {
  await using server = await setUp();
  const { store, run, clock } = server;
  const { catalogue } = store;
  const a = personalMailbox(fred, ['a']);
  assert.equal((await run('undelete', [])).text, 'no deleted mailboxes are kept');
  const old = await catalogue.create(a);
  await fill(store, old.id, ['old']);
  await catalogue.delete(a);
  await clock.advance(1000);
  const young = await catalogue.create(a);
  await catalogue.create(personalMailbox(fred, ['a', 'b']));
  await catalogue.delete(personalMailbox(fred, ['a', 'b']));
  await catalogue.delete(a);
  const list = (await run('undelete', [])).text.split('\n');
  assert.equal(list.length, 3);
  assert.match(list.at(-1)!, new RegExp(`${old.id}  user\\.fred\\.a$`));
  assert.equal((await run('undelete', ['user.fred.a.b'], { list: true })).text.split('\n').length, 1);
  assert.equal((await run('undelete', [], { user: 'joe' })).text, 'no deleted mailboxes are kept');

  assert.equal(
    (await run('undelete', ['user.fred.a'], { recursive: true })).text,
    'Restored user.fred.a\nRestored user.fred.a.b',
  );
  assert.equal((await catalogue.find(a))?.id, young.id);
  await assert.rejects(
    run('undelete', ['user.fred.a'], { id: old.id }),
    /user\.fred\.a: Mailbox already exists/,
  );
  assert.equal(
    (await run('undelete', ['user.fred.a', 'user.fred.old'], { id: old.id })).text,
    'Restored user.fred.a as user.fred.old',
  );
  assert.equal((await store.mailbox(old.id).snapshot()).count, 1);
  await assert.rejects(run('undelete', ['user.fred.a']), /no deleted mailbox user\.fred\.a is kept/);
  await assert.rejects(run('undelete', ['user.fred.x'], { id: 'y' }), /with the id y is kept/);
});
