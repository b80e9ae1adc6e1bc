/**
 * Who starts after whom: pure, without any plugin's code. Every contract has one provider, nothing is missing,
 * nothing goes in circles; beyond that the operator's order decides, so that every start is the same. All problems
 * are found at once.
 */
import type { Problem } from '../errors.js';
import { nearest } from '../text/nearest.js';
import { kernelContracts } from './kernel-contracts.js';
import type { Plannable } from './types.js';

export interface PlanResult<P extends Plannable> {
  /** In start order; what could be ordered, when there are problems. */
  readonly order: readonly P[];
  readonly problems: readonly PlanProblem[];
}

export interface PlanProblem extends Problem {
  /** The plugin at which the operator should look. */
  readonly plugin: string;
}

export interface PlanOptions {
  /** Names a plugin that is there but not enabled and provides the contract, for a hint. */
  readonly whoProvides?: (contract: string) => string | undefined;
}

interface Edge<P> {
  readonly to: P;
  readonly contract: string;
  readonly isOptional: boolean;
}

export function plan<P extends Plannable>(plugins: readonly P[], options: PlanOptions = {}): PlanResult<P> {
  const problems: PlanProblem[] = [...duplicates(plugins), ...commandClashes(plugins)];
  const unique = plugins.filter((plugin, index) => plugins.findIndex((p) => p.id === plugin.id) === index);
  const providers = new Map<string, P>();
  for (const plugin of unique) problems.push(...claim(plugin, providers));
  const edges = new Map<P, Edge<P>[]>();
  for (const plugin of unique) {
    problems.push(...missing(plugin, providers, options));
    edges.set(plugin, edgesOf(plugin, providers));
  }
  const { order, stuck } = sort(unique, edges);
  problems.push(...cycles(stuck, edges));
  return { order, problems };
}

/** Registries need no provider: naming one in a manifest is documentation. */
function isPlanned(contract: string): boolean {
  return !contract.startsWith('registry:');
}

function duplicates(plugins: readonly Plannable[]): PlanProblem[] {
  const seen = new Set<string>();
  return plugins
    .filter(({ id }) => seen.has(id) || !seen.add(id))
    .map(({ id }) => ({ plugin: id, text: `plugin ${id} is enabled twice` }));
}

function commandClashes(plugins: readonly Plannable[]): PlanProblem[] {
  const owners = new Map<string, string>();
  const problems: PlanProblem[] = [];
  for (const { id, manifest } of plugins) {
    for (const { name } of manifest.commands) {
      const other = owners.get(name) ?? id;
      owners.set(name, other);
      if (other === id) continue;
      problems.push({
        plugin: id,
        text: `the command "${name}" is brought by plugin ${other} and by plugin ${id}`,
      });
    }
  }
  return problems;
}

function claim<P extends Plannable>(plugin: P, providers: Map<string, P>): PlanProblem[] {
  const problems: PlanProblem[] = [];
  for (const contract of new Set(plugin.manifest.provides.filter(isPlanned))) {
    const other = providers.get(contract);
    if (kernelContracts.has(contract)) {
      problems.push({
        plugin: plugin.id,
        text: `plugin ${plugin.id} provides ${contract}, which is the kernel's own`,
      });
    } else if (other !== undefined) {
      problems.push({
        plugin: plugin.id,
        text: `${contract} is provided by plugin ${other.id} and by plugin ${plugin.id}`,
        hint: 'enable one of them',
      });
    } else providers.set(contract, plugin);
  }
  return problems;
}

function missing<P extends Plannable>(
  plugin: P,
  providers: ReadonlyMap<string, P>,
  options: PlanOptions,
): PlanProblem[] {
  const { manifest, id } = plugin;
  const problems: PlanProblem[] = [];
  for (const contract of new Set(manifest.requires.filter(isPlanned))) {
    if (providers.get(contract) === plugin) {
      problems.push({ plugin: id, text: `plugin ${id} requires ${contract}, which it provides itself` });
    } else if (!providers.has(contract) && !kernelContracts.has(contract)) {
      problems.push({
        plugin: id,
        text: `plugin ${id} requires ${contract}, which no enabled plugin provides`,
        ...missingHint(contract, providers, options),
      });
    }
  }
  return problems;
}

