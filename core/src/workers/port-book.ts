/**
 * Where the workers listen, decided once for all of them: free ports are picked here, because workers of different
 * generations would otherwise not agree on them, and the socket files of a killed server are taken away before
 * the first worker binds.
 */
import { chmod, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { removeStaleSocket } from '../connections/listener.js';
import type { ListenRequest } from './ipc.js';

export class PortBook {
  private readonly free = new Map<string, Promise<number>>();
  private readonly prepared = new Map<string, Promise<void>>();

  /** The port to listen on; 0 for unix sockets. @throws ListenError */
  async resolve(request: ListenRequest): Promise<number> {
    const { path, port, service, address, ordinal, taken } = request;
    if (path !== undefined) {
      await this.prepare(path);
      return 0;
    }
    if (port !== 0) return port;
    const key = `${service} ${address ?? ''} ${ordinal}`;
    const known = this.free.get(key);
    // Whoever asks first picks; those that ask meanwhile wait for the same.
    if (known === undefined) return await this.pick(key, address);
    const free = await known;
    if (free !== taken) return free;
    return await (this.free.get(key) === known ? this.pick(key, address) : this.free.get(key)!);
  }

  private pick(key: string, address: string | undefined): Promise<number> {
    const picked = pickFreePort(address);
    this.free.set(key, picked);
    picked.catch(() => this.free.delete(key));
    return picked;
  }

  private prepare(path: string): Promise<void> {
    let done = this.prepared.get(path);
    if (done === undefined) {
      done = prepareSocketPath(path);
      this.prepared.set(path, done);
      done.catch(() => this.prepared.delete(path));
    }
    return done;
  }
}

async function prepareSocketPath(path: string): Promise<void> {
  const dir = dirname(path);
  const made = await mkdir(dir, { recursive: true });
  // The socket's own mode says who may use it; a folder made here must not say otherwise.
  if (made !== undefined) await chmod(dir, 0o711);
  await removeStaleSocket(path);
}

/** Bound for a moment, so that the system picks; it does not hand out the same again soon. */
function pickFreePort(address: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ port: 0, ...(address !== undefined && { host: address }) }, () => {
      const bound = probe.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
