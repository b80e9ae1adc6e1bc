import { Worker } from 'node:worker_threads';
import { unavailableError } from '@angarium/sdk';
import type { CryptAnswer, CryptQuestion } from './crypt/worker.js';
import { damaged } from './damaged.js';

interface Waiting {
  resolve(isRight: boolean | undefined): void;
  reject(error: Error): void;
}

/**
 * The thread for hashes that only JavaScript computes. It is made when first needed and keeps the process alive only while
 * somebody waits; when it dies, those who wait are told and the next question makes another.
 */
export class CryptThread implements AsyncDisposable {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  /** @throws MailError CANNOT for a damaged hash, UNAVAILABLE when the thread died. */
  async matches(hash: string, password: string): Promise<boolean> {
    const worker = this.running();
    const question: CryptQuestion = { id: ++this.lastId, hash, password };
    const isRight = await new Promise<boolean | undefined>((resolve, reject) => {
      this.waiting.set(question.id, { resolve, reject });
      worker.ref();
      worker.postMessage(question);
    });
    if (isRight === undefined) throw damaged();
    return isRight;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker?.terminate();
  }

  private running(): Worker {
    if (this.worker !== undefined) return this.worker;
    const worker = new Worker(new URL('./crypt/worker.js', import.meta.url), { name: 'password-schemes' });
    worker.unref();
    worker.on('message', ({ id, isRight }: CryptAnswer) => {
      this.waiting.get(id)?.resolve(isRight);
      this.waiting.delete(id);
      if (this.waiting.size === 0) worker.unref();
    });
    worker.on('error', (error) => this.end(error));
    worker.on('exit', () => this.end(new Error('the thread has ended')));
    this.worker = worker;
    return worker;
  }

  private end(error: Error): void {
    this.worker = undefined;
    const failure = unavailableError('Passwords cannot be checked now', error);
    for (const { reject } of this.waiting.values()) reject(failure);
    this.waiting.clear();
  }
}
