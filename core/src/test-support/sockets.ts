/** Clients for tests of connections: they collect what comes and wait for what is expected. */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { settled } from './fixtures.js';

export class Client {
  /** Everything received so far, as latin1. */
  received = '';
  hasEnded = false;
  isClosed = false;
  error: Error | undefined;
  private readonly watchers = new Set<() => void>();

  constructor(readonly stream: Duplex) {
    stream.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
      this.wake();
    });
    stream.on('end', () => {
      this.hasEnded = true;
      this.wake();
    });
    stream.on('close', () => {
      this.isClosed = true;
      this.wake();
    });
    stream.on('error', (error) => {
      this.error = error;
    });
  }

  write(data: string | Uint8Array): void {
    this.stream.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  /** Resolves when the text has come. @throws Error when the connection ends without it. */
  async until(text: string): Promise<void> {
    await this.when(() => this.received.includes(text) || this.hasEnded || this.isClosed);
    if (!this.received.includes(text)) throw new Error(`ended after ${JSON.stringify(this.received)}`);
  }

  async ended(): Promise<void> {
    await this.when(() => this.hasEnded || this.isClosed);
  }

  async closed(): Promise<void> {
    await this.when(() => this.isClosed);
  }

  private async when(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.watchers.add(resolve));
  }

  private wake(): void {
    for (const watcher of this.watchers) watcher();
    this.watchers.clear();
  }
}

/** Connected to a port of 127.0.0.1, or to a unix socket. */
export async function dial(to: number | string, options: Partial<NetConnectOpts> = {}): Promise<Client> {
  const target = typeof to === 'number' ? { port: to, host: '127.0.0.1' } : { path: to };
  const socket: Socket = connect({ ...target, ...options } as NetConnectOpts);
  const client = new Client(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.once('error', reject);
  });
  return client;
}

/** Waits turn by turn for something that is bound to come. */
export async function eventually(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    await settled();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
