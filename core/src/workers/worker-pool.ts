/**
 * The workers of a server: started, watched, replaced when they crash (with back-off), rolled on reload, drained
 * at the end. One of them is the leader; there are never two. New workers are up before old ones drain, and all
 * share the sockets that the primary holds, so no attempt to connect is lost.
 */
import cluster from 'node:cluster';
import type { Logger } from '@angarium/sdk';
import { closeUnclaimed } from './handoff.js';
import { type BusLine, beatIntervalMs, type ListenRequest, type ToWorker, type WorkerStart } from './ipc.js';
import { describeEnd, WorkerHandle } from './worker-handle.js';

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
/** After a fault the sessions get this long to finish what they do. */
const crashDrainMs = 2_000;
const leaderAnswerMs = 2_000;
/** Loading the plugins is one long piece of work, and on a busy machine it lasts: a worker that starts may be silent for so many times longer. */
const startPatience = 6;
/** What remains after draining and stopping: if it is not gone then, it is killed. */
const graceMs = 5_000;

export class WorkerPool {
  private readonly workers = new Set<WorkerHandle>();
  private readonly crashes: number[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private watch: NodeJS.Timeout | undefined;
  private lastLookMs = performance.now();
  private isStopping = false;
  /** Those whose end nobody but the pool waits for. */
  private readonly supervised = new WeakSet<WorkerHandle>();
  /** Those that are to end, or have been replaced already. */
  private readonly retiring = new WeakSet<WorkerHandle>();
  private choosing: Promise<void> = Promise.resolve();

  constructor(private readonly options: PoolOptions) {}

  /** Living workers in order of their start. */
  get live(): readonly WorkerHandle[] {
    return [...this.workers].filter(({ state }) => state !== 'ended');
  }

  get ready(): readonly WorkerHandle[] {
    return this.live.filter((worker) => worker.state === 'ready' && !this.retiring.has(worker));
  }

  /** The first one alone, since it may have to set up what is not there yet. @throws Error why one did not start. */
  async start(count: number): Promise<void> {
    this.lookAfter();
    await this.startOne();
    await Promise.all(Array.from({ length: count - 1 }, () => this.startOne()));
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
    this.supervised.add(worker);
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
    closeUnclaimed(child.process);
    const worker = new WorkerHandle(id, child, {
      onReady: () => this.onReady(),
      onCrashing: (crashing) => this.onCrashing(crashing),
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

  /** It still listens, so that there is no moment in which nobody does; then it goes. */
  private onCrashing(worker: WorkerHandle): void {
    if (this.isStopping || !this.supervised.has(worker) || this.retiring.has(worker)) return;
    this.retiring.add(worker);
    const others = this.ready;
    const replacement = this.replaceCrashed(worker);
    void (async () => {
      if (others.length === 0) await (await replacement)?.started;
      await this.retire(worker, crashDrainMs);
    })();
  }

  private onEnded(worker: WorkerHandle): void {
    this.workers.delete(worker);
    const isExpected = this.isStopping || !this.supervised.has(worker) || this.retiring.has(worker);
    if (!isExpected) {
      // SIGTERM to one worker: it has drained, and is wanted back.
      const hasLeft = worker.killedFor === undefined && worker.exit?.status === 0;
      if (hasLeft) void this.replaceAfter(0);
      else void this.replaceCrashed(worker);
    }
    this.options.onChange();
    void this.chooseLeader();
  }

  private replaceCrashed(worker: WorkerHandle): Promise<WorkerHandle | undefined> {
    const delayMs = this.noteCrash();
    const { id, pid } = worker;
    const fields = { crashed: id, pid, reason: describeEnd(worker), delayMs };
    this.options.log.error('a worker crashed and is replaced', fields);
    return this.replaceAfter(delayMs);
  }

  /** Undefined when the server ends first. */
  private replaceAfter(delayMs: number): Promise<WorkerHandle | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        if (this.isStopping) return resolve(undefined);
        const worker = this.fork();
        this.supervised.add(worker);
        resolve(worker);
      }, delayMs);
      this.timers.add(timer);
    });
  }

  /** How long to wait before the next start: none after a single crash, then doubling. */
  private noteCrash(): number {
    const nowMs = performance.now();
    this.crashes.push(nowMs);
    while (this.crashes[0]! < nowMs - crashMemoryMs) this.crashes.shift();
    const count = this.crashes.length;
    return count === 1 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** (count - 2));
  }

  private async retire(worker: WorkerHandle, drainMs = this.options.drainMs()): Promise<void> {
    this.retiring.add(worker);
    if (worker.isLeader) await worker.setLeader(false, leaderAnswerMs);
    const gone = this.drain(worker, drainMs);
    await this.chooseLeader();
    await gone;
  }

  private async drain(worker: WorkerHandle, drainMs = this.options.drainMs()): Promise<void> {
    this.retiring.add(worker);
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
        const patienceMs = worker.state === 'starting' ? startPatience * hangMs : hangMs;
        if (wasLate) worker.lastBeatMs = nowMs;
        else if (nowMs - worker.lastBeatMs > patienceMs) {
          log.error('a worker hangs and is killed', { hung: worker.id, pid: worker.pid });
          worker.kill(`it gave no sign of life for ${patienceMs} ms`);
        }
      }
    }, beatIntervalMs);
  }
}

/** Why a worker could not start, in its own words. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
  constructor(readonly worker: WorkerHandle) {
    super(worker.failure?.text ?? `a worker did not start: ${describeEnd(worker)}`);
  }
}
