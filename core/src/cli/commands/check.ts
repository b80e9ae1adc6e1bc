/** `angarium check`: is the manifest right, who needs whom, what starts when, and how long does it take to compose? */
import { tmpdir } from 'node:os';
import { systemClock } from '../../clock.js';
import { compose } from '../../compose.js';
import { errorText, formatProblem, KernelError, type Problem } from '../../errors.js';
import { KernelHookBus } from '../../hooks/bus.js';
import { silentLog } from '../../log/log.js';
import { readManifest } from '../../manifest/manifest.js';
import { lonelyBus } from '../../message-hub.js';
import { loadPlugins, type PlannedPlugin, type PluginPlan, planPlugins } from '../../plugins/plan-plugins.js';
import { Registries } from '../../registries.js';
import { renderTimeTree, type TimeNode, TimeTree } from '../../time-tree.js';
import { defineBuiltIn, type Invocation } from '../builtin.js';
import { serverNameOf } from '../command-kernel.js';
import { indent, table } from '../text-table.js';

interface CheckResult {
  readonly ok: boolean;
  readonly manifest: string;
  readonly data: string;
  readonly problems: readonly Problem[];
  /** In start order. */
  readonly plugins: readonly CheckedPlugin[];
  readonly times: TimeNode | null;
}

interface CheckedPlugin {
  readonly name: string;
  readonly version: string;
  readonly provides: readonly string[];
  readonly needs: readonly {
    readonly contract: string;
    readonly plugin: string;
    readonly optional: boolean;
  }[];
}

export const check = defineBuiltIn<CheckResult>({
  name: 'check',
  summary: 'validate the manifest and show the plugin graph; nothing is started',
  async run(_context, invocation) {
    const planned = planPlugins(readManifest(invocation.source));
    const problems = [...planned.problems];
    const times = problems.length === 0 ? await composeDry(planned, invocation, problems) : null;
    return {
      ok: problems.length === 0,
      manifest: planned.manifest.file,
      data: planned.manifest.dataDir,
      problems: problems.map((problem) => shortened(problem, invocation)),
      plugins: graph(planned.plugins),
      times,
    };
  },
  text: checkText,
  exitStatus: (result) => (result.ok ? 0 : 1),
});

function shortened(problem: Problem, { shorten }: Invocation): Problem {
  return problem.file === undefined ? problem : { ...problem, file: shorten(problem.file) };
}

/** Constructs everything and starts nothing: constructors open nothing. */
async function composeDry(
  planned: PluginPlan,
  { version }: Invocation,
  problems: Problem[],
): Promise<TimeNode | null> {
  const { manifest } = planned;
  const times = new TimeTree('dry composition', () => performance.now());
  const hooks = new KernelHookBus({ log: silentLog, clock: systemClock });
  try {
    const plugins = await times.measure(times.root, 'load', () => loadPlugins(planned));
    const host = {
      role: 'command',
      workerId: 0,
      isLeader: false,
      dataDir: manifest.dataDir,
      runDir: tmpdir(),
      serverName: serverNameOf(manifest),
      version,
      plugins: plugins.map(({ id }) => id),
      announce: () => {},
    } as const;
    compose({
      plugins,
      host,
      log: silentLog,
      clock: systemClock,
      bus: lonelyBus(),
      hooks,
      registries: new Registries(() => {}),
      times,
    });
  } catch (error) {
    if (error instanceof KernelError && error.problems.length > 0) problems.push(...error.problems);
    else problems.push({ text: errorText(error) });
  } finally {
    hooks[Symbol.dispose]();
  }
  times.end(times.root);
  return times.root;
}

function graph(plugins: readonly PlannedPlugin[]): CheckedPlugin[] {
  const providers = new Map(
    plugins.flatMap(({ id, manifest }) => manifest.provides.map((name) => [name, id])),
  );
  return plugins.map(({ id, version, manifest }) => {
    const needs = [
      ...manifest.requires.map((contract) => ({ contract, optional: false })),
      ...manifest.optional.map((contract) => ({ contract, optional: true })),
    ];
    return {
      name: id,
      version,
      provides: manifest.provides,
      needs: needs.flatMap((need) => {
        const plugin = providers.get(need.contract);
        return plugin === undefined ? [] : [{ ...need, plugin }];
      }),
    };
  });
}

function checkText(result: CheckResult): string {
  const { problems, plugins, times } = result;
  if (problems.length > 0) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    return [...problems.map((problem) => formatProblem(problem)), count].join('\n');
  }
  const rows = plugins.map(({ name, version, provides, needs }, index) => [
    `${index + 1}.`,
    name,
    version,
    provides.join(', ') || '–',
    needs.map((need) => `${need.plugin} (${need.optional ? 'optional ' : ''}${need.contract})`).join(', ') ||
      '–',
  ]);
  return [
    `${result.manifest} is right. Data: ${result.data}`,
    '',
    'Start order:',
    indent(table(rows, ['', 'plugin', 'version', 'provides', 'needs'])),
    '',
    ...(times === null ? [] : [renderTimeTree(times)]),
  ].join('\n');
}
