import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expand } from './expansion.js';

type Aliases = Readonly<Record<string, readonly string[]>>;

async function users(aliases: Aliases, name: string): Promise<string[]> {
  const find = async (each: string) =>
    Object.hasOwn(aliases, each) ? aliases[each]!.map((user) => ({ user })) : undefined;
  return (await expand((await find(name)) ?? [], name, find)).map(({ user }) => user);
}

/** The same by the book: all names that can be reached; users are those that are no alias, or lead back to themselves. */
function reachable(aliases: Aliases, name: string): Set<string> {
  const found = new Set<string>();
  const walk = (at: string, path: readonly string[]): void => {
    for (const next of aliases[at] ?? []) {
      if (!Object.hasOwn(aliases, next) || path.includes(next)) found.add(next);
      else walk(next, [...path, next]);
    }
  };
  walk(name, [name]);
  return found;
}

test('aliases of aliases, each user once, in order', async () => {
  const aliases = {
    all: ['sales', 'fred', 'support'],
    sales: ['wilma', 'fred'],
    support: ['Wilma2', 'sales'],
  };
  assert.deepEqual(await users(aliases, 'all'), ['wilma', 'fred', 'Wilma2']);
});

test('who names himself is the user of that name; circles add nobody, but where there is nobody else', async () => {
  const circle = { fred: ['fred', 'all'], all: ['fred', 'wilma'] };
  assert.deepEqual(await users(circle, 'all'), ['fred', 'wilma']);
  assert.deepEqual(await users(circle, 'fred'), ['fred', 'wilma']);
  assert.deepEqual(await users({ fred: ['fred', 'wilma'] }, 'fred'), ['fred', 'wilma']);
  assert.deepEqual(await users({ a: ['B'], b: ['A'] }, 'a'), ['A']);
});

test('any graph ends, with users that can be reached and no one twice', async () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const graph = fc.dictionary(name, fc.array(name, { minLength: 1, maxLength: 4 }), {
    noNullPrototype: true,
  });
  await fc.assert(
    fc.asyncProperty(graph, name, async (aliases, start) => {
      const found = await users(aliases, start);
      assert.equal(new Set(found).size, found.length);
      const all = reachable(aliases, start);
      for (const user of found) assert.ok(all.has(user), user);
      // Who is no alias is never lost.
      for (const user of all) if (!Object.hasOwn(aliases, user)) assert.ok(found.includes(user), user);
      assert.equal(found.length > 0, all.size > 0);
    }),
  );
});

test('the detail of an alias holds for those who have none', async () => {
  const aliases = new Map([['info', [{ user: 'fred' }, { user: 'wilma', detail: 'own' }]]]);
  const found = await expand([{ user: 'info', detail: 'web' }], undefined, async (name) => aliases.get(name));
  assert.deepEqual(found, [
    { user: 'fred', detail: 'web' },
    { user: 'wilma', detail: 'own' },
  ]);
});

test('too deep and too many defer', async () => {
  const deep = async (name: string) => [{ user: `x${name}` }];
  const wide = async (name: string) =>
    name === 'x' ? Array.from({ length: 1001 }, (_, i) => ({ user: `u${i}` })) : undefined;
  for (const find of [deep, wide]) {
    await assert.rejects(expand([{ user: 'x' }], 'start', find), { code: 'UNAVAILABLE', temporary: true });
  }
});
