/**
 * A worker of `angarium serve`: told what to be by the primary, it starts, serves, drains and ends. Without its
 * primary it has no sockets, so it ends with it. Signals meant for the whole group are the primary's business.
 */

import type { Logger } from '@angarium/sdk';
import { ListenError, type ListenTarget } from '../connections/listener.js';
import { errorText, KernelError } from '../errors.js';
import { createLog, type LogOptions } from '../log/log.js';
import { loadPlan, type PluginPlan } from '../plugins/plan-plugins.js';
import {
  beatIntervalMs,
  type FromWorker,
  type ToWorker,
  type WorkerFailure,
  type WorkerStart,
} from './ipc.js';
import { RelayBus } from './messages.js';
import { ServerProcess } from './server-process.js';

/** After a fault the worker waits so long for another to listen in its place, then it leaves unasked. */
const crashWaitMs = 5_000;
/** How long the channel may take to carry away the last words. */
const lastWordsMs = 1_000;

/** Runs this process as a worker; called once, by worker-main.ts. */
export function runWorker(): void {
  new Worker().listen();
}

class Worker {
  private server: ServerProcess | undefined;
  private plan: PluginPlan | undefined;
  private bus: RelayBus | undefined;
  private log: Logger | undefined;
  private isLeader = false;
  private drainMs = 10_000;
  private isCrashing = false;
  private nextNumber = 1;
  private readonly ports = new Map<number, PromiseWithResolvers<number>>();
  private readonly ordinals = new Map<string, number>();

  listen(): void {
    process.on('message', (message: ToWorker) => void this.onMessage(message));
    process.on('SIGINT', () => {}).on('SIGHUP', () => {});
    process.on('SIGTERM', () => void this.drain(this.drainMs));
    process.on('uncaughtException', (error) => this.crash(error));
    process.on('unhandledRejection', (error) => this.crash(error));
    this.send({ type: 'beat' });
    setInterval(() => this.send({ type: 'beat' }), beatIntervalMs);
  }

  private send(message: FromWorker): void {
    // A primary that is gone is noticed by the channel's end; until then nothing must throw.
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  }

  private async onMessage(message: ToWorker): Promise<void> {
    switch (message.type) {
      case 'start':
        return await this.start(message.start);
      case 'leader':
        this.isLeader = message.isLeader;
        return this.send({ type: 'answer', number: message.number });
      case 'drain':
        return await this.drain(message.deadlineMs);
      case 'bus':
        return this.bus?.receive(message.lines);
      case 'ask':
        return await this.answer(message.question, message.number);
      case 'listen-at':
        return this.onPort(message.number, message.port, message.error);
      case 'ticket-keys':
        return this.server?.setTicketKeys(Buffer.from(message.keys, 'base64'));
      case 'reload-certificates':
        return this.server?.reloadCertificates();
    }
  }

  private async start(start: WorkerStart): Promise<void> {
    this.isLeader = start.isLeader;
    const log = createLog({ ...(start.log as LogOptions), fields: { worker: start.workerId } });
    this.log = log;
    this.bus = new RelayBus((lines) => this.send({ type: 'bus', lines }), log);
    try {
      this.plan = loadPlan(start.source);
      this.drainMs = this.plan.manifest.settings.limits.drainSeconds * 1000;
      this.server = new ServerProcess({
        plan: this.plan,
        workerId: start.workerId,
        idPrefix: start.idPrefix,
        version: start.version,
        log,
        bus: this.bus,
        ticketKeys: Buffer.from(start.ticketKeys, 'base64'),
        isLeader: () => this.isLeader,
        announce: (text) => this.send({ type: 'announce', text }),
        resolve: (target, taken) => this.placeFor(target, taken),
      });
      await this.server.start();
      this.send({ type: 'ready', addresses: this.server.addresses() });
    } catch (error) {
      log.debug('the worker could not start', { err: error });
      this.send({ type: 'failed', failure: this.failureOf(error) });
      this.leave(1);
    }
  }

  private async answer(question: 'status' | 'stats', number: number): Promise<void> {
    try {
      if (this.server === undefined) throw new Error('the worker has not started yet');
      const value = question === 'status' ? await this.server.status() : this.server.stats();
      this.send({ type: 'answer', number, value });
    } catch (error) {
      this.send({ type: 'answer', number, error: errorText(error) });
    }
  }

  /** The primary prepares unix sockets and hands out free ports, so that all workers get the same. */
  private async placeFor({ service, entry, path, port }: ListenTarget, taken?: number): Promise<number> {
    const key = `${service} ${entry.address ?? ''}`;
    const isFree = path === undefined && port === 0;
    const ordinal = isFree ? (this.ordinals.get(key) ?? 0) : 0;
    if (isFree && taken === undefined) this.ordinals.set(key, ordinal + 1);
    const number = this.nextNumber++;
    const answer = Promise.withResolvers<number>();
    this.ports.set(number, answer);
    const request = {
      service,
      address: entry.address,
      port,
      path,
      ordinal,
      ...(taken !== undefined && { taken }),
    };
    this.send({ type: 'listen', number, request });
    return await answer.promise;
  }

  private onPort(number: number, port: number | undefined, error: string | undefined): void {
    const waiting = this.ports.get(number);
    this.ports.delete(number);
    if (port === undefined) waiting?.reject(new ListenError(error ?? 'no port', undefined));
    else waiting?.resolve(port);
  }

  private async drain(deadlineMs: number): Promise<void> {
    await this.server?.stop(deadlineMs);
    this.leave(this.isCrashing ? 1 : 0);
  }

  /** What is broken is unknown, so nothing goes on for long: the primary finds another, then tells this one to drain. */
  private crash(error: unknown): void {
    const failure = this.failureOf(error);
    this.log?.error('a fault ends this worker', {
      err: error,
      ...(failure.plugin && { plugin: failure.plugin }),
    });
    if (this.isCrashing || this.server === undefined) {
      this.leave(1);
      return;
    }
    this.isCrashing = true;
    this.send({ type: 'crashing', failure });
    setTimeout(() => void this.drain(0), crashWaitMs);
  }

  private failureOf(error: unknown): WorkerFailure {
    const problems = error instanceof KernelError ? error.problems : [];
    const plugin = error instanceof KernelError ? error.plugin : undefined;
    return { text: errorText(error), problems, plugin: plugin ?? this.pluginIn(error) };
  }

  /** The plugin whose folder is nearest to the top of the stack. */
  private pluginIn(error: unknown): string | undefined {
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    let best: { readonly id: string; readonly at: number } | undefined;
    for (const { id, dir } of this.plan?.plugins ?? []) {
      const at = stack.indexOf(`${dir}/`);
      if (at >= 0 && (best === undefined || at < best.at)) best = { id, at };
    }
    return best?.id;
  }

  /** Ends the process once the channel has taken what was sent. */
  private leave(status: number): void {
    this.bus?.flush();
    const end = (): never => process.exit(status);
    if (!process.connected || process.send === undefined) end();
    setTimeout(end, lastWordsMs);
    process.send?.({ type: 'beat' }, undefined, undefined, end);
  }
}