function missingHint(
  contract: string,
  providers: ReadonlyMap<string, Plannable>,
  options: PlanOptions,
): { hint?: string } {
  const candidate = options.whoProvides?.(contract);
  if (candidate !== undefined) return { hint: `enable plugin ${candidate}` };
  const [name] = contract.split('@');
  for (const [provided, { id }] of providers) {
    if (provided.split('@')[0] === name) return { hint: `plugin ${id} provides ${provided}` };
  }
  const known = [...providers.keys(), ...kernelContracts];
  const near = nearest(
    name!,
    known.map((each) => each.split('@')[0]!),
  );
  return near === undefined
    ? {}
    : { hint: `did you mean ${known.find((each) => each.startsWith(`${near}@`))}?` };
}

function edgesOf<P extends Plannable>(plugin: P, providers: ReadonlyMap<string, P>): Edge<P>[] {
  const edges: Edge<P>[] = [];
  const add = (contracts: readonly string[], isOptional: boolean): void => {
    for (const contract of contracts) {
      const to = providers.get(contract);
      if (to !== undefined && to !== plugin) edges.push({ to, contract, isOptional });
    }
  };
  add(plugin.manifest.requires, false);
  add(plugin.manifest.optional, true);
  return edges;
}

/**
 * One after the other in the operator's order, each right behind what it needs: nobody is put back for what stands further down, so
 * that those who do not need each other (sources of accounts, say) keep the order in which the operator names them.
 */
function sort<P>(
  plugins: readonly P[],
  edges: ReadonlyMap<P, readonly Edge<P>[]>,
): { order: P[]; stuck: P[] } {
  const placed = new Set<P>();
  const stuck = new Set<P>();
  const place = (plugin: P): void => {
    if (placed.has(plugin) || stuck.has(plugin)) return;
    // Until all it needs is placed, who comes back here goes in a circle.
    stuck.add(plugin);
    const needs = edges.get(plugin)!.map(({ to }) => to);
    needs.forEach(place);
    if (!needs.every((need) => placed.has(need))) return;
    stuck.delete(plugin);
    placed.add(plugin);
  };
  plugins.forEach(place);
  return { order: [...placed], stuck: plugins.filter((plugin) => stuck.has(plugin)) };
}

/** One problem for each circle: `a → b (x@1) → a (y@1)`. Those that merely wait for a circle are not named. */
function cycles<P extends Plannable>(
  stuck: readonly P[],
  edges: ReadonlyMap<P, readonly Edge<P>[]>,
): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const visited = new Set<P>();
  const inStuck = new Set(stuck);
  for (const start of stuck) {
    if (visited.has(start)) continue;
    const path: P[] = [];
    let current: P | undefined = start;
    while (current !== undefined && !visited.has(current)) {
      visited.add(current);
      path.push(current);
      current = edges.get(current)!.find(({ to }) => inStuck.has(to))?.to;
    }
    const from = current === undefined ? -1 : path.indexOf(current);
    if (from >= 0) problems.push(cycleProblem(path.slice(from), edges));
  }
  return problems;
}

function cycleProblem<P extends Plannable>(
  circle: readonly P[],
  edges: ReadonlyMap<P, readonly Edge<P>[]>,
): PlanProblem {
  const steps = circle.map((plugin, index) => {
    const to = circle[(index + 1) % circle.length]!;
    const { contract, isOptional } = edges.get(plugin)!.find((edge) => edge.to === to)!;
    return `${to.id} (${isOptional ? 'optional ' : ''}${contract})`;
  });
  const first = circle[0]!.id;
  return { plugin: first, text: `plugins need each other in a circle: ${[first, ...steps].join(' → ')}` };
}
