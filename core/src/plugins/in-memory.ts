/** Plans plugins that are given as objects instead of found by a manifest: for tests. */
import type { PluginDefinition } from '@angarium/sdk';
import { type Problem, throwProblems } from '../errors.js';
import type { JsonSchema } from '../schema/published.js';
import { plan } from './plan.js';
import { checkConfig } from './plan-plugins.js';
import { emptyPluginManifest, type LoadedPlugin, type PluginManifest, pluginIdOf } from './types.js';

export interface PluginSource {
  /** Id or package name. */
  readonly name: string;
  /** The `angarium` key of its package.json; what is absent is empty. */
  readonly manifest?: Partial<PluginManifest>;
  readonly definition: PluginDefinition;
  readonly config?: Readonly<Record<string, unknown>>;
  /** Without a schema the configuration is taken as it is. */
  readonly configSchema?: JsonSchema;
}

/** In start order, ready for createKernel. @throws KernelError 'PLAN_INVALID' with every problem. */
export function planInMemory(sources: readonly PluginSource[]): LoadedPlugin[] {
  const problems: Problem[] = [];
  const plugins = sources.map((source): LoadedPlugin => {
    const id = pluginIdOf(source.name);
    const manifest = { ...emptyPluginManifest, ...source.manifest };
    const config = structuredClone(source.config ?? {}) as Record<string, unknown>;
    if (source.configSchema !== undefined) {
      const faults = checkConfig({ id, manifest, configSchema: source.configSchema }, config, problems);
      for (const { text, hint } of faults) {
        problems.push({ text: `plugin ${id}: config: ${text}`, ...(hint !== undefined && { hint }) });
      }
    }
    return { id, manifest, definition: source.definition, config };
  });
  const planned = plan(plugins);
  problems.push(...planned.problems);
  throwProblems('PLAN_INVALID', 'the plugins cannot be planned', problems);
  return [...planned.order];
}
