/**
 * One client over a byte stream: TCP, unix socket, TLS, or any Duplex in a test. Holds the reading and writing
 * halves, and exchanges the stream under them for TLS and compression.
 * Failures of the stream are ends, never exceptions: a reset is how clients leave.
 */
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import {
  type Connection,
  disposable,
  isLoopback,
  type Lease,
  type PeerAddress,
  ReadError,
  type TlsState,
} from '@angarium/sdk';
import { type Compression, compress } from './compression.js';
import { TimedConnection } from './deadlines.js';
import type { ConnectionSettings } from './settings.js';
import { handshake, SocketTlsState } from './tls.js';

const connectionOf = Symbol('connection');
type Tagged = Duplex & { [connectionOf]?: ClientConnection };

// One function for all connections: closures would cost memory while a connection is idle.
function onError(this: Tagged, error: Error): void {
  this[connectionOf]?.noteError(error);
}
function onClose(this: Tagged): void {
  this[connectionOf]?.onStreamClosed(this);
}

export class ClientConnection extends TimedConnection implements Connection {
  tls: TlsState | undefined;
  isDraining = false;
  /** Past the limits and the veto: the hooks are told of it. */
  isAccepted = false;
  user: string | undefined;
  activity: string | undefined;
  /** Why it ended, when that was not in good order. */
  endReason: Error | undefined;
  readonly startedMs: number;

  private stream: Tagged;
  private compression: Compression | undefined;
  private controller: AbortController | undefined;
  private closing: PromiseWithResolvers<void> | undefined;
  private drainListeners: Set<() => void> | undefined;
  private isSecuring = false;

  constructor(
    stream: Duplex,
    settings: ConnectionSettings,
    readonly id: string,
    public remote: PeerAddress,
    public local: PeerAddress,
  ) {
    super(settings);
    this.stream = stream;
    this.startedMs = settings.wheel.nowMs;
    this.adopt(stream);
    this.reader.attach(stream);
    this.writer.attach(stream);
    if (stream.destroyed) queueMicrotask(() => this.onStreamClosed(stream));
  }

  get service(): string {
    return this.settings.service;
  }

  get listenOptions(): Readonly<Record<string, unknown>> {
    return this.settings.listenOptions;
  }

  get isLocal(): boolean {
    return this.remote.address === 'unix' || isLoopback(this.remote.address);
  }

