/**
 * The workers of a server: started, watched, replaced when they crash (with back-off), rolled on reload, drained
 * at the end. One of them is the leader; there are never two. New workers are up before old ones drain, and all
 * share the sockets that the primary holds, so no attempt to connect is lost.
 */
import cluster from 'node:cluster';
import type { Logger } from '@angarium/sdk';
import { type BusLine, beatIntervalMs, type ListenRequest, type ToWorker, type WorkerStart } from './ipc.js';
import { describeExit, WorkerHandle } from './worker-handle.js';

export interface PoolOptions {
  readonly log: Logger;
  /** A worker without a sign of life for so long is killed and replaced; 0 is never. */
  readonly hangMs: number;
  /** What a new worker is told; asked for each. */
  startOf(): Pick<WorkerStart, 'source' | 'log' | 'version' | 'ticketKeys'>;
  /** How long clients may take to leave a draining worker. */
  drainMs(): number;
  /** Beyond the drain, for stopping the plugins. */
  stopMs(): number;
  resolve(request: ListenRequest): Promise<number>;
  onAnnounce(text: string): void;
  onBus(lines: readonly BusLine[]): void;
  /** A worker has come to listen, or has gone. */
  onChange(): void;
}

/** Crashes older than this are forgotten. */
const crashMemoryMs = 60_000;
const longestDelayMs = 30_000;
const firstDelayMs = 100;
const leaderAnswerMs = 2_000;
/** What remains after draining and stopping: if it is not gone then, it is killed. */
const graceMs = 5_000;

