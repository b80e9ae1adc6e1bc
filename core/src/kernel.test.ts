import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  type Contract,
  contract,
  HOOKS,
  type HookBus,
  inject,
  injectable,
  injectOptional,
  LOGGER,
  type Logger,
  part,
  provide,
  type Registry,
  registry,
} from '@angarium/sdk';
import { KernelError } from './errors.js';
import { createKernel, type KernelOptions } from './kernel.js';
import { type PluginSource, planInMemory } from './plugins/in-memory.js';
import { ManualClock, MemoryLog, names, settled, source, testHost } from './test-support/fixtures.js';

interface Named {
  readonly name: string;
}
const ALPHA: Contract<Named> = contract('alpha', 1);
const BETA: Contract<Named> = contract('beta', 1);
const WORDS = registry<string>('words', 1);

function kernelOf(sources: readonly PluginSource[], options: Partial<KernelOptions> = {}) {
  const log = new MemoryLog();
  const clock = new ManualClock();
  const kernel = createKernel({ plugins: planInMemory(sources), host: testHost, log, clock, ...options });
  return { kernel, log, clock };
}

/** Notes start and stop in `events`. */
function living(events: string[], name: string, fault: { start?: () => unknown; stop?: () => unknown } = {}) {
  return class extends Component {
    readonly name = name;
    override async start(): Promise<void> {
      events.push(`start ${name}`);
      await fault.start?.();
    }
    override async stop(): Promise<void> {
      events.push(`stop ${name}`);
      await fault.stop?.();
    }
  };
}

