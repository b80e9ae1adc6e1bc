/** @angarium/core: a kernel for the CLI, the workers and @angarium/testing. */
export { systemClock } from './clock.js';
export {
  type BoundAddress,
  type ConnectionOverOptions,
  type ConnectionRow,
  type ConnectionTimeouts,
  connectionOver,
  type LimitSettings,
  ListenError,
  Listeners,
  type ListenersOptions,
  type TemporaryTls,
  type TestableConnection,
  type TlsAcceptor,
  temporaryTls,
} from './connections/index.js';
export { formatProblem, KernelError, type KernelErrorCode, type Problem } from './errors.js';
export type { FlightLimits } from './hooks/flights.js';
export type { TapStats } from './hooks/taps.js';
export { createKernel, type Kernel, type KernelOptions, type KernelStats } from './kernel.js';
export { type Manifest, type ManifestSource, readManifest, type Settings } from './manifest/manifest.js';
export { lonelyBus, MessageHub } from './message-hub.js';
export { type PluginSource, planInMemory } from './plugins/in-memory.js';
export { findPackageDir, type PluginPackage, readPluginPackage } from './plugins/package.js';
export {
  loadPlan,
  loadPlugins,
  type PlannedPlugin,
  type PluginPlan,
  planPlugins,
} from './plugins/plan-plugins.js';
export type { LoadedPlugin, PluginManifest } from './plugins/types.js';
export { renderTimeTree, type TimeNode } from './time-tree.js';
