/**
 * One process that serves: the kernel with its plugins, the sockets, the certificates. A worker of the cluster
 * is one, and so is `serve --single`; what lies between processes comes in through the options.
 */
import { type Logger, type MessageBus, STATUS_SOURCES } from '@angarium/sdk';
import { serverNameOf } from '../cli/command-kernel.js';
import { systemClock } from '../clock.js';
import type { Certificates } from '../connections/certificates.js';
import type { BoundAddress, ListenTarget } from '../connections/listener.js';
import { Listeners } from '../connections/listeners.js';
import { createTlsAcceptor } from '../connections/tls.js';
import { errorText } from '../errors.js';
import { createKernel, type Kernel } from '../kernel.js';
import { runDirOf } from '../manifest/manifest.js';
import { loadPlugins, type PluginPlan } from '../plugins/plan-plugins.js';
import type { WorkerStats, WorkerStatus } from './ipc.js';
import { openCertificates } from './tls-setup.js';

export interface ServerProcessOptions {
  readonly plan: PluginPlan;
  readonly workerId: number;
  readonly idPrefix: string;
  readonly version: string;
  readonly log: Logger;
  readonly bus: MessageBus;
  readonly ticketKeys: Buffer;
  isLeader(): boolean;
  announce(text: string): void;
  /** Undefined: this process is alone, and the sockets are its own. */
  readonly resolve?: (target: ListenTarget, taken?: number) => Promise<number>;
}

export class ServerProcess {
  private kernel: Kernel | undefined;
  private listeners: Listeners | undefined;
  private certificates: Certificates | undefined;
  private readonly startedMs = performance.now();
  private stopping: Promise<void> | undefined;

  constructor(private readonly options: ServerProcessOptions) {}

  /** Starts the plugins, then listens. @throws KernelError, ListenError; what had started is stopped again. */
  async start(): Promise<void> {
    const { plan, log, bus, idPrefix, resolve, ticketKeys } = this.options;
    const { manifest } = plan;
    const { limits } = manifest.settings;
    this.certificates = openCertificates(manifest, { ticketKeys, log, clock: systemClock });
    const kernel = createKernel({
      plugins: await loadPlugins(plan),
      host: this.host(),
      log,
      bus,
      startTimeoutMs: limits.startSeconds * 1000,
      stopTimeoutMs: limits.stopSeconds * 1000,
      hookLimits: { budgetMs: limits.hookBudgetMs, limitMs: limits.hookLimitMs },
    });
    await kernel.start();
    this.kernel = kernel;
    this.listeners = new Listeners({
      log,
      clock: systemClock,
      dataDir: manifest.dataDir,
      limits: { maxConnections: limits.connections, maxConnectionsPerAddress: limits.perAddress },
      idPrefix,
      tls: createTlsAcceptor(this.certificates),
      hooks: kernel.hooks,
      ...(resolve !== undefined && { resolve }),
    });
    try {
      await this.listeners.listen(kernel.services);
    } catch (error) {
      await this.stop(0);
      throw error;
    }
    await kernel.hooks.hook('server.ready').call();
  }

  /** By service, in the order of its listen list. */
  addresses(): Record<string, BoundAddress[]> {
    return this.listeners?.addresses() ?? {};
  }

  /** Drains the clients until the deadline, then stops the plugins. Never throws. */
  stop(deadlineMs: number): Promise<void> {
    this.stopping ??= this.stopOnce(deadlineMs);
    return this.stopping;
  }

  async status(): Promise<WorkerStatus> {
    const sources: Record<string, unknown> = {};
    for (const source of this.kernel?.registry(STATUS_SOURCES).items ?? []) {
      try {
        sources[source.name] = await source.read();
      } catch (error) {
        sources[source.name] = { error: errorText(error) };
      }
    }
    return {
      id: this.options.workerId,
      pid: process.pid,
      isLeader: this.options.isLeader(),
      uptimeMs: Math.round(performance.now() - this.startedMs),
      rssBytes: process.memoryUsage.rss(),
      accepted: this.listeners?.acceptedCount ?? 0,
      connections: this.listeners?.rows() ?? [],
      sources,
    };
  }

  stats(): WorkerStats {
    if (this.kernel === undefined) throw new Error('the worker has not started yet');
    return this.kernel.stats();
  }

  reloadCertificates(): void {
    this.certificates?.reload();
  }

  setTicketKeys(keys: Buffer): void {
    this.certificates?.setTicketKeys(keys);
  }

  private host() {
    const { plan, workerId, version, isLeader, announce } = this.options;
    const { manifest } = plan;
    return {
      role: 'server',
      workerId,
      get isLeader(): boolean {
        return isLeader();
      },
      dataDir: manifest.dataDir,
      runDir: runDirOf(manifest),
      serverName: serverNameOf(manifest),
      version,
      plugins: plan.plugins.map(({ id }) => id),
      announce: (text: string) => announce(text),
    } as const;
  }

  private async stopOnce(deadlineMs: number): Promise<void> {
    const { log } = this.options;
    const { kernel, listeners } = this;
    const attempt = async (what: string, work: () => Promise<unknown> | undefined): Promise<void> => {
      try {
        await work();
      } catch (err) {
        log.error(`${what} failed`, { err });
      }
    };
    await attempt('closing the sockets', () => listeners?.stopAccepting());
    await attempt('telling the plugins', () => kernel?.hooks.hook('server.draining').call());
    await attempt('draining', () => listeners?.drain(deadlineMs));
    await attempt('stopping the plugins', () => kernel?.stop());
    this.certificates?.[Symbol.dispose]();
  }
}
