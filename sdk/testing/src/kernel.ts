/**
 * A kernel in a test, with chosen plugins. Installed plugins are named (their package is read as the server would),
 * others are given as objects. Nothing listens: clients are connected through pairs of streams.
 */
import { type Duplex, duplexPair } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  type ConnectionOverOptions,
  connectionOver,
  createKernel,
  findPackageDir,
  type Kernel,
  type PluginSource,
  planInMemory,
  readPluginPackage,
  systemClock,
  type TestableConnection,
} from '@angarium/core';
import type { Clock, Contract, Host, MessageBus, PluginDefinition, Service } from '@angarium/sdk';
import { RecordingLogger, temporaryFolder, testHost } from './host.js';

/** A name (`imap`, a package), a name with configuration, or a plugin as an object. */
export type TestPlugin =
  | string
  | { readonly name: string; readonly config?: Readonly<Record<string, unknown>> }
  | PluginSource;

export interface TestKernelOptions {
  readonly plugins: readonly TestPlugin[];
  /** Default: a temporary folder that goes with the kernel. */
  readonly dataDir?: string;
  readonly clock?: Clock;
  readonly host?: Partial<Host>;
  readonly bus?: MessageBus;
}

export interface TestKernel extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly log: RecordingLogger;
  readonly host: Host & { readonly announcements: string[] };
  readonly dataDir: string;
  get<T>(token: Contract<T>): T;
  /** The client's end of a connection to a service; make a LineClient of it. */
  connect(service: string, options?: ConnectionOverOptions): ReturnType<typeof duplexPair>[0];
  /** The connection objects that the sessions got, newest last. */
  readonly connections: readonly TestableConnection[];
}

/** Started when it resolves. Dispose stops the plugins and removes the folder it made. */
export async function createTestKernel(options: TestKernelOptions): Promise<TestKernel> {
  const folder = options.dataDir === undefined ? temporaryFolder() : undefined;
  const dataDir = options.dataDir ?? folder!.path;
  const log = new RecordingLogger();
  const sources = await Promise.all(options.plugins.map(sourceOf));
  const host = testHost(dataDir, { plugins: sources.map(({ name }) => name), ...options.host });
  const kernel = createKernel({
    plugins: planInMemory(sources),
    host,
    log,
    clock: options.clock ?? systemClock,
    ...(options.bus && { bus: options.bus }),
  });
  try {
    await kernel.start();
  } catch (error) {
    folder?.[Symbol.dispose]();
    throw error;
  }
  const connections: TestableConnection[] = [];
  return {
    kernel,
    log,
    host,
    dataDir,
    connections,
    get: (token) => kernel.get(token),
    connect(name, connectionOptions = {}) {
      const service = serviceOf(kernel, name);
      const [client, server] = duplexPair();
      const connection = connectionOver(takingCopies(server), {
        id: `test-${connections.length + 1}`,
        service: name,
        idleTimeoutMs: service.loginTimeoutMs,
        ...(options.clock && { clock: options.clock }),
        ...connectionOptions,
      });
      connections.push(connection);
      void service.accept(connection).then(
        () => connection.close(),
        (error: unknown) => connection.destroy(error as Error),
      );
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.destroy();
      await kernel.stop();
      folder?.[Symbol.dispose]();
    },
  };
}

async function sourceOf(plugin: TestPlugin): Promise<PluginSource> {
  const { name, config } = typeof plugin === 'string' ? { name: plugin, config: undefined } : plugin;
  if (typeof plugin !== 'string' && 'definition' in plugin) return plugin;
  const packageName = name.includes('/') ? name : `@angarium/plugin-${name}`;
  const dir = findPackageDir(packageName, [import.meta.dirname, process.cwd()]);
  if (dir === undefined) throw new Error(`the package ${packageName} is not installed`);
  const found = readPluginPackage(dir);
  if (found.problems.length > 0) throw new Error(found.problems.map(({ text }) => text).join('\n'));
  const module = (await import(pathToFileURL(found.entryFile).href)) as { default: PluginDefinition };
  return {
    name: packageName,
    manifest: found.manifest,
    definition: module.default,
    ...(config && { config }),
    ...(found.configSchema && { configSchema: found.configSchema }),
  };
}

function serviceOf(kernel: Kernel, name: string): Service {
  const service = kernel.services.find((candidate) => candidate.name === name);
  if (service) return service;
  throw new Error(`no service ${name}; there are ${kernel.services.map((s) => s.name).join(', ') || 'none'}`);
}

/** A socket that says it has taken octets is through with them; a pair of streams would hand on the very memory. */
function takingCopies(stream: Duplex): Duplex {
  const write = stream._write.bind(stream);
  stream._write = (chunk, encoding, done) => write(Buffer.from(chunk), encoding, done);
  return stream;
}
