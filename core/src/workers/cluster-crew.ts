/** Serving by several processes: node:cluster, whose primary holds the sockets and deals out the clients in turn. */
import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { KernelError } from '../errors.js';
import type { Crew, CrewOptions } from './crew.js';
import type { BusLine, WorkerStats, WorkerStatus } from './ipc.js';
import { PortBook } from './port-book.js';
import type { Ports } from './ports-file.js';
import { WorkerPool, WorkerStartError } from './worker-pool.js';

/** TLS session tickets are sealed with fresh keys so often. */
const ticketKeyLifeMs = 24 * 3_600_000;
const answerTimeoutMs = 5_000;

/**
 * Left to itself, V8 lets a busy heap of 30 MB grow to 200 before it looks for garbage, and gives little back: the memory of a
 * storm would stay for good. Young objects get 16 MB, the old as much again as is alive. (With 40 % instead the heap is
 * a little smaller and marked so often that FETCH of bodies costs twice the CPU.) Flags that node itself was started with win.
 */
const heapFlags = ['--max-semi-space-size=16', '--heap-growing-percent=100'];
/** The primary lives already and only hands out clients: room for its young objects stays as it is. */
const primaryHeapFlags = ['--semi-space-growth-factor=1', '--heap-growing-percent=40'];

export class ClusterCrew implements Crew {
  private readonly pool: WorkerPool;
  private readonly book = new PortBook();
  private ticketKeys = randomBytes(48);
  private rotation: NodeJS.Timeout | undefined;

  constructor(private readonly options: CrewOptions) {
    const limits = () => options.edition().plan.manifest.settings.limits;
    this.pool = new WorkerPool({
      log: options.log,
      hangMs: options.hangMs,
      startOf: () => ({
        source: options.edition().source,
        log: options.logOptions,
        version: options.version,
        ticketKeys: this.ticketKeys.toString('base64'),
      }),
      drainMs: () => limits().drainSeconds * 1000,
      stopMs: () => limits().stopSeconds * 1000,
      resolve: (request) => this.book.resolve(request),
      onAnnounce: (text) => options.announce(text),
      onBus: (lines) => options.onBus(lines),
      onChange: () => options.onChange(),
    });
  }

  async start(): Promise<void> {
    for (const flag of primaryHeapFlags) setFlagsFromString(flag);
    // Round-robin: sessions last for hours, and the system's own choice leaves some workers with most of them.
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('./worker-main.js', import.meta.url)),
      args: [],
      execArgv: [...heapFlags, ...process.execArgv],
    });
    this.rotation = setInterval(() => this.rotateTicketKeys(), ticketKeyLifeMs);
    this.rotation.unref();
    await explained(this.pool.start(this.count()));
  }

  async reload(): Promise<void> {
    await explained(this.pool.roll(this.count()));
  }

  async stop(): Promise<void> {
    clearInterval(this.rotation);
    await this.pool.stop();
  }

  ports(): Ports {
    return this.pool.ready.at(-1)?.addresses ?? {};
  }

  async status(): Promise<readonly WorkerStatus[]> {
    return await this.ask<WorkerStatus>('status');
  }

  async stats(): Promise<readonly WorkerStats[]> {
    return await this.ask<WorkerStats>('stats');
  }

  publish(lines: readonly BusLine[]): void {
    this.pool.broadcast({ type: 'bus', lines });
  }

  private count(): number {
    return this.options.edition().plan.manifest.settings.workers ?? availableParallelism();
  }

  private async ask<T>(question: 'status' | 'stats'): Promise<readonly T[]> {
    const answers = await Promise.allSettled(
      this.pool.live.map((worker) => worker.ask(question, answerTimeoutMs)),
    );
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value as T] : []));
  }

  private rotateTicketKeys(): void {
    this.ticketKeys = randomBytes(48);
    this.pool.broadcast({ type: 'ticket-keys', keys: this.ticketKeys.toString('base64') });
  }
}

/** A worker's failure as if it had happened here. */
async function explained(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof WorkerStartError)) throw error;
    const { problems = [], plugin } = error.worker.failure ?? {};
    throw new KernelError('START_FAILED', error.message, {
      problems,
      ...(plugin !== undefined && { plugin }),
    });
  }
}
