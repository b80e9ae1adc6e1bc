/**
 * Objects out of classes: a tsyringe container for the worker, one below it for each plugin.
 * Key rules: a provision is registered at the root by a closure over its plugin's container, so that it is made
 * with its owner's CONFIG, LOGGER and HOOKS whoever asks first; everything is made here, in plan order, and
 * nothing is resolved later. Classes are made in the order of their needs, also within a plugin.
 */
import {
  CLOCK,
  type Clock,
  CONFIG,
  type Constructor,
  type Contract,
  contractName,
  HOOKS,
  HOST,
  type Host,
  isRegistry,
  LOGGER,
  type Logger,
  MESSAGE_BUS,
  type MessageBus,
  type RegistryContract,
} from '@angarium/sdk';
import { createRootContainer, type DependencyContainer, injectionsOf } from '@angarium/sdk/internals';
import { errorText, KernelError, type Problem, throwProblems } from './errors.js';
import type { KernelHookBus } from './hooks/bus.js';
import { checkInjections } from './plugins/injections.js';
import type { LoadedPlugin } from './plugins/types.js';
import type { Registries } from './registries.js';
import type { TimeNode, TimeTree } from './time-tree.js';

export interface CompositionInput {
  /** In start order. */
  readonly plugins: readonly LoadedPlugin[];
  readonly host: Host;
  readonly log: Logger;
  readonly clock: Clock;
  readonly bus: MessageBus;
  readonly hooks: KernelHookBus;
  readonly registries: Registries;
  readonly times: TimeTree;
}

/** What one plugin is made of, in the order of making. */
export interface ComposedPlugin {
  readonly id: string;
  readonly instances: readonly object[];
}

export interface Composition {
  readonly plugins: readonly ComposedPlugin[];
  /** By contract name. */
  readonly providers: ReadonlyMap<string, object>;
}

/** @throws KernelError 'COMPOSE_FAILED' with all faults of the plugins' definitions, or the first of a constructor. */
export function compose(input: CompositionInput): Composition {
  check(input.plugins);
  for (const { id, definition } of input.plugins) input.hooks.declare(id, definition.hooks);
  return new Composer(input).run();
}

function check(plugins: readonly LoadedPlugin[]): void {
  const problems: Problem[] = plugins.flatMap(checkInjections);
  throwProblems('COMPOSE_FAILED', 'the plugins cannot be composed', problems);
}

class Composer {
  private readonly root: DependencyContainer = createRootContainer();
  private readonly providers = new Map<string, object>();
  private readonly available: ReadonlySet<string>;

  constructor(private readonly input: CompositionInput) {
    const { plugins, clock, host, bus } = input;
    this.available = new Set(plugins.flatMap(({ manifest }) => manifest.provides));
    this.root.registerInstance(CLOCK as symbol, clock);
    this.root.registerInstance(HOST as symbol, host);
    this.root.registerInstance(MESSAGE_BUS as symbol, bus);
    for (const token of registriesUsed(plugins)) {
      this.root.registerInstance(token as symbol, input.registries.get(token));
    }
  }

  run(): Composition {
    const { times, plugins } = this.input;
    const node = times.begin(times.root, 'compose');
    const composed = plugins.map((plugin, order) => this.composePlugin(plugin, order, node));
    times.end(node);
    return { plugins: composed, providers: this.providers };
  }

  private composePlugin(plugin: LoadedPlugin, order: number, parent: TimeNode): ComposedPlugin {
    const { times } = this.input;
    const node = times.begin(parent, plugin.id);
    const container = this.pluginContainer(plugin, order);
    const maker = new Maker(plugin.id, container);
    for (const { tokens, useClass } of plugin.definition.provides) {
      for (const token of tokens) {
        this.root.register(token as symbol, { useFactory: () => maker.make(useClass) });
      }
    }
    for (const { tokens, useClass } of plugin.definition.provides) {
      const instance = maker.make(useClass);
      for (const token of tokens) this.providers.set(contractName(token), instance);
    }
    for (const { useClass, when } of plugin.definition.parts) {
      if (when.every((token) => this.isAvailable(token))) maker.make(useClass);
    }
    times.end(node);
    return { id: plugin.id, instances: maker.made };
  }

  private pluginContainer({ id, config }: LoadedPlugin, order: number): DependencyContainer {
    const container = this.root.createChildContainer();
    container.registerInstance(CONFIG as symbol, config);
    container.registerInstance(LOGGER as symbol, this.input.log.child({ plugin: id }));
    container.registerInstance(HOOKS as symbol, this.input.hooks.view(id, order));
    return container;
  }

  private isAvailable(token: Contract<unknown>): boolean {
    return (
      isRegistry(token) ||
      this.root.isRegistered(token as symbol, true) ||
      this.available.has(contractName(token))
    );
  }
}

/** Makes each class of one plugin once. */
class Maker {
  readonly made: object[] = [];
  private readonly byClass = new Map<Constructor<object>, object>();
  private readonly making: Constructor<object>[] = [];
  private failure: { readonly error: unknown; readonly type: string } | undefined;

  constructor(
    private readonly plugin: string,
    private readonly container: DependencyContainer,
  ) {}

  make(type: Constructor<object>): object {
    const found = this.byClass.get(type);
    if (found !== undefined) return found;
    if (this.making.includes(type)) {
      const path = [...this.making.slice(this.making.indexOf(type)), type]
        .map((each) => each.name)
        .join(' → ');
      const text = `plugin ${this.plugin}: its classes need each other in a circle: ${path}`;
      const error = new KernelError('COMPOSE_FAILED', text, { plugin: this.plugin });
      this.failure = { error, type: type.name };
      throw error;
    }
    this.making.push(type);
    try {
      const instance = this.container.resolve<object>(type);
      this.byClass.set(type, instance);
      this.made.push(instance);
      return instance;
    } catch (error) {
      throw this.explain(type, error);
    } finally {
      this.making.pop();
    }
  }

  /** tsyringe wraps what a constructor deep below throws into its own text: the first failure is the one to tell. */
  private explain(type: Constructor<object>, error: unknown): KernelError {
    this.failure ??= { error, type: type.name };
    const { error: cause } = this.failure;
    if (cause instanceof KernelError) return cause;
    const text = `plugin ${this.plugin}: constructing ${this.failure.type} failed: ${errorText(cause)}`;
    return new KernelError('COMPOSE_FAILED', text, { plugin: this.plugin, cause });
  }
}

function registriesUsed(plugins: readonly LoadedPlugin[]): Set<RegistryContract<unknown>> {
  const used = new Set<RegistryContract<unknown>>();
  for (const { definition } of plugins) {
    for (const { useClass } of [...definition.provides, ...definition.parts]) {
      for (const { token } of injectionsOf(useClass)) {
        if (isRegistry(token)) used.add(token as RegistryContract<unknown>);
      }
    }
  }
  return used;
}
