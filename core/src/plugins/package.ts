/** A plugin's package: its manifest (the `angarium` key of package.json) and its configuration schema, without its code. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { permissions } from '@angarium/sdk';
import semver from 'semver';
import { errorText, type Problem } from '../errors.js';
import { LocatedDocument } from '../manifest/document.js';
import { type JsonSchema, packageSchema } from '../schema/published.js';
import { compileSchema, type Validate } from '../schema/validator.js';
import { nearestHint } from '../text/nearest.js';
import { emptyPluginManifest, type Plannable, type PluginManifest, pluginIdOf } from './types.js';

export interface PluginPackage extends Plannable {
  readonly packageName: string;
  readonly version: string;
  readonly description: string;
  /** Absolute, links resolved. */
  readonly dir: string;
  /** Undefined: the plugin takes no configuration. */
  readonly configSchema: JsonSchema | undefined;
  /** The module whose default export is the plugin. */
  readonly entryFile: string;
  readonly problems: readonly Problem[];
}

interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly description?: string;
  readonly main?: string;
  readonly exports?: unknown;
  readonly angarium?: unknown;
}

let validateManifest: Validate | undefined;

/** @param dir the package's folder. Never throws for what its author wrote: see `problems`. */
export function readPluginPackage(dir: string): PluginPackage {
  const file = join(dir, 'package.json');
  const document = new LocatedDocument(file, readFileSync(file, 'utf8'));
  const json = (document.value ?? {}) as PackageJson;
  const problems: Problem[] = [...document.problems];
  const manifest = checkedManifest(json, document, problems);
  const packageName = json.name ?? dir;
  const id = pluginIdOf(packageName);
  return {
    id,
    packageName,
    version: json.version ?? '0.0.0',
    description: json.description ?? '',
    dir,
    manifest,
    configSchema: readConfigSchema(dir, manifest.config, document, problems),
    entryFile: resolve(dir, entryOf(json)),
    problems: problems.map((problem) => ({ ...problem, text: `plugin ${id}: ${problem.text}` })),
  };
}

function checkedManifest(json: PackageJson, document: LocatedDocument, problems: Problem[]): PluginManifest {
  const { file } = document;
  if (json.angarium === undefined) {
    problems.push({
      file,
      line: 1,
      column: 1,
      text: 'the package is no plugin: its package.json has no "angarium"',
    });
    return emptyPluginManifest;
  }
  validateManifest ??= compileSchema(packageSchema);
  const faults = validateManifest(json.angarium);
  for (const { path, key, text, hint } of faults) {
    const place = document.locate(['angarium', ...path], key);
    problems.push({ file, ...place, text: `angarium: ${text}`, ...(hint !== undefined && { hint }) });
  }
  if (faults.length > 0) return { ...emptyPluginManifest, ...pick(json.angarium) };
  const manifest = { ...emptyPluginManifest, ...(json.angarium as PluginManifest) };
  problems.push(...checkSdk(manifest.sdk, document), ...checkPermissions(manifest.permissions, document));
  return manifest;
}

/** Of a manifest with faults, what is whole: so that its other faults do not make more of them. */
function pick(raw: unknown): Partial<PluginManifest> {
  const lists = ['provides', 'requires', 'optional'] as const;
  const source = (raw ?? {}) as Record<string, unknown>;
  const good = lists.filter((name) => {
    const value = source[name];
    return (
      Array.isArray(value) && value.every((item) => /^(registry:)?[a-z][a-z0-9-]*@[0-9]+$/.test(String(item)))
    );
  });
  return Object.fromEntries(good.map((name) => [name, source[name]]));
}

function checkSdk(range: string, document: LocatedDocument): Problem[] {
  const place = { file: document.file, ...document.locate(['angarium', 'sdk']) };
  if (semver.validRange(range) === null)
    return [{ ...place, text: `sdk: "${range}" is not a version range` }];
  const { version } = hostSdk();
  if (semver.satisfies(version, range, { includePrerelease: true })) return [];
  return [{ ...place, text: `is made for @angarium/sdk ${range}, but this is ${version}` }];
}

function checkPermissions(wanted: readonly string[], document: LocatedDocument): Problem[] {
  const known = permissions.map(({ name }) => name as string);
  return wanted.flatMap((name, index) => {
    if (known.includes(name)) return [];
    const place = document.locate(['angarium', 'permissions', index]);
    const text = `angarium: unknown permission "${name}"; there are ${known.join(', ')}`;
    return [{ file: document.file, ...place, text, ...nearestHint(name, known) }];
  });
}

function readConfigSchema(
  dir: string,
  name: string | undefined,
  document: LocatedDocument,
  problems: Problem[],
): JsonSchema | undefined {
  if (name === undefined) return undefined;
  const file = resolve(dir, name);
  try {
    if (!file.startsWith(dir + sep)) throw new Error('it is outside the package');
    return JSON.parse(readFileSync(file, 'utf8')) as JsonSchema;
  } catch (error) {
    const place = document.locate(['angarium', 'config']);
    problems.push({
      file: document.file,
      ...place,
      text: `its config schema cannot be read: ${errorText(error)}`,
    });
    return undefined;
  }
}

/** The package's main module, by `exports` (conditions node, import, default) or `main`. */
function entryOf({ exports, main }: PackageJson): string {
  const root = typeof exports === 'object' && exports !== null && '.' in exports ? exports['.'] : exports;
  return targetOf(root) ?? main ?? 'index.js';
}

function targetOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return undefined;
  for (const [condition, value] of Object.entries(target)) {
    if (!['node', 'import', 'module-sync', 'default'].includes(condition)) continue;
    const found = targetOf(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The folder of an installed package, climbing from each of `from`; links resolved. */
export function findPackageDir(packageName: string, from: readonly string[]): string | undefined {
  for (const start of from) {
    for (let dir = start; ; dir = dirname(dir)) {
      const candidate = join(dir, 'node_modules', packageName);
      if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
      if (dirname(dir) === dir) break;
    }
  }
  return undefined;
}

let foundHostSdk: { readonly file: string; readonly version: string } | undefined;

/** The SDK that this process runs with. */
export function hostSdk(): { readonly file: string; readonly version: string } {
  if (foundHostSdk !== undefined) return foundHostSdk;
  const file = realpathSync(fileURLToPath(import.meta.resolve('@angarium/sdk')));
  const { version } = JSON.parse(readFileSync(join(dirname(file), '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  foundHostSdk = { file, version };
  return foundHostSdk;
}

/** A second copy of the SDK would have its own injection and hook catalogue: the plugin would be deaf. */
export function checkSdkIdentity({ id, dir }: Pick<PluginPackage, 'id' | 'dir'>): Problem[] {
  const file = join(dir, 'package.json');
  let found: string;
  try {
    found = realpathSync(createRequire(file).resolve('@angarium/sdk'));
  } catch {
    return [
      {
        file,
        text: `plugin ${id} finds no @angarium/sdk`,
        hint: 'install it below the server, or link the SDK',
      },
    ];
  }
  if (found === hostSdk().file) return [];
  const hint = 'install plugins with omit=peer, so that they find the server’s own';
  return [{ file, text: `plugin ${id} has a copy of @angarium/sdk of its own (${found})`, hint }];
}
