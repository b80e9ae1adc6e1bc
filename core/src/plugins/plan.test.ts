import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { plan } from './plan.js';
import { emptyPluginManifest, type Plannable } from './types.js';

/** `a: x@1 <- y@1 ?z@1`: plugin a provides x, requires y, uses z when it is there. */
function plugins(...lines: string[]): Plannable[] {
  return lines.map((line) => {
    const [id, rest = ''] = line.split(/:(.*)/) as [string, string?];
    const [provides = '', needs = ''] = rest.split('<-');
    const words = (text: string) => text.split(' ').filter((word) => word !== '');
    return {
      id,
      manifest: {
        ...emptyPluginManifest,
        provides: words(provides),
        requires: words(needs).filter((word) => !word.startsWith('?')),
        optional: words(needs)
          .filter((word) => word.startsWith('?'))
          .map((word) => word.slice(1)),
      },
    };
  });
}

interface Case {
  readonly name: string;
  readonly given: readonly string[];
  readonly order?: string;
  readonly problems?: readonly string[];
}

const cases: readonly Case[] = [
  { name: 'nothing', given: [], order: '' },
  { name: 'the operator’s order among equals', given: ['c:', 'a:', 'b:'], order: 'c a b' },
  {
    name: 'who needs what stands further down is not put back for it',
    given: ['a: <- x@1', 'b:', 'c: x@1'],
    order: 'c a b',
  },
  { name: 'providers first', given: ['a: <- x@1', 'b: y@1', 'c: x@1 <- y@1'], order: 'b c a' },
  { name: 'optional providers first', given: ['a: <- ?x@1', 'b: x@1'], order: 'b a' },
  { name: 'an optional contract nobody provides', given: ['a: <- ?x@1'], order: 'a' },
  { name: 'the kernel’s contracts', given: ['a: <- clock@1 logger@1'], order: 'a' },
  {
    name: 'registries need no provider',
    given: ['a: <- registry:words@1', 'b: registry:words@1'],
    order: 'a b',
  },
  {
    name: 'missing',
    given: ['a: <- x@1'],
    problems: ['plugin a requires x@1, which no enabled plugin provides'],
  },
  {
    name: 'missing, another major is there',
    given: ['a: <- x@2', 'b: x@1'],
    problems: ['plugin a requires x@2, which no enabled plugin provides — plugin b provides x@1'],
  },
  {
    name: 'missing, misspelt',
    given: ['a: <- legder@1', 'b: ledger@1'],
    problems: ['plugin a requires legder@1, which no enabled plugin provides — did you mean ledger@1?'],
  },
  {
    name: 'two providers',
    given: ['a: x@1', 'b: x@1'],
    problems: ['x@1 is provided by plugin a and by plugin b — enable one of them'],
  },
  {
    name: 'the kernel’s own contract provided',
    given: ['a: clock@1'],
    problems: ["plugin a provides clock@1, which is the kernel's own"],
  },
  { name: 'enabled twice', given: ['a:', 'a:'], problems: ['plugin a is enabled twice'] },
  {
    name: 'needs itself',
    given: ['a: x@1 <- x@1'],
    problems: ['plugin a requires x@1, which it provides itself'],
  },
  {
    name: 'a circle, and one who merely waits for it',
    given: ['w: <- x@1', 'a: x@1 <- y@1', 'b: y@1 <- z@1', 'c: z@1 <- ?x@1'],
    problems: ['plugins need each other in a circle: a → b (y@1) → c (z@1) → a (optional x@1)'],
  },
  {
    name: 'two circles',
    given: ['a: a@1 <- b@1', 'b: b@1 <- a@1', 'c: c@1 <- d@1', 'd: d@1 <- c@1'],
    problems: [
      'plugins need each other in a circle: a → b (b@1) → a (a@1)',
      'plugins need each other in a circle: c → d (d@1) → c (c@1)',
    ],
  },
  {
    name: 'all at once',
    given: ['a: x@1 <- q@1', 'b: x@1', 'c: c@1 <- d@1', 'd: d@1 <- c@1', 'a:'],
    problems: [
      'plugin a is enabled twice',
      'x@1 is provided by plugin a and by plugin b — enable one of them',
      'plugin a requires q@1, which no enabled plugin provides',
      'plugins need each other in a circle: c → d (d@1) → c (c@1)',
    ],
  },
];

describe('plan', () => {
  for (const { name, given, order, problems = [] } of cases) {
    it(name, () => {
      const result = plan(plugins(...given));
      const told = result.problems.map(({ text, hint }) => (hint === undefined ? text : `${text} — ${hint}`));
      assert.deepEqual(told, problems);
      if (order !== undefined) assert.equal(result.order.map(({ id }) => id).join(' '), order);
    });
  }

  it('tells of two plugins with the same command', () => {
    const given = plugins('a:', 'b:').map((each) => ({
      ...each,
      manifest: { ...each.manifest, commands: [{ name: 'go', summary: 'x' }] },
    }));
    assert.deepEqual(plan(given).problems, [
      { plugin: 'b', text: 'the command "go" is brought by plugin a and by plugin b' },
    ]);
  });

  it('names a plugin that is there but not enabled', () => {
    const { problems } = plan(plugins('a: <- x@1'), {
      whoProvides: (name) => (name === 'x@1' ? 'b' : undefined),
    });
    assert.equal(problems[0]?.hint, 'enable plugin b');
  });

  it('orders every graph without circles, each after what it needs, always the same', () => {
    const graph = fc.integer({ min: 1, max: 12 }).chain((size) =>
      fc.record({
        needs: fc.array(fc.array(fc.nat(size - 1), { maxLength: 4 }), { minLength: size, maxLength: size }),
        listed: fc.shuffledSubarray(
          Array.from({ length: size }, (_, index) => index),
          { minLength: size },
        ),
      }),
    );
    fc.assert(
      fc.property(graph, ({ needs, listed }) => {
        const lines = needs.map(
          (list, index) =>
            `p${index}: c${index}@1 <- ${list
              .filter((n) => n < index)
              .map((n) => `c${n}@1`)
              .join(' ')}`,
        );
        const given = listed.map((index) => lines[index]!);
        const { order, problems } = plan(plugins(...given));
        assert.deepEqual(problems, []);
        assert.equal(order.length, given.length);
        const at = new Map(order.map(({ id }, index) => [id, index]));
        for (const { id, manifest } of order) {
          for (const need of manifest.requires)
            assert.ok(at.get(need.replace(/^c(\d+)@1$/, 'p$1'))! < at.get(id)!);
        }
        assert.deepEqual(plan(plugins(...given)).order, order);
      }),
    );
  });
});
