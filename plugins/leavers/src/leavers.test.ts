import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACCOUNT_SOURCES,
  type AccountSource,
  type BelongingsOwner,
  COMMANDS,
  type CommandContext,
  definePlugin,
  inject,
  injectable,
  JOBS,
  MailError,
  part,
  type Registry,
  USER_BELONGINGS,
  type UserBelongings,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel, ManualClock, memoryStore } from '@angarium/testing';

const DAY_MS = 24 * 3600_000;

class Kept implements UserBelongings {
  constructor(
    readonly name: string,
    readonly users: Map<string, string | undefined>,
  ) {}
  async owners({ after = '', limit }: { after?: string; limit: number }): Promise<BelongingsOwner[]> {
    const users = [...this.users.keys()].filter((user) => user > after).sort();
    return users.slice(0, limit).map((user) => ({ user: user as UserId, incarnation: this.users.get(user) }));
  }
  async remove(user: UserId) {
    this.users.delete(user);
  }
}

async function setUp(config: Record<string, unknown> = {}) {
  const people = new Map<string, string | undefined>([['fred', 'one']]);
  const state = { isDown: false };
  const kept = [
    new Kept(
      'codes',
      new Map([
        ['fred', 'one'],
        ['wilma', undefined],
      ]),
    ),
    new Kept(
      'keys',
      new Map([
        ['barney', 'x'],
        ['wilma', undefined],
      ]),
    ),
  ] as const;
  @injectable()
  class World {
    constructor(
      @inject(ACCOUNT_SOURCES) sources: Registry<AccountSource>,
      @inject(USER_BELONGINGS) belongings: Registry<UserBelongings>,
    ) {
      belongings.add(...kept);
      sources.add({
        name: 'people',
        async find(user) {
          if (state.isDown) throw new MailError('UNAVAILABLE', 'not now');
          if (!people.has(user)) return undefined;
          const incarnation = people.get(user);
          const account = { user, displayName: undefined, groups: [], isDisabled: false, attributes: {} };
          return incarnation === undefined ? account : { ...account, incarnation };
        },
      });
    }
  }
  const clock = new ManualClock();
  const kernel = await createTestKernel({
    plugins: [
      memoryStore,
      'authentication',
      { name: 'world', definition: definePlugin({ parts: [part(World)] }) },
      { name: 'leavers', config },
    ],
    clock,
  });
  const { signal } = new AbortController();
  return {
    people,
    state,
    clock,
    left: () => kept.map(({ users }) => [...users.keys()].join(' ')),
    sweep: () => kernel.get(JOBS).items[0]!.run(signal),
    async command(args: string[] = [], options: CommandContext['options'] = {}) {
      const command = kernel.get(COMMANDS).items.find(({ name }) => name === 'users leavers')!;
      return command.text(await command.run({ args, options, signal } as unknown as CommandContext));
    },
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

test('what is kept goes once no source has known the account for the days of the manifest', async () => {
  await using it = await setUp({ days: 7 });
  await it.sweep();
  await it.clock.advance(7 * DAY_MS - 1);
  await it.sweep();
  assert.deepEqual(it.left(), ['fred wilma', 'barney wilma']);
  await it.clock.advance(1);
  await it.sweep();
  assert.deepEqual(it.left(), ['fred', '']);
});

test('who is back in time keeps it, and the days are counted anew', async () => {
  await using it = await setUp({ days: 7 });
  await it.sweep();
  await it.clock.advance(6 * DAY_MS);
  it.people.set('wilma', undefined);
  await it.sweep();
  it.people.delete('wilma');
  await it.clock.advance(2 * DAY_MS);
  await it.sweep();
  assert.deepEqual(it.left(), ['fred wilma', 'wilma']);
  await it.clock.advance(7 * DAY_MS);
  await it.sweep();
  assert.deepEqual(it.left(), ['fred', '']);
});

test('with no days it goes with the first look; nobody has left while a source cannot be asked', async () => {
  await using it = await setUp({ days: 0 });
  it.state.isDown = true;
  await assert.rejects(it.sweep(), { code: 'UNAVAILABLE' });
  await assert.rejects(it.command([], { remove: true }), { code: 'UNAVAILABLE' });
  assert.deepEqual(it.left(), ['fred wilma', 'barney wilma']);
  it.state.isDown = false;
  await it.sweep();
  assert.deepEqual(it.left(), ['fred', '']);
});

test('what was made for an earlier account of the name is told, and goes when an operator says so', async () => {
  await using it = await setUp({ days: 0 });
  it.people.set('fred', 'two');
  await it.sweep();
  assert.deepEqual(it.left(), ['fred', '']);
  assert.equal(await it.command(), 'fred  another account has the name now  codes');
  assert.equal(
    await it.command(['Fred'], { remove: true }),
    'fred  another account has the name now  removed: codes',
  );
  assert.deepEqual(it.left(), ['', '']);
  assert.equal(await it.command(), 'nothing is kept for users who have left');
});

test('users leavers', async () => {
  await using it = await setUp();
  assert.equal(await it.command(), 'barney  no account  keys\nwilma  no account  codes, keys');
  await it.sweep();
  const day = new Date(it.clock.now()).toISOString().slice(0, 10);
  assert.equal(await it.command(['wilma']), `wilma  no account since ${day}  codes, keys`);
  await assert.rejects(it.command(['fred'], { remove: true }), /has not left/);
  await it.command(['wilma'], { remove: true });
  assert.deepEqual(it.left(), ['fred', 'barney']);
  await it.command([], { remove: true });
  assert.deepEqual(it.left(), ['fred', '']);
});
