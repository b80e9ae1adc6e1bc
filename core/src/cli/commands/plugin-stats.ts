/** `angarium plugins stats`: which plugin's hooks were called how often and took how long; how the start went. */
import type { TapStats } from '../../hooks/taps.js';
import { renderTimeTree, type TimeNode } from '../../time-tree.js';
import type { ServerStats } from '../../workers/status.js';
import { defineBuiltIn } from '../builtin.js';
import { indent, table } from '../text-table.js';
import { askRunning } from './ask-server.js';

interface StatsResult {
  readonly workers: number;
  readonly hooksInFlight: number;
  /** Summed over the workers, the most time first. */
  readonly hooks: readonly TapStats[];
  /** Of the worker that took longest to start. */
  readonly times: TimeNode | null;
}

const timeoutMs = 15_000;

export const pluginsStats = defineBuiltIn<StatsResult>({
  name: 'plugins stats',
  summary: 'hook calls, time and errors of each plugin, and the times of the start',
  async run(_context, invocation) {
    return summed(await askRunning<ServerStats>(invocation, { op: 'stats' }, timeoutMs));
  },
  text: statsText,
});

/** Adds up what the workers say. */
export function summed(workers: ServerStats): StatsResult {
  const rows = new Map<string, TapStats>();
  for (const row of workers.flatMap(({ hooks }) => hooks)) {
    const key = `${row.plugin} ${row.hook}`;
    const known = rows.get(key);
    rows.set(key, known === undefined ? row : sum(known, row));
  }
  const times = workers.map((worker) => worker.times);
  return {
    workers: workers.length,
    hooksInFlight: workers.reduce((total, { hooksInFlight }) => total + hooksInFlight, 0),
    hooks: [...rows.values()].sort((a, b) => b.estimatedTotalMs - a.estimatedTotalMs),
    times: times.toSorted((a, b) => (b.durationMs ?? 0) - (a.durationMs ?? 0))[0] ?? null,
  };
}

function sum(a: TapStats, b: TapStats): TapStats {
  const calls = a.calls + b.calls;
  const estimatedTotalMs = a.estimatedTotalMs + b.estimatedTotalMs;
  return {
    plugin: a.plugin,
    hook: a.hook,
    calls,
    errors: a.errors + b.errors,
    refusals: a.refusals + b.refusals,
    late: a.late + b.late,
    meanMs: calls === 0 ? 0 : estimatedTotalMs / calls,
    estimatedTotalMs,
  };
}

function statsText({ workers, hooks, times }: StatsResult): string {
  const rows = hooks.map((row) => [
    row.plugin,
    row.hook,
    row.calls,
    row.errors,
    row.refusals,
    row.late,
    Number(row.meanMs.toFixed(3)),
    Math.round(row.estimatedTotalMs),
  ]);
  return [
    `Hooks, summed over ${workers} ${workers === 1 ? 'worker' : 'workers'}:`,
    hooks.length === 0
      ? '  no plugin taps any'
      : indent(table(rows, ['plugin', 'hook', 'calls', 'errors', 'refusals', 'late', 'mean ms', 'total ms'])),
    '',
    'Start of the slowest worker:',
    times === null ? '  –' : indent(renderTimeTree(times)),
  ].join('\n');
}
