/** A worker as the primary sees it: its state, its signs of life, what it was asked. */
import type { Worker as ClusterWorker } from 'node:cluster';
import type { BoundAddress } from '../connections/listener.js';
import type { BusLine, FromWorker, ListenRequest, Question, ToWorker, WorkerFailure } from './ipc.js';

export type WorkerState = 'starting' | 'ready' | 'draining' | 'ended';

export interface WorkerEvents {
  onReady(worker: WorkerHandle): void;
  /** A fault has made it useless; it waits to be drained. */
  onCrashing(worker: WorkerHandle): void;
  onEnded(worker: WorkerHandle): void;
  onBus(worker: WorkerHandle, lines: readonly BusLine[]): void;
  onAnnounce(text: string): void;
  resolve(request: ListenRequest): Promise<number>;
}

export interface WorkerExit {
  readonly status: number | null;
  readonly signal: string | null;
}

export class WorkerHandle {
  state: WorkerState = 'starting';
  isLeader = false;
  lastBeatMs: number | undefined;
  addresses: Readonly<Record<string, readonly BoundAddress[]>> = {};
  exit: WorkerExit | undefined;
  /** Why the primary killed it, if it did. */
  killedFor: string | undefined;
  readonly startedMs = performance.now();
  /** What it says of its own end. */
  failure: WorkerFailure | undefined;
  private nextNumber = 1;
  private readonly questions = new Map<number, PromiseWithResolvers<unknown>>();
  private readonly readyOrEnded = Promise.withResolvers<void>();
  private readonly ended = Promise.withResolvers<void>();

  constructor(
    readonly id: number,
    private readonly worker: ClusterWorker,
    private readonly events: WorkerEvents,
  ) {
    worker.on('message', (message: FromWorker) => this.onMessage(message));
    worker.on('exit', (status: number | null, signal: string | null) => this.onExit(status, signal));
    // A channel that breaks is followed by the exit.
    worker.on('error', () => {});
  }

  get pid(): number {
    return this.worker.process.pid ?? 0;
  }

  /** Resolves when it is ready or has ended: look at `state`. */
  get started(): Promise<void> {
    return this.readyOrEnded.promise;
  }

  get gone(): Promise<void> {
    return this.ended.promise;
  }

  send(message: ToWorker): void {
    if (this.worker.isConnected()) this.worker.send(message, undefined, () => {});
  }

  /** @throws Error when the worker cannot answer, or does not within the time. */
  async ask(question: Question, timeoutMs: number): Promise<unknown> {
    return await this.awaitAnswer(timeoutMs, (number) => ({ type: 'ask', question, number }));
  }

  /** Resolves when the worker knows, or is gone. */
  async setLeader(isLeader: boolean, timeoutMs: number): Promise<void> {
    this.isLeader = isLeader;
    await this.awaitAnswer(timeoutMs, (number) => ({ type: 'leader', isLeader, number })).catch(() => {});
  }

  drain(deadlineMs: number): void {
    if (this.state === 'ended') return;
    this.state = 'draining';
    this.send({ type: 'drain', deadlineMs });
  }

  kill(reason: string): void {
    if (this.state === 'ended') return;
    this.killedFor ??= reason;
    this.worker.process.kill('SIGKILL');
  }

  private async awaitAnswer(timeoutMs: number, message: (number: number) => ToWorker): Promise<unknown> {
    if (this.state === 'ended') throw new Error('the worker has ended');
    const number = this.nextNumber++;
    const answer = Promise.withResolvers<unknown>();
    this.questions.set(number, answer);
    const timer = setTimeout(() => answer.reject(new Error('the worker does not answer')), timeoutMs);
    this.send(message(number));
    try {
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.questions.delete(number);
    }
  }

  private onMessage(message: FromWorker): void {
    switch (message.type) {
      case 'beat':
        this.lastBeatMs = performance.now();
        return;
      case 'listen':
        void this.resolvePlace(message.number, message.request);
        return;
      case 'ready':
        this.addresses = message.addresses;
        if (this.state === 'starting') this.state = 'ready';
        this.events.onReady(this);
        this.readyOrEnded.resolve();
        return;
      case 'failed':
        this.failure = message.failure;
        return;
      case 'crashing':
        this.failure = message.failure;
        this.events.onCrashing(this);
        return;
      case 'announce':
        this.events.onAnnounce(message.text);
        return;
      case 'bus':
        this.events.onBus(this, message.lines);
        return;
      case 'answer': {
        const question = this.questions.get(message.number);
        if (message.error !== undefined) question?.reject(new Error(message.error));
        else question?.resolve(message.value);
        return;
      }
    }
  }

  private async resolvePlace(number: number, request: ListenRequest): Promise<void> {
    try {
      this.send({ type: 'listen-at', number, port: await this.events.resolve(request) });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.send({ type: 'listen-at', number, error: `${request.service} cannot listen: ${text}` });
    }
  }

  private onExit(status: number | null, signal: string | null): void {
    if (this.state === 'ended') return;
    this.exit = { status, signal };
    this.state = 'ended';
    for (const question of this.questions.values()) question.reject(new Error('the worker has ended'));
    this.readyOrEnded.resolve();
    this.ended.resolve();
    this.events.onEnded(this);
  }
}

/** `killed by SIGSEGV`, `status 3`, `cannot read x (plugin y)`. */
export function describeEnd({ exit, killedFor, failure }: WorkerHandle): string {
  if (killedFor !== undefined) return killedFor;
  if (failure !== undefined) {
    return `${failure.text}${failure.plugin === undefined ? '' : ` (plugin ${failure.plugin})`}`;
  }
  if (exit === undefined) return 'unknown';
  return exit.signal === null ? `status ${exit.status}` : `killed by ${exit.signal}`;
}
