/**
 * From the operator's manifest to plugins in start order, with their configuration; no plugin's code is loaded.
 * `loadPlugins` then imports the code and puts the secrets in.
 */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PluginDefinition } from '@angarium/sdk';
import { errorText, KernelError, type Problem, throwProblems } from '../errors.js';
import {
  faultProblem,
  type Manifest,
  type ManifestSource,
  readManifest,
  sortProblems,
} from '../manifest/manifest.js';
import { resolveSecrets } from '../manifest/secrets.js';
import type { SchemaFault } from '../schema/explain.js';
import { type DataPath, formatPath } from '../schema/path.js';
import type { JsonSchema } from '../schema/published.js';
import { compileSchema } from '../schema/validator.js';
import { nearestHint } from '../text/nearest.js';
import { checkSdkIdentity, findPackageDir, type PluginPackage, readPluginPackage } from './package.js';
import { plan } from './plan.js';
import { type LoadedPlugin, packageNameOf, pluginIdOf } from './types.js';

export interface PlannedPlugin extends PluginPackage {
  /** Validated, defaults filled in; secrets are still references, so it may be shown. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Where the configuration is in the manifest. */
  readonly configPath: DataPath;
}

export interface PluginPlan {
  readonly manifest: Manifest;
  /** In start order. */
  readonly plugins: readonly PlannedPlugin[];
  /** Of the manifest, the packages, their configuration and their needs; sorted by place. */
  readonly problems: readonly Problem[];
}

/** Never throws for what operators or authors wrote: see `problems`. */
export function planPlugins(manifest: Manifest): PluginPlan {
  const problems: Problem[] = [...manifest.problems];
  const places = searchPlaces(manifest);
  const enabled: PlannedPlugin[] = [];
  for (const key of Object.keys(manifest.settings.plugins)) {
    const found = findEnabled(key, manifest, places, problems);
    if (found !== undefined) enabled.push(found);
  }
  const installed = installedPlugins(places);
  const { order, problems: planProblems } = plan(enabled, {
    whoProvides: (contract) =>
      installed().find(({ manifest: { provides } }) => provides.includes(contract))?.id,
  });
  for (const { plugin, text, hint } of planProblems) {
    const path = enabled.findLast(({ id }) => id === plugin)?.configPath ?? ['plugins'];
    const key = String(path.at(-1));
    problems.push(manifest.problemAt(path.slice(0, -1), text, { key, ...(hint !== undefined && { hint }) }));
  }
  return { manifest, plugins: order, problems: sortProblems(problems, manifest.file) };
}

/** @throws KernelError 'MANIFEST_INVALID' with every problem. */
export function loadPlan(source: ManifestSource): PluginPlan {
  const planned = planPlugins(readManifest(source));
  requireValid(planned);
  return planned;
}

/** @throws KernelError 'MANIFEST_INVALID' with every problem. */
export function requireValid({ problems }: PluginPlan): void {
  throwProblems('MANIFEST_INVALID', 'the manifest has errors', problems);
}

/** Where packages are looked for: from the manifest's folder upwards, then from the server's own. */
function searchPlaces(manifest: Pick<Manifest, 'dir'>): string[] {
  return [manifest.dir, import.meta.dirname];
}

function findEnabled(
  key: string,
  manifest: Manifest,
  places: readonly string[],
  problems: Problem[],
): PlannedPlugin | undefined {
  const packageName = packageNameOf(key);
  const dir = findPackageDir(packageName, places);
  if (dir === undefined) {
    const known = installedPlugins(places)().map(({ id }) => id);
    const text = `plugin ${key}: the package ${packageName} is not installed`;
    problems.push(manifest.problemAt(['plugins'], text, { key, ...nearestHint(key, known) }));
    return undefined;
  }
  const found = readPluginPackage(dir);
  problems.push(...found.problems);
  if (found.problems.length === 0) problems.push(...checkSdkIdentity(found));
  const configPath = ['plugins', key];
  const raw = manifest.settings.plugins[key];
  const config = structuredClone(typeof raw === 'object' ? (raw ?? {}) : {}) as Record<string, unknown>;
  const faults = found.problems.length > 0 ? [] : checkConfig(found, config, problems);
  problems.push(
    ...faults.map((fault) => faultProblem(withFullPath(fault, configPath), manifest.problemAt, configPath)),
  );
  return { ...found, config, configPath };
}

