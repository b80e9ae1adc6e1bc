/** The hook bus: hooks by name, a view for each plugin, and what `plugins stats` shows. */
import {
  type Clock,
  disposable,
  type HookBus,
  type HookHandle,
  type HookKind,
  type HookName,
  hookCatalogue,
  type Logger,
  type Stage,
  type Tap,
} from '@angarium/sdk';
import { KernelError } from '../errors.js';
import { nearestHint } from '../text/nearest.js';
import { defaultFlightLimits, FlightControl, type FlightLimits } from './flights.js';
import { KernelHook } from './hook.js';
import { stageNumbers, TapRecord, type TapStats, tapStats } from './taps.js';

/** Name → kind, as `hookCatalogue` has it. */
export type HookDeclarations = Readonly<
  Record<string, { readonly kind: HookKind; readonly summary: string }>
>;

export interface KernelHookBusOptions {
  readonly log: Logger;
  readonly clock: Clock;
  readonly limits?: Partial<FlightLimits>;
}

export class KernelHookBus {
  private readonly hooks = new Map<string, KernelHook>();
  private readonly declared = new Map<string, { readonly kind: HookKind; readonly by: string }>();
  private readonly flights: FlightControl;
  private readonly taps = new Set<TapRecord>();
  /** What removed taps did, by plugin and hook. */
  private readonly retired = new Map<string, TapStats>();

  constructor(private readonly options: KernelHookBusOptions) {
    const { log } = options;
    this.flights = new FlightControl(
      options.clock,
      { ...defaultFlightLimits, ...options.limits },
      {
        tapIsLate: ({ plugin, hook }, elapsedMs) => log.warn('hook tap is slow', { plugin, hook, elapsedMs }),
        tapGivenUp: ({ plugin, hook }, elapsedMs) =>
          log.error('hook tap given up', { plugin, hook, elapsedMs }),
      },
    );
  }

  /** Adds a plugin's own hooks. @throws KernelError when another declares the name with another kind. */
  declare(plugin: string, hooks: HookDeclarations): void {
    for (const [name, { kind }] of Object.entries(hooks)) {
      const other = this.declared.get(name) ?? catalogueEntry(name);
      if (other !== undefined && other.kind !== kind) {
        const text = `plugin ${plugin} declares the hook "${name}" as ${kind}, but ${other.by} has it as ${other.kind}`;
        throw new KernelError('COMPOSE_FAILED', text, { plugin });
      }
      this.declared.set(name, { kind, by: plugin });
    }
  }

  /** @param order place in the start order: decides among taps of one stage. */
  view(plugin: string, order: number): HookBus {
    return {
      tap: (name, run, options) => this.tap(plugin, order, name, run, options?.stage ?? 'normal'),
      hook: <N extends HookName>(name: N) => this.find(name, plugin) as HookHandle<HookName> as HookHandle<N>,
    };
  }

  /** One row a plugin and hook, in order of tapping. */
  stats(): TapStats[] {
    const rows = new Map(this.retired);
    for (const tap of this.taps) addTo(rows, tap);
    return [...rows.values()];
  }

  /** Taps under way. */
  get inFlight(): number {
    return this.flights.count;
  }

  /** Hooks that still have taps: after a stop there should be none. */
  tapped(): { readonly hook: string; readonly plugins: readonly string[] }[] {
    return [...this.hooks.values()]
      .filter((hook) => hook.isTapped)
      .map((hook) => ({ hook: hook.name, plugins: hook.records.map((tap) => tap.plugin) }));
  }

  [Symbol.dispose](): void {
    this.flights[Symbol.dispose]();
  }

  private tap<N extends HookName>(
    plugin: string,
    order: number,
    name: N,
    run: Tap<N>,
    stage: Stage,
  ): Disposable {
    const hook = this.find(name, plugin);
    const stageNumber = stageNumbers[stage];
    if (stageNumber === undefined) throw new Error(`unknown stage "${stage}" for a tap of ${name}`);
    const tap = new TapRecord(name, plugin, order, stageNumber, run as TapRecord['run']);
    this.taps.add(tap);
    hook.add(tap);
    return disposable(() => {
      hook.remove(tap);
      this.taps.delete(tap);
      addTo(this.retired, tap);
    });
  }

  private find(name: string, plugin: string): KernelHook {
    const found = this.hooks.get(name);
    if (found !== undefined) return found;
    const entry = this.declared.get(name) ?? catalogueEntry(name);
    if (entry === undefined) throw this.unknown(name, plugin);
    const hook = new KernelHook(name, entry.kind, this.flights, {
      tapFailed: (tap, err) =>
        this.options.log.error('hook tap failed', { plugin: tap.plugin, hook: tap.hook, err }),
    });
    this.hooks.set(name, hook);
    return hook;
  }

  private unknown(name: string, plugin: string): KernelError {
    const known = [...Object.keys(hookCatalogue), ...this.declared.keys()];
    const { hint } = nearestHint(name, known);
    const text = `plugin ${plugin}: there is no hook "${name}"${hint === undefined ? '' : `, ${hint}`}`;
    return new KernelError('UNKNOWN_HOOK', text, { plugin });
  }
}

function catalogueEntry(name: string): { kind: HookKind; by: string } | undefined {
  const entry = Object.hasOwn(hookCatalogue, name) ? hookCatalogue[name] : undefined;
  return entry === undefined ? undefined : { kind: entry.kind, by: 'the SDK' };
}

function addTo(rows: Map<string, TapStats>, tap: TapRecord): void {
  const key = `${tap.plugin}\n${tap.hook}`;
  const row = tapStats(tap);
  const before = rows.get(key);
  rows.set(key, before === undefined ? row : addRows(before, row));
}

function addRows(a: TapStats, b: TapStats): TapStats {
  const calls = a.calls + b.calls;
  const estimatedTotalMs = a.estimatedTotalMs + b.estimatedTotalMs;
  return {
    ...a,
    calls,
    errors: a.errors + b.errors,
    refusals: a.refusals + b.refusals,
    late: a.late + b.late,
    meanMs: calls === 0 ? 0 : estimatedTotalMs / calls,
    estimatedTotalMs,
  };
}