export class WorkerPool {
  private readonly workers = new Set<WorkerHandle>();
  private readonly crashes: number[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private watch: NodeJS.Timeout | undefined;
  private lastLookMs = performance.now();
  private isStopping = false;
  /** A worker that ends before all have started ends the start. */
  private isStarted = false;
  private choosing: Promise<void> = Promise.resolve();

  constructor(private readonly options: PoolOptions) {}

  /** Living workers in order of their start. */
  get live(): readonly WorkerHandle[] {
    return [...this.workers].filter(({ state }) => state !== 'ended');
  }

  get ready(): readonly WorkerHandle[] {
    return this.live.filter(({ state }) => state === 'ready');
  }

  /** The first one alone, since it may have to set up what is not there yet. @throws Error why one did not start. */
  async start(count: number): Promise<void> {
    this.lookAfter();
    await this.startOne();
    await Promise.all(Array.from({ length: count - 1 }, () => this.startOne()));
    this.isStarted = true;
  }

  /**
   * Replaces all workers by new ones, one by one.
   * @throws Error why a new one did not start; the old ones that are left go on.
   */
  async roll(count: number): Promise<void> {
    const old = this.live;
    for (let index = 0; index < Math.max(count, old.length); index++) {
      if (this.isStopping) return;
      if (index < count) await this.startOne();
      const worker = old[index];
      if (worker !== undefined) await this.retire(worker);
    }
  }

  /** Drains all at once. Resolves when all are gone. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const timer of this.timers) clearTimeout(timer);
    await Promise.all(this.live.map((worker) => this.drain(worker)));
    clearInterval(this.watch);
  }

  broadcast(message: ToWorker): void {
    for (const worker of this.live) worker.send(message);
  }

  /** @throws Error when it ends before it listens. */
  private async startOne(): Promise<WorkerHandle> {
    const worker = this.fork();
    await worker.started;
    if (worker.state === 'ended') throw new WorkerStartError(worker);
    return worker;
  }

  private fork(): WorkerHandle {
    const { options } = this;
    const used = new Set(this.live.map(({ id }) => id));
    let id = 1;
    while (used.has(id)) id++;
    // The first of all leads from the start, so that what leaders do at a start is done once.
    const isLeader = this.live.length === 0;
    const child = cluster.fork();
    const worker = new WorkerHandle(id, child, {
      onReady: () => this.onReady(),
      onEnded: (ended) => this.onEnded(ended),
      onBus: (from, lines) => this.relay(lines, from),
      onAnnounce: (text) => options.onAnnounce(text),
      resolve: (request) => options.resolve(request),
    });
    worker.isLeader = isLeader;
    this.workers.add(worker);
    const idPrefix = `${child.id.toString(36)}-`;
    worker.send({ type: 'start', start: { workerId: id, idPrefix, isLeader, ...options.startOf() } });
    return worker;
  }

  /** To the other workers, and to who else is there. */
  private relay(lines: readonly BusLine[], from: WorkerHandle): void {
    for (const worker of this.live) {
      if (worker !== from) worker.send({ type: 'bus', lines });
    }
    this.options.onBus(lines);
  }

  private onReady(): void {
    this.options.onChange();
    void this.chooseLeader();
  }

  private onEnded(worker: WorkerHandle): void {
    this.workers.delete(worker);
    const wasDraining = worker.killedFor === undefined && worker.exit?.status === 0;
    if (!this.isStopping && this.isStarted && !this.retiring.has(worker)) {
      const delayMs = wasDraining ? 0 : this.noteCrash();
      const fields = { worker: worker.id, pid: worker.pid, reason: describeExit(worker), delayMs };
      if (wasDraining) this.options.log.info('a worker left and is replaced', fields);
      else this.options.log.error('a worker crashed and is replaced', fields);
      this.replaceLater(delayMs);
    }
    this.options.onChange();
    void this.chooseLeader();
  }

  private readonly retiring = new WeakSet<WorkerHandle>();

  private replaceLater(delayMs: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (!this.isStopping) this.fork();
    }, delayMs);
    this.timers.add(timer);
  }

  /** How long to wait before the next start: none after a single crash, then doubling. */
  private noteCrash(): number {
    const nowMs = performance.now();
    this.crashes.push(nowMs);
    while (this.crashes[0]! < nowMs - crashMemoryMs) this.crashes.shift();
    const count = this.crashes.length;
    return count === 1 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** (count - 2));
  }

  private async retire(worker: WorkerHandle): Promise<void> {
    this.retiring.add(worker);
    if (worker.isLeader) await worker.setLeader(false, leaderAnswerMs);
    const gone = this.drain(worker);
    await this.chooseLeader();
    await gone;
  }

  private async drain(worker: WorkerHandle): Promise<void> {
    this.retiring.add(worker);
    const drainMs = this.options.drainMs();
    worker.drain(drainMs);
    const timer = setTimeout(
      () => {
        worker.kill('it did not end in time');
      },
      drainMs + this.options.stopMs() + graceMs,
    );
    await worker.gone;
    clearTimeout(timer);
  }

  /** One choice at a time; the old leader has stepped down, or is gone, before another is made. */
  private chooseLeader(): Promise<void> {
    this.choosing = this.choosing.then(async () => {
      if (this.isStopping || this.live.some(({ isLeader }) => isLeader)) return;
      await this.ready.at(-1)?.setLeader(true, leaderAnswerMs);
    });
    return this.choosing;
  }

  /** Kills what hangs. A look that comes late itself (a suspended machine) proves nothing. */
  private lookAfter(): void {
    const { hangMs, log } = this.options;
    if (hangMs === 0) return;
    this.watch = setInterval(() => {
      const nowMs = performance.now();
      const wasLate = nowMs - this.lastLookMs > 4 * beatIntervalMs;
      this.lastLookMs = nowMs;
      for (const worker of this.live) {
        if (worker.lastBeatMs === undefined) continue;
        if (wasLate) worker.lastBeatMs = nowMs;
        else if (nowMs - worker.lastBeatMs > hangMs) {
          log.error('a worker hangs and is killed', { worker: worker.id, pid: worker.pid });
          worker.kill(`it gave no sign of life for ${hangMs} ms`);
        }
      }
    }, beatIntervalMs);
  }
}

/** Why a worker could not start, in its own words. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
  constructor(readonly worker: WorkerHandle) {
    super(worker.exit?.failure?.text ?? `a worker did not start: ${describeExit(worker)}`);
  }
}