/** Fills defaults into `config`. */
export function checkConfig(
  {
    id,
    dir,
    configSchema,
    manifest,
  }: Pick<PluginPackage, 'id' | 'manifest' | 'configSchema'> & { dir?: string },
  config: Record<string, unknown>,
  problems: Problem[],
): SchemaFault[] {
  const schema: JsonSchema = configSchema ?? { type: 'object', additionalProperties: false };
  try {
    return compileSchema(schema)(config);
  } catch (error) {
    const text = `plugin ${id}: its configuration schema is invalid: ${errorText(error)}`;
    problems.push({ ...(dir !== undefined && { file: join(dir, manifest.config ?? '') }), text });
    return [];
  }
}

/** A plugin's faults are told with the path from the manifest's root. */
function withFullPath(fault: SchemaFault, prefix: DataPath): SchemaFault {
  const local = formatPath(fault.path);
  const full = formatPath([...prefix, ...fault.path]);
  if (local === '') {
    const atRoot = /^(unknown option "[^"]*"|"[^"]*" is missing)/.exec(fault.text)?.[0];
    const text = atRoot === undefined ? fault.text.replace('the file', full) : `${atRoot} in ${full}`;
    return { ...fault, text };
  }
  return { ...fault, text: fault.text.replace(local, () => full) };
}

/** The plugins in the `@angarium` scope that could be enabled; read when first asked. */
function installedPlugins(places: readonly string[]): () => PluginPackage[] {
  let found: PluginPackage[] | undefined;
  return () => {
    found ??= readInstalled(places);
    return found;
  };
}

function readInstalled(places: readonly string[]): PluginPackage[] {
  const names = new Set<string>();
  for (const start of places) {
    for (let dir = start; ; dir = dirname(dir)) {
      for (const name of listScope(join(dir, 'node_modules', '@angarium'))) names.add(`@angarium/${name}`);
      if (dirname(dir) === dir) break;
    }
  }
  return [...names].sort().flatMap((name) => {
    const dir = pluginIdOf(name) === name ? undefined : findPackageDir(name, places);
    return dir === undefined ? [] : [readPluginPackage(dir)];
  });
}

/** As `readInstalled`, for a manifest. */
export function installedFor(manifest: Pick<Manifest, 'dir'>): PluginPackage[] {
  return readInstalled(searchPlaces(manifest));
}

function listScope(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** Imports the plugins' code and resolves their secrets. @throws KernelError naming what failed. */
export async function loadPlugins(
  planned: Pick<PluginPlan, 'manifest' | 'plugins'>,
): Promise<LoadedPlugin[]> {
  const { manifest, plugins } = planned;
  const problems: Problem[] = [];
  const loaded: LoadedPlugin[] = [];
  for (const plugin of plugins) {
    const missing: (Problem & { path: DataPath })[] = [];
    const config = resolveSecrets(plugin.config, manifest, missing, plugin.configPath);
    problems.push(...missing.map(({ path, text }) => manifest.problemAt(path, text)));
    const definition = await importDefinition(plugin);
    loaded.push({ id: plugin.id, manifest: plugin.manifest, definition, config });
  }
  throwProblems('MANIFEST_INVALID', 'the manifest has errors', problems);
  return loaded;
}

async function importDefinition({ id, entryFile }: PlannedPlugin): Promise<PluginDefinition> {
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(entryFile).href);
  } catch (cause) {
    const text = `plugin ${id}: its code cannot be loaded: ${errorText(cause)}`;
    throw new KernelError('COMPOSE_FAILED', text, { plugin: id, cause });
  }
  const definition = module.default as Partial<PluginDefinition> | undefined;
  if (!Array.isArray(definition?.provides) || !Array.isArray(definition.parts)) {
    const text = `plugin ${id}: the default export of ${entryFile} is not a plugin made by definePlugin`;
    throw new KernelError('COMPOSE_FAILED', text, { plugin: id });
  }
  return definition as PluginDefinition;
}