describe('composition', () => {
  it('gives each plugin its own config, logger and hooks, whoever asks first', async () => {
    @injectable()
    class AlphaThing {
      readonly name: string;
      constructor(
        @inject(CONFIG) readonly config: { name: string },
        @inject(LOGGER) readonly log: Logger,
        @inject(CLOCK) readonly clock: Clock,
      ) {
        this.name = config.name;
      }
    }
    @injectable()
    class User {
      constructor(
        @inject(ALPHA) readonly alpha: AlphaThing,
        @inject(CONFIG) readonly config: { name: string },
      ) {}
    }
    const USER: Contract<User> = contract('user', 1);
    const { kernel, log, clock } = kernelOf([
      source('user', { provides: [provide(USER, User)] }, { requires: names(ALPHA) }, { name: 'u' }),
      source('alpha', { provides: [provide(ALPHA, AlphaThing)] }, {}, { name: 'a' }),
    ]);
    await kernel.start();
    const user = kernel.get(USER);
    assert.deepEqual(kernel.plugins, ['alpha', 'user']);
    assert.equal(user.alpha, kernel.get(ALPHA));
    assert.equal(user.alpha.config.name, 'a');
    assert.equal(user.config.name, 'u');
    assert.equal(user.alpha.clock, clock);
    user.alpha.log.info('hello');
    assert.deepEqual(log.lines.at(-1), { level: 'info', text: 'hello', fields: { plugin: 'alpha' } });
    await kernel.stop();
  });

  it('makes one instance for all tokens of a provision, also when its plugin uses it before its turn', async () => {
    let made = 0;
    @injectable()
    class First {
      readonly name = 'first';
      constructor(@inject(BETA) readonly beta: Named) {}
    }
    class Both {
      readonly name = 'both';
      constructor() {
        made++;
      }
    }
    const GAMMA: Contract<Named> = contract('gamma', 1);
    const { kernel } = kernelOf([
      source('one', { provides: [provide(ALPHA, First), provide([BETA, GAMMA], Both)] }),
    ]);
    await kernel.start();
    assert.equal(made, 1);
    assert.equal(kernel.get(BETA), kernel.get(GAMMA));
    assert.equal((kernel.get(ALPHA) as First).beta, kernel.get(BETA));
  });

  it('keeps kernels of one process apart', async () => {
    class Thing {
      readonly name = 'x';
    }
    const a = kernelOf([source('one', { provides: [provide(ALPHA, Thing)] })]).kernel;
    const b = kernelOf([source('one', { provides: [provide(ALPHA, Thing)] })]).kernel;
    await a.start();
    await b.start();
    assert.notEqual(a.get(ALPHA), b.get(ALPHA));
    assert.notEqual(a.registry(WORDS), b.registry(WORDS));
  });

  it('leaves out a part whose contract nobody provides, and injects undefined for an optional one', async () => {
    const made: unknown[] = [];
    @injectable()
    class WithBeta {
      constructor(@inject(BETA) beta: Named) {
        made.push(beta.name);
      }
    }
    @injectable()
    class Perhaps {
      constructor(@injectOptional(BETA) beta: Named | undefined) {
        made.push(beta?.name);
      }
    }
    class Thing {
      readonly name = 'thing';
    }
    const user = source(
      'user',
      { parts: [part(WithBeta, { when: [BETA] }), part(Perhaps)] },
      { optional: names(BETA) },
    );
    await kernelOf([user]).kernel.start();
    assert.deepEqual(made.splice(0), [undefined]);
    await kernelOf([user, source('beta', { provides: [provide(BETA, Thing)] })]).kernel.start();
    assert.deepEqual(made, ['thing', 'thing']);
  });

  it('makes registries on demand, one a kernel, without provider', async () => {
    @injectable()
    class Adder extends Component {
      constructor(@inject(WORDS) private readonly words: Registry<string>) {
        super();
      }
      override start(): void {
        this.own(this.words.add('a', 'b'));
      }
    }
    const { kernel } = kernelOf([source('adder', { parts: [part(Adder)] })]);
    await kernel.start();
    assert.deepEqual(kernel.registry(WORDS).items, ['a', 'b']);
    await kernel.stop();
    assert.deepEqual(kernel.registry(WORDS).items, []);
  });

  it('tells all faults of definitions at once, naming plugin and contract', async () => {
    @injectable()
    class Unlisted {
      constructor(@inject(ALPHA) readonly alpha: Named) {}
    }
    class Undecorated {
      constructor(readonly alpha: Named) {}
    }
    @injectable()
    class HardOptional {
      constructor(@inject(BETA) readonly beta: Named) {}
    }
    class Child extends Unlisted {}
    @injectable()
    class ByClass {
      constructor(@inject(Unlisted as unknown as Contract<unknown>) readonly other: Unlisted) {}
    }
    class Extra {
      readonly name = 'extra';
    }
    const { kernel } = kernelOf([
      source(
        'bad',
        {
          provides: [provide(contract<Extra>('extra', 1), Extra)],
          parts: [Unlisted, Undecorated, HardOptional, Child, ByClass].map((each) => part(each)),
        },
        { provides: ['promised@1'], optional: names(BETA) },
      ),
    ]);
    await assert.rejects(kernel.start(), (error: KernelError) => {
      assert.deepEqual(
        error.problems.map(({ text }) => text),
        [
          'plugin bad: Extra provides extra@1, which the plugin\'s manifest does not list in "provides"',
          'plugin bad: the manifest lists promised@1 in "provides", but no class provides it',
          'plugin bad: Unlisted injects alpha@1, which the plugin\'s manifest lists neither in "requires" nor in "optional"',
          'plugin bad: Undecorated: constructor parameter 1 has no @inject(TOKEN)',
          'plugin bad: HardOptional injects beta@1, which is optional: use @injectOptional, or make the class a part with "when"',
          'plugin bad: Child inherits an injected constructor; give it its own with @inject on each parameter',
          'plugin bad: ByClass injects Unlisted, which is not a contract',
        ],
      );
      return true;
    });
  });

  it('names the class whose constructor threw, also below another, and keeps the cause', async () => {
    const fault = new Error('no disk');
    class Thrower {
      readonly name = 'thrower';
      constructor() {
        throw fault;
      }
    }
    @injectable()
    class Above {
      readonly name = 'above';
      constructor(@inject(BETA) readonly beta: Named) {}
    }
    const { kernel } = kernelOf([
      source('one', { provides: [provide(ALPHA, Above), provide(BETA, Thrower)] }),
    ]);
    await assert.rejects(kernel.start(), (error: KernelError) => {
      assert.equal(error.message, 'plugin one: constructing Thrower failed: no disk');
      assert.equal(error.cause, fault);
      assert.equal(error.plugin, 'one');
      return true;
    });
  });

  it('tells of classes of one plugin that need each other, in a short text', async () => {
    @injectable()
    class A {
      readonly name = 'a';
      constructor(@inject(BETA) readonly other: Named) {}
    }
    @injectable()
    class B {
      readonly name = 'b';
      constructor(@inject(ALPHA) readonly other: Named) {}
    }
    const { kernel } = kernelOf([source('one', { provides: [provide(ALPHA, A), provide(BETA, B)] })]);
    await assert.rejects(kernel.start(), {
      message: 'plugin one: its classes need each other in a circle: A → B → A',
    });
  });
});

