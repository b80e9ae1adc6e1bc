import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HookBus, HookHandle, HookKind, Stage } from '@angarium/sdk';
import { ManualClock, MemoryLog, settled } from '../test-support/fixtures.js';
import { KernelHookBus } from './bus.js';

type AnyTap = (...args: unknown[]) => unknown;
interface AnyBus {
  tap(name: string, run: AnyTap, options?: { stage?: Stage }): Disposable;
  hook(name: string): { readonly isTapped: boolean; call(...args: unknown[]): Promise<unknown> | undefined };
}

function setUp(kinds: Record<string, HookKind> = { h: 'veto' }) {
  const log = new MemoryLog();
  const clock = new ManualClock();
  const bus = new KernelHookBus({ log, clock, limits: { budgetMs: 1000, limitMs: 5000 } });
  const declared = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [name, { kind, summary: name }]),
  );
  bus.declare('test', declared);
  const view = (plugin: string, order = 0) => bus.view(plugin, order) as HookBus as unknown as AnyBus;
  return { bus, log, clock, view };
}

class Refusal extends Error {
  readonly publicText = 'no';
}

describe('hook bus', () => {
  it('makes no promise when nobody taps, nor when plain taps have nothing to say', () => {
    const { view } = setUp();
    const hook = view('a').hook('h');
    assert.equal(hook.isTapped, false);
    assert.equal(hook.call(1), undefined);
    const seen: unknown[] = [];
    view('a').tap('h', (...args) => void seen.push(args));
    assert.equal(hook.isTapped, true);
    assert.equal(hook.call(1, 'two'), undefined);
    assert.deepEqual(seen, [[1, 'two']]);
  });

  it('runs one after another: stage, then plugin, then time of tapping', async () => {
    const { view } = setUp();
    const seen: string[] = [];
    const tap = (plugin: string, order: number, name: string, stage?: Stage) =>
      view(plugin, order).tap(
        'h',
        async () => {
          await settled();
          seen.push(name);
        },
        stage === undefined ? {} : { stage },
      );
    tap('b', 1, 'b1');
    tap('b', 1, 'last', 'last');
    tap('a', 0, 'a1');
    tap('b', 1, 'b2');
    tap('c', 2, 'first', 'first');
    tap('c', 2, 'early', 'early');
    tap('a', 0, 'late', 'late');
    await view('x').hook('h').call();
    assert.deepEqual(seen, ['first', 'early', 'a1', 'b1', 'b2', 'late', 'last']);
  });

  it('veto: a throw stops it, plain or asynchronous; a refusal is no fault', async () => {
    const { bus, view, log } = setUp();
    const refusal = new Refusal('no');
    let reached = false;
    const tap = view('a').tap('h', () => {
      throw refusal;
    });
    view('b', 1).tap('h', () => {
      reached = true;
    });
    const hook = view('x').hook('h');
    await assert.rejects(hook.call()!, (error) => error === refusal);
    tap[Symbol.dispose]();
    view('a').tap('h', () => Promise.reject(new TypeError('bug')));
    await assert.rejects(hook.call()!, { name: 'TypeError', message: 'bug' });
    assert.equal(reached, false);
    assert.deepEqual(
      log.lines.map(({ level, text, fields }) => [level, text, fields['plugin'], fields['hook']]),
      [['error', 'hook tap failed', 'a', 'h']],
    );
    const [row] = bus.stats();
    assert.deepEqual([row?.plugin, row?.calls, row?.refusals, row?.errors], ['a', 2, 1, 1]);
  });

  it('veto: throwing undefined stops it, too', async () => {
    const { view } = setUp();
    view('a').tap('h', () => Promise.reject(undefined));
    await assert.rejects(
      async () => view('x').hook('h').call(),
      (error) => error === undefined,
    );
  });

  it('observe: a failing tap is logged with its plugin and harms nobody', async () => {
    const { view, log } = setUp({ h: 'observe' });
    const seen: string[] = [];
    view('a').tap('h', () => {
      throw new Refusal('even this');
    });
    view('b', 1).tap('h', () => Promise.reject(new Error('x')));
    view('c', 2).tap('h', () => {
      seen.push('c');
      return 'ignored';
    });
    assert.equal(await view('x').hook('h').call(), undefined);
    assert.deepEqual(seen, ['c']);
    assert.deepEqual(
      log.lines.map(({ fields }) => fields['plugin']),
      ['a', 'b'],
    );
  });

  it('answer: the first that is not undefined is taken, also null and false', async () => {
    const { view } = setUp({ h: 'answer' });
    const hook = view('x').hook('h');
    view('a').tap('h', () => undefined);
    assert.equal(hook.call(), undefined);
    view('b', 1).tap('h', async (word) => (word === 'b' ? null : undefined));
    view('c', 2).tap('h', (word) => word === 'c' && false);
    assert.equal(await hook.call('b'), null);
    assert.equal(await hook.call('c'), false);
  });

  it('takes taps out again, also while a call is under way', async () => {
    const { view } = setUp();
    const seen: string[] = [];
    const second = { dispose: () => {} };
    view('a').tap('h', async () => {
      seen.push('a');
      second.dispose();
      await settled();
    });
    const tap = view('b', 1).tap('h', () => void seen.push('b'));
    second.dispose = () => tap[Symbol.dispose]();
    const hook = view('x').hook('h');
    await hook.call();
    await hook.call();
    assert.deepEqual(seen, ['a', 'a']);
  });

  it('keeps the counts of taps that are gone, in bounded memory', () => {
    const { bus, view } = setUp();
    const hook = view('x').hook('h');
    for (let round = 0; round < 100; round++) {
      const tap = view('a').tap('h', () => {});
      hook.call();
      tap[Symbol.dispose]();
    }
    assert.equal(hook.isTapped, false);
    assert.deepEqual(
      bus.stats().map(({ plugin, hook: name, calls }) => [plugin, name, calls]),
      [['a', 'h', 100]],
    );
    assert.deepEqual(bus.tapped(), []);
  });

  it('unknown names throw at once, with the nearest', () => {
    const { view } = setUp({ 'thing.happened': 'observe' });
    assert.throws(() => view('a').tap('thing.hapened', () => {}), {
      code: 'UNKNOWN_HOOK',
      message: 'plugin a: there is no hook "thing.hapened", did you mean "thing.happened"?',
    });
    assert.throws(() => view('a').hook('toString'), { message: 'plugin a: there is no hook "toString"' });
  });

  it('a hook cannot be declared as two kinds', () => {
    const { bus } = setUp({ h: 'veto' });
    bus.declare('other', { h: { kind: 'veto', summary: 'same' } });
    assert.throws(() => bus.declare('other', { h: { kind: 'answer', summary: 'x' } }), {
      message: 'plugin other declares the hook "h" as answer, but other has it as veto',
    });
  });

  it('warns once of a tap over its budget, and gives it up over the limit', async () => {
    const { bus, view, log, clock } = setUp();
    let finish = (): void => {};
    view('slow').tap('h', () => new Promise<void>((resolve) => (finish = resolve)));
    let reached = 0;
    view('next', 1).tap('h', () => void reached++);
    const called = view('x').hook('h').call() as Promise<unknown>;
    const outcome = called.then(
      () => 'done',
      (error: { code: string; cause: Error }) => `${error.code}: ${error.cause.message}`,
    );
    await clock.advance(4000);
    assert.deepEqual(
      log.lines.map(({ level, text, fields }) => [level, text, fields['plugin']]),
      [['warn', 'hook tap is slow', 'slow']],
    );
    await clock.advance(1500);
    assert.equal(await outcome, 'UNAVAILABLE: plugin slow did not answer h within 5000 ms');
    finish();
    await settled();
    assert.equal(reached, 0);
    const [row] = bus.stats();
    assert.deepEqual([row?.calls, row?.late, row?.errors, row?.refusals], [1, 1, 1, 0]);
    assert.equal(bus.inFlight, 0);
    await clock.advance(1000);
    assert.equal(clock.pending, 0);
  });

  it('an observer over the limit does not keep the next from running', async () => {
    const { view, clock } = setUp({ h: 'observe' });
    view('slow').tap('h', () => new Promise(() => {}));
    let reached = 0;
    view('next', 1).tap('h', () => void reached++);
    const called = view('x').hook('h').call();
    await clock.advance(6000);
    await called;
    assert.equal(reached, 1);
  });

  it('uses one interval for all that is in flight', async () => {
    const { bus, view, clock } = setUp();
    view('a').tap('h', () => clock.sleep(100));
    const hook: { call(): Promise<unknown> | undefined } = view('x').hook('h') as HookHandle<never>;
    const all = Promise.all(Array.from({ length: 50 }, () => hook.call()));
    assert.equal(clock.pending, 51);
    assert.equal(bus.inFlight, 50);
    await clock.advance(100);
    await all;
    const [row] = bus.stats();
    assert.deepEqual([row?.calls, row?.meanMs, row?.estimatedTotalMs], [50, 100, 5000]);
  });
});
