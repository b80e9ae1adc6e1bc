/** Serving by this process alone, for debuggers and containers of one process. It cannot exchange its plugins. */
import { randomBytes } from 'node:crypto';
import type { Crew, CrewOptions } from './crew.js';
import type { BusLine, WorkerStats, WorkerStatus } from './ipc.js';
import { RelayBus } from './messages.js';
import type { Ports } from './ports-file.js';
import { ServerProcess } from './server-process.js';

export class SingleCrew implements Crew {
  private readonly bus: RelayBus;
  private readonly server: ServerProcess;

  constructor(private readonly options: CrewOptions) {
    const { log, version } = options;
    this.bus = new RelayBus((lines) => options.onBus(lines), log);
    this.server = new ServerProcess({
      plan: options.edition().plan,
      workerId: 1,
      idPrefix: '',
      version,
      log,
      bus: this.bus,
      ticketKeys: randomBytes(48),
      isLeader: () => true,
      announce: (text) => options.announce(text),
    });
  }

  async start(): Promise<void> {
    await this.server.start();
    this.options.onChange();
  }

  /** Code that is loaded stays loaded, so only certificates can be taken up. */
  async reload(): Promise<void> {
    this.server.reloadCertificates();
    this.options.log.warn('a single process takes up new certificates only; restart it for the manifest');
  }

  async stop(): Promise<void> {
    await this.server.stop(this.options.edition().plan.manifest.settings.limits.drainSeconds * 1000);
  }

  ports(): Ports {
    return this.server.addresses();
  }

  async status(): Promise<readonly WorkerStatus[]> {
    return [await this.server.status()];
  }

  async stats(): Promise<readonly WorkerStats[]> {
    return [this.server.stats()];
  }

  publish(lines: readonly BusLine[]): void {
    this.bus.receive(lines);
  }
}