describe('life', () => {
  it('starts in plan order and stops in reverse', async () => {
    const events: string[] = [];
    const { kernel } = kernelOf([
      source('top', { parts: [part(living(events, 'top'))] }, { requires: names(ALPHA) }),
      source('alpha', {
        provides: [provide(ALPHA, living(events, 'alpha'))],
        parts: [part(living(events, 'alpha2'))],
      }),
    ]);
    await kernel.start();
    await kernel.stop();
    assert.deepEqual(events, [
      'start alpha',
      'start alpha2',
      'start top',
      'stop top',
      'stop alpha2',
      'stop alpha',
    ]);
  });

  it('a failing start stops what was started, the failed one too, and names plugin and reason', async () => {
    const events: string[] = [];
    const fail = () => {
      throw new Error('port in use');
    };
    const { kernel } = kernelOf([
      source('one', { parts: [part(living(events, 'one'))] }),
      source('two', { parts: [part(living(events, 'two', { start: fail })), part(living(events, 'two-b'))] }),
      source('three', { parts: [part(living(events, 'three'))] }),
    ]);
    await assert.rejects(kernel.start(), {
      code: 'START_FAILED',
      plugin: 'two',
      message: 'plugin two failed to start: port in use',
    });
    assert.deepEqual(events, ['start one', 'start two', 'stop two', 'stop one']);
  });

  it('names the plugin that is stuck in start', async () => {
    const { kernel, clock } = kernelOf([
      source('stuck', { parts: [part(living([], 'stuck', { start: () => new Promise(() => {}) }))] }),
    ]);
    const started = assert.rejects(kernel.start(), {
      message: 'plugin stuck failed to start: still starting after 30 s, the time limit',
    });
    await clock.advance(29_999);
    assert.equal(clock.pending, 1);
    await clock.advance(1);
    await started;
    assert.equal(clock.pending, 0);
  });

  it('a failing or stuck stop harms no other; stop tells of all', async () => {
    const events: string[] = [];
    const { kernel, clock, log } = kernelOf([
      source('one', { parts: [part(living(events, 'one'))] }),
      source('two', { parts: [part(living(events, 'two', { stop: () => new Promise(() => {}) }))] }),
      source('three', {
        parts: [part(living(events, 'three', { stop: () => Promise.reject(new Error('no')) }))],
      }),
    ]);
    await kernel.start();
    events.length = 0;
    const stopped = assert.rejects(kernel.stop(), {
      code: 'STOP_FAILED',
      message:
        'plugin three failed to stop: no; plugin two failed to stop: plugin two did not stop after 10 s, the time limit',
    });
    await settled();
    await clock.advance(10_000);
    await stopped;
    assert.deepEqual(events, ['stop three', 'stop two', 'stop one']);
    assert.deepEqual(
      log.lines.map(({ text, fields }) => [text, fields['plugin']]),
      [
        ['plugin failed to stop', 'three'],
        ['plugin failed to stop', 'two'],
      ],
    );
  });

  it('attributes taps and shows them in stats; a plugin may bring hooks of its own', async () => {
    @injectable()
    class Caller extends Component {
      constructor(@inject(HOOKS) private readonly hooks: HookBus) {
        super();
      }
      override async start(): Promise<void> {
        this.own(this.hooks.tap('test.happened' as never, (() => {}) as never));
        await this.hooks.hook('test.happened' as never).call();
      }
    }
    const { kernel } = kernelOf([
      source('caller', {
        parts: [part(Caller)],
        hooks: { 'test.happened': { kind: 'observe', summary: 'something happened' } },
      }),
    ]);
    await kernel.start();
    const { hooks, times } = kernel.stats();
    assert.deepEqual(
      hooks.map(({ plugin, hook, calls }) => [plugin, hook, calls]),
      [['caller', 'test.happened', 1]],
    );
    assert.deepEqual(
      times.children.map(({ label, children }) => [label, children.map((child) => child.label)]),
      [
        ['compose', ['caller']],
        ['start', ['caller']],
      ],
    );
    assert.equal(kernel.tappedHooks().length, 1);
    await kernel.stop();
    assert.deepEqual(kernel.tappedHooks(), []);
  });

  it('cannot be started twice, and says who is not provided', async () => {
    const { kernel } = kernelOf([source('alpha', { provides: [provide(ALPHA, living([], 'a'))] })]);
    await kernel.start();
    await assert.rejects(kernel.start(), { code: 'WRONG_STATE' });
    assert.throws(() => kernel.get(contract('alhpa', 1)), {
      message: 'no plugin provides alhpa@1, did you mean alpha@1?',
    });
    assert.equal(kernel.find(BETA), undefined);
    assert.ok(new KernelError('START_FAILED', 'x') instanceof Error);
  });
});
