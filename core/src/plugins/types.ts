/** A plugin as the kernel sees it, before and after its code is loaded. */
import type { PluginDefinition } from '@angarium/sdk';

/** A command that a plugin brings; known without loading its code. */
export interface CommandSummary {
  readonly name: string;
  readonly summary: string;
  /** What is composed to run it; default: 'needed'. */
  readonly plugins?: 'needed' | 'all';
  /** Exit status when it fails for a reason of the server's; default 1. */
  readonly failureStatus?: number;
}

/** The `angarium` key of a plugin's package.json, with everything filled in. */
export interface PluginManifest {
  /** Semver range of the SDK. */
  readonly sdk: string;
  /** Contract names: `name@1`, or `registry:name@1`. */
  readonly provides: readonly string[];
  readonly requires: readonly string[];
  readonly optional: readonly string[];
  /** Path of the JSON schema of its configuration, in its folder. */
  readonly config?: string;
  readonly permissions: readonly string[];
  readonly commands: readonly CommandSummary[];
}

export const emptyPluginManifest: PluginManifest = {
  sdk: '*',
  provides: [],
  requires: [],
  optional: [],
  permissions: [],
  commands: [],
};

/** What planning needs. */
export interface Plannable {
  /** As the operator writes it: `x` for `@angarium/plugin-x`, else the package's name. */
  readonly id: string;
  readonly manifest: PluginManifest;
}

/** A plugin ready to be composed. */
export interface LoadedPlugin extends Plannable {
  readonly definition: PluginDefinition;
  /** Validated, defaults filled in, secrets resolved. */
  readonly config: unknown;
}

const ownPrefix = '@angarium/plugin-';

/** `x` → `@angarium/plugin-x`; a name that names a package already (a scope, a slash) stays. */
export function packageNameOf(id: string): string {
  return /^[a-z][a-z0-9-]*$/.test(id) ? ownPrefix + id : id;
}

export function pluginIdOf(packageName: string): string {
  return packageName.startsWith(ownPrefix) ? packageName.slice(ownPrefix.length) : packageName;
}
