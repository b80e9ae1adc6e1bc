/**
 * The message bus between processes. What is published in one turn travels in one message, and so does what comes
 * within some milliseconds after it: a busy sender wakes the others some dozen times a second, not with each line. (What one
 * delivery tells the others cost three processes together half a millisecond, an eighth of the delivery.)
 * The primary passes messages on to all others unread. Best effort: a process that dies takes with it what it has not yet sent.
 */
import { disposable, type Logger, type MessageBus } from '@angarium/sdk';
import type { BusLine } from './ipc.js';

type Listener = (payload: unknown) => void;

/** After a message, how long the next one waits for company. */
const COMPANY_MS = 20;
/** A message of so many lines does not wait. */
const MAX_LINES = 500;

/** A member's end: `send` carries a turn's lines away, `receive` is called with those of others. */
export class RelayBus implements MessageBus {
  private readonly listeners = new Map<string, Set<Listener>>();
  private batch: BusLine[] = [];
  private isWaiting = false;

  constructor(
    private readonly send: (lines: readonly BusLine[]) => void,
    private readonly log: Logger,
  ) {}

  publish(topic: string, payload: unknown): void {
    this.batch.push([topic, JSON.stringify(payload) ?? 'null']);
    if (this.batch.length >= MAX_LINES) this.flush();
    else if (!this.isWaiting) {
      this.isWaiting = true;
      setImmediate(() => this.sendAndWait());
    }
  }

  subscribe(topic: string, listener: Listener): Disposable {
    const listeners = this.listeners.get(topic) ?? new Set();
    // A function of its own, so that the same listener may subscribe twice.
    const entry: Listener = (payload) => listener(payload);
    this.listeners.set(topic, listeners.add(entry));
    return disposable(() => {
      listeners.delete(entry);
      if (listeners.size === 0) this.listeners.delete(topic);
    });
  }

  private sendAndWait(): void {
    this.flush();
    setTimeout(() => {
      if (this.batch.length > 0) this.sendAndWait();
      else this.isWaiting = false;
    }, COMPANY_MS).unref();
  }

  /** Sends now what waits. */
  flush(): void {
    const { batch } = this;
    this.batch = [];
    if (batch.length > 0) this.send(batch);
  }

  receive(lines: readonly BusLine[]): void {
    for (const [topic, json] of lines) {
      const listeners = this.listeners.get(topic);
      if (listeners === undefined) continue;
      for (const listener of [...listeners]) this.deliver(listener, topic, json);
    }
  }

  /** Each listener gets a copy of its own. */
  private deliver(listener: Listener, topic: string, json: string): void {
    try {
      listener(JSON.parse(json));
    } catch (err) {
      this.log.error('message listener failed', { topic, err });
    }
  }
}
