/**
 * The clocks of one connection: the client's silence, output that it does not take, and phases that must end. A base class and
 * not an object beside the connection: idle clients are many, and each object of theirs costs memory.
 */
import { ReadError } from '@angarium/sdk';
import { Reader, type ReadWatch } from './reader.js';
import type { ConnectionSettings } from './settings.js';
import { earlier, type Timed } from './timeouts.js';
import { Writer, type WriteWatch } from './writer.js';

export abstract class TimedConnection implements Timed, ReadWatch, WriteWatch {
  wheelTick = 0;
  protected readonly reader: Reader = new Reader(this);
  protected readonly writer: Writer = new Writer(this);
  protected state: 'open' | 'closing' | 'ended' = 'open';

  private idleTimeoutMs: number;
  private readDeadlineMs = 0;
  private writeDeadlineMs = 0;
  private phaseDeadlineMs = 0;
  /** Bytes taken by the system when the write deadline was set. */
  private takenBytes = 0;

  constructor(readonly settings: ConnectionSettings) {
    this.idleTimeoutMs = settings.loginTimeoutMs;
  }

  abstract destroy(reason?: Error): void;

  setIdleTimeout(timeoutMs: number): void {
    this.idleTimeoutMs = Number.isFinite(timeoutMs) ? Math.max(0, timeoutMs) : 0;
    if (this.reader.isWaiting) this.onReadWaiting();
  }

  /** The connection is destroyed when the phase that begins here lasts longer; 0 ends it. */
  setPhaseTimeout(timeoutMs: number): void {
    this.phaseDeadlineMs = timeoutMs === 0 ? 0 : this.settings.wheel.nowMs + timeoutMs;
    this.settings.wheel.arm(this);
  }

  get deadlineMs(): number {
    return earlier(this.readDeadlineMs, earlier(this.writeDeadlineMs, this.phaseDeadlineMs));
  }

  onReadWaiting(): void {
    const { wheel } = this.settings;
    this.readDeadlineMs = this.idleTimeoutMs === 0 ? 0 : wheel.nowMs + this.idleTimeoutMs;
    wheel.arm(this);
  }

  onReadDone(): void {
    this.readDeadlineMs = 0;
  }

  onOutputWaiting(): void {
    if (this.writeDeadlineMs !== 0) return;
    const { wheel, writeTimeoutMs } = this.settings;
    this.takenBytes = this.writer.bytesWritten - this.writer.waitingBytes;
    this.writeDeadlineMs = wheel.nowMs + writeTimeoutMs;
    wheel.arm(this);
  }

  onRunaway(): void {
    this.destroy(new Error('the client does not read what the session writes'));
  }

  onDeadline(nowMs: number): void {
    if (this.phaseDeadlineMs !== 0 && this.phaseDeadlineMs <= nowMs) {
      this.phaseDeadlineMs = 0;
      this.destroy(this.state === 'closing' ? undefined : new Error('handshake timeout'));
    }
    if (this.readDeadlineMs !== 0 && this.readDeadlineMs <= nowMs) {
      this.readDeadlineMs = 0;
      this.reader.interrupt(new ReadError('idle', `silent for ${this.idleTimeoutMs} ms`));
    }
    if (this.writeDeadlineMs !== 0 && this.writeDeadlineMs <= nowMs) this.onWriteDeadline();
  }

  private onWriteDeadline(): void {
    this.writeDeadlineMs = 0;
    if (this.writer.waitingBytes === 0 && this.state === 'open') return;
    const taken = this.writer.bytesWritten - this.writer.waitingBytes;
    if (taken > this.takenBytes) this.onOutputWaiting();
    else this.destroy(new Error('write timeout: the client takes nothing'));
  }

  /** All of it has gone: closing goes on by the phase. */
  protected endWriteDeadline(): void {
    this.writeDeadlineMs = 0;
  }

  protected endDeadlines(): void {
    this.settings.wheel.remove(this);
    this.readDeadlineMs = this.writeDeadlineMs = this.phaseDeadlineMs = 0;
  }
}
