/** A small, literal-minded client for line protocols, over any stream; it shares no code with the servers. */
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

/** Strings are latin1. */
export class LineClient {
  private buffered: Buffer = Buffer.alloc(0);
  private ended = false;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;
  /** Everything that came, for messages of failing tests. */
  private heard = '';

  constructor(public stream: Duplex) {
    this.attach();
  }

  /** @param from the client's own address. */
  static async connect<T>(
    this: new (
      stream: Duplex,
    ) => T,
    port: number,
    host = '127.0.0.1',
    from?: string,
  ): Promise<T> {
    const own = from === undefined ? {} : { localAddress: from };
    const socket = net.connect({ port, host, noDelay: true, ...own });
    await once(socket, 'connect');
    return new this(socket);
  }

  static async connectPath<T>(this: new (stream: Duplex) => T, path: string): Promise<T> {
    const socket = net.connect({ path });
    await once(socket, 'connect');
    return new this(socket);
  }

  /** Any certificate will do. */
  static async connectTls<T>(
    this: new (
      stream: Duplex,
    ) => T,
    port: number,
    options: tls.ConnectionOptions = {},
  ): Promise<T> {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    await once(socket, 'secureConnect');
    return new this(socket);
  }

  /** The client's half of STARTTLS, after the server's go-ahead. */
  async startTls(options: tls.ConnectionOptions = {}): Promise<void> {
    this.stream.removeAllListeners('data');
    const secured = tls.connect({ socket: this.stream, rejectUnauthorized: false, ...options });
    await once(secured, 'secureConnect');
    this.stream = secured;
    this.attach();
  }

  send(data: string | Uint8Array): void {
    this.stream.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  sendLine(line: string): void {
    this.send(`${line}\r\n`);
  }

  /** Sends, waiting for the system to take it. */
  async sendSlowly(data: Uint8Array): Promise<void> {
    if (!this.stream.write(data)) await once(this.stream, 'drain');
  }

  /** The next line without CRLF. @throws Error at the end of input or after `timeoutMs`. */
  async line(timeoutMs = 10_000): Promise<string> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const end = this.buffered.indexOf(10);
      if (end >= 0) {
        const line = this.buffered.latin1Slice(0, end).replace(/\r$/, '');
        this.buffered = this.buffered.subarray(end + 1);
        return line;
      }
      await this.moreInput(deadline);
    }
  }

  async exactly(length: number, timeoutMs = 10_000): Promise<Buffer> {
    const deadline = Date.now() + timeoutMs;
    while (this.buffered.length < length) await this.moreInput(deadline);
    const bytes = Buffer.from(this.buffered.subarray(0, length));
    this.buffered = this.buffered.subarray(length);
    return bytes;
  }

  /** The next line, which must match. */
  async expect(pattern: RegExp): Promise<string> {
    const line = await this.line();
    if (!pattern.test(line)) throw new Error(`expected ${pattern}, got ${JSON.stringify(line)}`);
    return line;
  }

  /** Lines up to and with the first that matches. */
  async until(pattern: RegExp): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      lines.push(await this.line());
      if (pattern.test(lines.at(-1)!)) return lines;
    }
  }

  /** Resolves when the server has closed its side; answers what came before that. */
  async end(timeoutMs = 10_000): Promise<string> {
    const deadline = Date.now() + timeoutMs;
    while (!this.ended) await this.moreInput(deadline, true);
    return this.buffered.latin1Slice();
  }

  /** What has come and is not read yet. */
  get unread(): string {
    return this.buffered.latin1Slice();
  }

  /** Stops reading, so that the server meets a slow reader. */
  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  /** Sends FIN; the other direction stays open. */
  halfClose(): void {
    this.stream.end();
  }

  destroy(): void {
    this.stream.destroy();
  }

  private attach(): void {
    const { stream } = this;
    stream.on('data', (chunk: Buffer) => {
      this.buffered = this.buffered.length === 0 ? chunk : Buffer.concat([this.buffered, chunk]);
      this.heard = (this.heard + chunk.latin1Slice()).slice(-400);
      this.wake?.();
    });
    const onEnd = (error?: unknown) => {
      if (this.stream !== stream) return;
      this.ended = true;
      if (error instanceof Error) this.failure = error;
      this.wake?.();
    };
    stream.on('end', onEnd);
    stream.on('close', onEnd);
    stream.on('error', onEnd);
  }

  private async moreInput(deadline: number, quietly = false): Promise<void> {
    if (this.ended) {
      if (quietly) return;
      throw new Error(
        `the server closed (${this.failure?.message ?? 'end'}); last heard: ${JSON.stringify(this.heard)}`,
      );
    }
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.wake = resolve;
      const text = () => `nothing more from the server; last heard: ${JSON.stringify(this.heard)}`;
      timer = setTimeout(() => reject(new Error(text())), Math.max(0, deadline - Date.now()));
    }).finally(() => clearTimeout(timer));
  }
}
