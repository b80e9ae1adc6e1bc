/** The main thread's end of the store thread: requests of one turn go together, and what waits is bounded in bytes. */
import { Worker } from 'node:worker_threads';
import { type Logger, MailError } from '@angarium/sdk';
import { valueToError } from './errors.js';
import type {
  Change,
  In,
  OperationName,
  Out,
  Request,
  ThreadMessage,
  ThreadSettings,
} from './thread/protocol.js';

/** Writes, wherever they are done. Rejections are MailErrors. */
export interface StoreWriter {
  /** @param bytes what the operation keeps in memory until it is done. */
  run<N extends OperationName>(name: N, input: In<N>, bytes?: number): Promise<Out<N>>;
  /** After what was asked for before is done. */
  close(): Promise<void>;
}

/** What a request costs besides its bytes. */
const REQUEST_BYTES = 1024;

interface Waiting {
  readonly bytes: number;
  resolve(value: never): void;
  reject(error: Error): void;
}

export class ThreadWriter implements StoreWriter {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private outbox: Request[] = [];
  private lastId = 0;
  private queuedBytes = 0;
  private readonly blocked: (() => void)[] = [];
  private closing: Promise<void> | undefined;

  constructor(
    private readonly settings: ThreadSettings,
    private readonly maxQueuedBytes: number,
    private readonly log: Logger,
    private readonly onChanges: (changes: readonly Change[]) => void,
  ) {}

  /** Starts the thread ahead of the first write. Rejects when it cannot open the store. */
  async start(): Promise<void> {
    await this.run('counts', {});
  }

  async run<N extends OperationName>(name: N, input: In<N>, bytes = 0): Promise<Out<N>> {
    const held = bytes + REQUEST_BYTES;
    while (this.queuedBytes > this.maxQueuedBytes)
      await new Promise<void>((resolve) => this.blocked.push(resolve));
    if (this.closing !== undefined) throw new MailError('UNAVAILABLE', 'Server is shutting down');
    this.worker ??= this.spawn();
    this.queuedBytes += held;
    return await new Promise<Out<N>>((resolve, reject) => {
      const id = ++this.lastId;
      this.waiting.set(id, { bytes: held, resolve, reject });
      this.worker?.ref();
      if (this.outbox.push({ id, name, input }) === 1) queueMicrotask(() => this.post());
    });
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    const { worker } = this;
    if (worker === undefined) return;
    this.post();
    worker.ref();
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage('close');
    await ended;
  }

  private post(): void {
    if (this.outbox.length === 0) return;
    const requests = this.outbox;
    this.outbox = [];
    this.worker?.postMessage(requests);
  }

  private spawn(): Worker {
    const worker = new Worker(new URL('./thread/main.js', import.meta.url), {
      workerData: this.settings,
      name: 'store',
    });
    worker.on('message', (message: ThreadMessage) => this.receive(worker, message));
    worker.on('error', (error) => this.lost(worker, error));
    worker.on('exit', () => this.lost(worker, new Error('the store thread has ended')));
    return worker;
  }

  private receive(worker: Worker, message: ThreadMessage): void {
    switch (message.kind) {
      case 'replies':
        // Caches hear first, so that whoever awaits the reply reads the new state cheaply.
        if (message.changes.length > 0) this.onChanges(message.changes);
        for (const { id, value, error } of message.replies)
          this.settle(id, value, error && valueToError(error));
        break;
      case 'failed':
        void worker.terminate();
        this.lost(worker, valueToError(message.error));
        break;
      case 'log':
        this.log[message.level](message.text, { err: message.reason });
        break;
      case 'ready':
        break;
    }
  }

  private settle(id: number, value: unknown, error: Error | undefined): void {
    const request = this.waiting.get(id);
    if (request === undefined) return;
    this.waiting.delete(id);
    this.queuedBytes -= request.bytes;
    // An idle store does not keep a process alive that has nothing else to do; one that is closing does.
    if (this.waiting.size === 0 && this.closing === undefined) this.worker?.unref();
    if (error === undefined) request.resolve(value as never);
    else request.reject(error);
    if (this.queuedBytes <= this.maxQueuedBytes) for (const go of this.blocked.splice(0)) go();
  }

  /**
   * The thread is gone: what it had not answered may or may not be done. The next write starts another. One end is
   * told more than once (failed, error, exit), perhaps when the next thread runs already.
   */
  private lost(worker: Worker, cause: Error): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    if (this.waiting.size === 0) return;
    this.log.error('the store thread failed', { err: cause });
    const error = new MailError('UNAVAILABLE', 'Mail store is not available', { cause });
    for (const id of [...this.waiting.keys()]) this.settle(id, undefined, error);
  }
}
