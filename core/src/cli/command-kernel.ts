/** A kernel for a command: role 'command', no sockets, only the plugins that are needed. */
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Host, Logger, MessageBus } from '@angarium/sdk';
import { createKernel, type Kernel } from '../kernel.js';
import { type Manifest, runDirOf } from '../manifest/manifest.js';
import { lonelyBus } from '../message-hub.js';
import { loadPlugins, type PlannedPlugin, type PluginPlan } from '../plugins/plan-plugins.js';

export interface CommandKernelOptions {
  readonly log: Logger;
  readonly version: string;
  readonly announce: (text: string) => void;
  /** Default: one that reaches nobody. */
  readonly bus?: MessageBus;
}

/** Loads, composes and starts; the caller stops it. @throws KernelError */
export async function startCommandKernel(
  planned: Pick<PluginPlan, 'manifest' | 'plugins'>,
  options: CommandKernelOptions,
): Promise<Kernel> {
  const { manifest } = planned;
  const host = commandHost(manifest, options);
  mkdirSync(host.runDir, { recursive: true, mode: 0o711 });
  const { limits } = manifest.settings;
  const kernel = createKernel({
    plugins: await loadPlugins(planned),
    host,
    log: options.log,
    bus: options.bus ?? lonelyBus(),
    startTimeoutMs: limits.startSeconds * 1000,
    stopTimeoutMs: limits.stopSeconds * 1000,
    hookLimits: { budgetMs: limits.hookBudgetMs, limitMs: limits.hookLimitMs },
  });
  await kernel.start();
  return kernel;
}

function commandHost(manifest: Manifest, { version, announce }: CommandKernelOptions): Host {
  return {
    role: 'command',
    workerId: 0,
    isLeader: false,
    dataDir: manifest.dataDir,
    runDir: runDirOf(manifest),
    serverName: serverNameOf(manifest),
    version,
    plugins: Object.keys(manifest.settings.plugins),
    announce,
  };
}

/** The name that greetings show. */
export function serverNameOf({ settings }: Pick<Manifest, 'settings'>): string {
  return settings.serverName ?? hostname();
}

/**
 * The owner, all it requires, all of that, and what they would use if it is there, with whoever says that he adds to a registry
 * that they name; in start order.
 */
export function neededFor(owner: string, plugins: readonly PlannedPlugin[]): PlannedPlugin[] {
  const providers = new Map<string, PlannedPlugin[]>();
  for (const plugin of plugins) {
    for (const name of plugin.manifest.provides)
      providers.set(name, [...(providers.get(name) ?? []), plugin]);
  }
  const needed = new Set<PlannedPlugin>();
  const visit = (plugin: PlannedPlugin): void => {
    if (needed.has(plugin)) return;
    needed.add(plugin);
    for (const name of [...plugin.manifest.requires, ...plugin.manifest.optional]) {
      for (const provider of providers.get(name) ?? []) visit(provider);
    }
  };
  for (const plugin of plugins) if (plugin.id === owner) visit(plugin);
  return plugins.filter((plugin) => needed.has(plugin));
}
