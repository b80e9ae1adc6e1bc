/**
 * What a plugin package's entry module exports by default.
 * Life of a plugin in a worker: its classes are registered and constructed in plan order (contracts first),
 * then `start()` is awaited in the same order; at the end `stop()` and what was `own`ed, in reverse.
 */
import { type Constructor, type Contract, inject, injectable, type RegistryContract } from './di.js';
import { DisposableStore } from './disposable.js';
import type { HookKind } from './kernel/hooks.js';

/** Base of classes with a life: the kernel starts and ends them. */
export abstract class Component implements AsyncDisposable {
  private readonly owned = new DisposableStore();

  /** Awaited once after everything this plugin requires has started. A throw ends the server's start, by name. */
  start(): void | Promise<void> {}

  /** Awaited once before the owned things are released. */
  stop(): void | Promise<void> {}

  /** Ties something's life to this component's. */
  protected own<T extends Disposable | AsyncDisposable>(item: T): T {
    return this.owned.add(item);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop();
    } finally {
      await this.owned[Symbol.asyncDispose]();
    }
  }
}

/** A class and the contracts it implements. */
export interface Provision {
  readonly tokens: readonly Contract<unknown>[];
  readonly useClass: Constructor<object>;
}

/** A class that uses contracts; constructed only if all of `when` have a provider. */
export interface Part {
  readonly useClass: Constructor<object>;
  readonly when: readonly Contract<unknown>[];
}

/** What `definePlugin` makes and the kernel composes. */
export interface PluginDefinition {
  readonly provides: readonly Provision[];
  readonly parts: readonly Part[];
  /** Hooks this plugin calls that the SDK's catalogue does not have. */
  readonly hooks: Readonly<Record<string, { readonly kind: HookKind; readonly summary: string }>>;
}

type All<T extends readonly unknown[]> = T extends readonly [infer Head, ...infer Rest]
  ? Head & All<Rest>
  : object;

/** One instance of `useClass` a worker answers for all `tokens`. */
export function provide<T>(token: Contract<T>, useClass: Constructor<T & object>): Provision;
export function provide<const T extends readonly unknown[]>(
  tokens: { readonly [K in keyof T]: Contract<T[K]> },
  useClass: Constructor<All<T>>,
): Provision;
export function provide(
  tokens: Contract<unknown> | readonly Contract<unknown>[],
  useClass: Constructor<object>,
): Provision {
  return { tokens: Array.isArray(tokens) ? tokens : [tokens as Contract<unknown>], useClass };
}

/** @param options.when contracts (manifest: `optional`) without which this part is left out, at no cost. */
export function part(
  useClass: Constructor<object>,
  options: { when?: readonly Contract<unknown>[] } = {},
): Part {
  return { useClass, when: options.when ?? [] };
}

/** What the contracts of a list are to those who ask for them; CONFIG is whatever the plugin says it is. */
export type Given<N extends readonly Contract<unknown>[]> = {
  // biome-ignore lint/suspicious/noExplicitAny: the plugin's own schema vouches for the type of its configuration
  [K in keyof N]: N[K] extends Contract<infer T> ? (unknown extends T ? any : T) : never;
};

/** Ties something's life to the part that is given this. */
export type Own = <T extends Disposable | AsyncDisposable>(item: T) => T;

/**
 * A part that needs no class of its own.
 * @param needs what a constructor would `@inject`. @param start as `Component.start`, with what was needed, in that order.
 */
export function starting<const N extends readonly Contract<unknown>[]>(
  needs: N,
  start: (...given: [...Given<N>, Own]) => void | Promise<void>,
): Part {
  class Starting extends Component {
    private readonly given: Given<N>;

    constructor(...given: unknown[]) {
      super();
      this.given = given as unknown as Given<N>;
    }

    override start(): void | Promise<void> {
      return start(...this.given, (item) => this.own(item));
    }
  }
  for (const [index, token] of needs.entries()) inject(token)(Starting, undefined, index);
  injectable()(Starting);
  return part(Starting);
}

/** A part that adds to a registry. @param make makes the items of what `needs` name. */
export function adding<const T, const N extends readonly Contract<unknown>[]>(
  registry: RegistryContract<T>,
  needs: N,
  make: (...given: [...Given<N>, Own]) => readonly NoInfer<T>[] | Promise<readonly NoInfer<T>[]>,
): Part {
  return starting([registry, ...needs], async (to, ...rest) => {
    const own = rest.at(-1) as Own;
    own(to.add(...(await make(...rest))));
  });
}

/** The default export of a plugin's entry module; what is absent is empty. */
export function definePlugin(definition: Partial<PluginDefinition>): PluginDefinition {
  return { provides: [], parts: [], hooks: {}, ...definition };
}