  get canStartTls(): boolean {
    const { tls, offersStartTls } = this.settings;
    if (!offersStartTls || tls === undefined || this.isSecuring) return false;
    return this.tls === undefined && this.compression === undefined;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.state === 'ended') this.controller.abort(ended);
    }
    return this.controller.signal;
  }

  get bytesRead(): number {
    return this.reader.bytesRead;
  }

  get bytesWritten(): number {
    return this.writer.bytesWritten;
  }

  /** Received and not yet read. */
  get bufferedBytes(): number {
    return this.reader.queue.length;
  }

  /** Written and not yet taken by the system. */
  get waitingBytes(): number {
    return this.writer.waitingBytes;
  }

  get isEnded(): boolean {
    return this.state === 'ended';
  }

  // Reading

  readLine(maxBytes: number): Promise<Buffer | undefined> {
    return this.reader.readLine(maxBytes);
  }

  tryReadLine(maxBytes: number): Buffer | undefined {
    return this.reader.tryReadLine(maxBytes);
  }

  skipLine(): Promise<void> {
    return this.reader.skipLine();
  }

  readExactly(length: number): Promise<Buffer> {
    return this.reader.readExactly(length);
  }

  readStream(length: number): AsyncIterable<Buffer> {
    return this.reader.readStream(length);
  }

  readSome(): Promise<Buffer | undefined> {
    return this.reader.readSome();
  }

  unread(bytes: Buffer): void {
    this.reader.unread(bytes);
  }

  skip(length: number): Promise<void> {
    return this.reader.skip(length);
  }

  get hasInput(): boolean {
    return this.reader.queue.length > 0;
  }

  // Writing

  write(data: string | Uint8Array, lease?: Lease): boolean {
    return this.writer.write(data, lease);
  }

  drain(): Promise<void> {
    return this.writer.drain();
  }

  flush(): void {
    this.writer.flush();
  }

  // Layers

  async startTls(): Promise<void> {
    if (!this.canStartTls) throw new Error('TLS cannot be started here');
    this.isSecuring = true;
    // Discarded before the client can know of the go-ahead: what comes later is its handshake, and what came
    // before was sent by anybody (CVE-2011-0411).
    this.reader.detach();
    this.reader.discard();
    while (this.stream.read() !== null);
    await this.writer.drainAll();
    await this.secure();
  }

  /** For listeners that speak TLS from the first byte: what is buffered is the handshake. */
  async startImplicitTls(): Promise<void> {
    this.isSecuring = true;
    this.reader.detach();
    const early = this.reader.takeAll();
    if (early.length > 0) this.stream.unshift(early);
    await this.secure();
  }

  startCompression(): void {
    if (this.compression !== undefined) throw new Error('compression is already in place');
    if (this.state !== 'open') return;
    this.writer.flush();
    this.reader.detach();
    this.writer.detach();
    const early = this.reader.takeAll();
    this.compression = compress(this.stream, early, (error) => this.destroy(error));
    this.reader.attach(this.compression.source);
    this.writer.attach(this.compression.sink, this.stream);
  }

  // Life

  describe(facts: { readonly user?: string; readonly activity?: string }): void {
    if (facts.user !== undefined) this.user = facts.user;
    if (facts.activity !== undefined) this.activity = facts.activity;
  }

  onDrain(listener: () => void): Disposable {
    if (this.isDraining) {
      queueMicrotask(listener);
      return disposable(() => {});
    }
    this.drainListeners ??= new Set();
    // A function of its own, so that the same listener may be added twice.
    const entry = (): void => listener();
    this.drainListeners.add(entry);
    return disposable(() => this.drainListeners?.delete(entry));
  }

  /** The server drains: told to the session once. */
  beginDrain(onFailure: (error: unknown) => void): void {
    if (this.isDraining) return;
    this.isDraining = true;
    const listeners = this.drainListeners;
    this.drainListeners = undefined;
    for (const listener of listeners ?? []) {
      try {
        listener();
      } catch (error) {
        onFailure(error);
      }
    }
  }

  close(): Promise<void> {
    if (this.state === 'ended') return Promise.resolve();
    if (this.closing !== undefined) return this.closing.promise;
    this.closing = Promise.withResolvers<void>();
    this.state = 'closing';
    this.writer.finish();
    this.reader.finish(closed);
    const { stream } = this;
    stream.once('finish', () => this.onOutputFinished());
    // Output that nobody takes is cut off by the write timeout, which goes on.
    this.onOutputWaiting();
    if (this.compression === undefined) stream.end();
    else this.compression.sink.end();
    return this.closing.promise;
  }

  override destroy(reason?: Error): void {
    if (this.state === 'ended') return;
    if (reason !== undefined) this.noteError(reason);
    this.state = 'closing';
    this.writer.fail();
    this.reader.finish(closed);
    this.stream.destroy();
  }

  // The stream

  /** Called by the stream's event; kept for the log. */
  noteError(error: Error): void {
    this.endReason ??= error;
  }

  onStreamClosed(stream: Duplex): void {
    if (stream !== this.stream || this.state === 'ended') return;
    const wasOpen = this.state === 'open';
    this.state = 'ended';
    this.endDeadlines();
    this.reader.fail(wasOpen ? clientGone : closed);
    this.writer.fail();
    this.compression?.destroy();
    this.drainListeners = undefined;
    this.closing?.resolve();
    this.controller?.abort(ended);
    this.settings.onClosed(this);
  }

  private adopt(stream: Tagged): void {
    stream[connectionOf] = this;
    stream.on('error', onError);
    stream.on('close', onClose);
  }

  private async secure(): Promise<void> {
    const { settings, stream } = this;
    if (settings.tls === undefined) throw new Error('TLS is not configured');
    if (this.state !== 'open' || stream.destroyed) throw closed;
    this.writer.detach();
    this.setPhaseTimeout(settings.handshakeTimeoutMs);
    let socket: TLSSocket;
    try {
      socket = settings.tls.wrap(stream, settings.alpn);
    } catch (error) {
      this.destroy(error as Error);
      throw error;
    }
    this.stream = socket;
    this.adopt(socket);
    await handshake(socket);
    this.setPhaseTimeout(0);
    this.tls = new SocketTlsState(socket);
    this.reader.attach(socket);
    this.writer.attach(socket);
    settings.onSecured(this, this.tls);
  }

  private onOutputFinished(): void {
    this.closing?.resolve();
    if (this.state === 'ended') return;
    this.endWriteDeadline();
    // An end with unread input would reach the client as a reset and could cost it the last reply.
    if (this.reader.isEnded) this.stream.destroy();
    else this.setPhaseTimeout(Math.max(1, this.settings.lingerMs));
  }
}

/** Every connection ends, so that these are made once: a stack trace each costs more than a command. */
const closed = new ReadError('closed', 'the connection is closed');
const clientGone = new ReadError('closed', 'the client is gone');
const ended = new DOMException('The connection has ended', 'AbortError');
