/**
 * All sockets and connections of a worker: opens what the services ask for, keeps count, drains.
 * Who owns the sockets between processes is decided by the caller (`resolve`): the primary of a cluster hands
 * out ports, a lone process takes what the system gives.
 */
import type { Server, Socket } from 'node:net';
import { isAbsolute, join } from 'node:path';
import type { Clock, HookBus, Logger, PeerAddress, Service } from '@angarium/sdk';
import { ClientConnection } from './connection.js';
import { Door } from './door.js';
import { drainConnections } from './drain.js';
import { ConnectionLimits, type LimitSettings } from './limits.js';
import {
  type BoundAddress,
  boundAddress,
  ListenError,
  type ListenTarget,
  listen,
  removeStaleSocket,
  type SocketHandler,
} from './listener.js';
import type { ConnectionSettings } from './settings.js';
import { TimerWheel } from './timeouts.js';
import type { TlsAcceptor } from './tls.js';

export interface ConnectionTimeouts {
  readonly writeTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  readonly lingerMs: number;
}

export const defaultTimeouts: ConnectionTimeouts = {
  writeTimeoutMs: 300_000,
  handshakeTimeoutMs: 30_000,
  lingerMs: 2_000,
};

export interface ListenersOptions {
  readonly log: Logger;
  readonly clock: Clock;
  readonly dataDir: string;
  readonly limits: LimitSettings;
  /** Begins every connection id; unique among the workers of a server. */
  readonly idPrefix: string;
  readonly tls?: TlsAcceptor | undefined;
  readonly hooks?: HookBus | undefined;
  readonly timeouts?: Partial<ConnectionTimeouts>;
  /**
   * Makes the place ready and answers the port to use; `taken` is one answered before that somebody else has got
   * meanwhile. Default: stale sockets are removed, port 0 stays 0.
   */
  resolve?(target: ListenTarget, taken?: number): Promise<number>;
}

/** A row of `angarium status`. */
export interface ConnectionRow {
  readonly id: string;
  readonly service: string;
  readonly remote: string;
  readonly user: string | undefined;
  readonly activity: string | undefined;
  readonly tls: string | undefined;
  readonly connectedMs: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

const portAttempts = 5;

interface OpenSocket {
  readonly server: Server;
  readonly target: ListenTarget;
}

export class Listeners {
  readonly connections = new Set<ClientConnection>();
  private readonly open: OpenSocket[] = [];
  private readonly wheel: TimerWheel;
  private readonly limits: ConnectionLimits;
  private readonly timeouts: ConnectionTimeouts;
  private nextId = 1;
  private accepted = 0;
  private isDraining = false;

  constructor(private readonly options: ListenersOptions) {
    this.wheel = new TimerWheel(options.clock);
    this.limits = new ConnectionLimits(options.limits);
    this.timeouts = { ...defaultTimeouts, ...options.timeouts };
  }

  /** Listens for all services. @throws ListenError; what was opened is then closed again. */
  async listen(services: readonly Service[]): Promise<void> {
    try {
      for (const service of services) {
        for (const entry of service.listen) await this.listenOn(service, entry);
      }
    } catch (error) {
      await this.stopAccepting();
      throw error;
    }
  }

  /** By service, in the order of its listen list. */
  addresses(): Record<string, BoundAddress[]> {
    const byService: Record<string, BoundAddress[]> = {};
    for (const { server, target } of this.open) {
      (byService[target.service] ??= []).push(boundAddress(server, target));
    }
    return byService;
  }

  get acceptedCount(): number {
    return this.accepted;
  }

  rows(): ConnectionRow[] {
    return [...this.connections].map((connection) => ({
      id: connection.id,
      service: connection.service,
      remote: connection.remote.address,
      user: connection.user,
      activity: connection.activity,
      tls: connection.tls?.protocol,
      connectedMs: Math.round(this.wheel.nowMs - connection.startedMs),
      bytesRead: connection.bytesRead,
      bytesWritten: connection.bytesWritten,
    }));
  }

  /** No new clients. Resolves when the sockets are closed, which does not wait for the connections. */
  async stopAccepting(): Promise<void> {
    const open = this.open.splice(0);
    for (const { server } of open) server.close();
  }

  /** Stops accepting, asks the sessions to end, and ends at the deadline those that have not. */
  async drain(deadlineMs: number): Promise<void> {
    this.isDraining = true;
    await this.stopAccepting();
    const { log, clock } = this.options;
    await drainConnections(this.connections, { deadlineMs, clock, log });
    this.wheel[Symbol.dispose]();
  }

  private async listenOn(service: Service, entry: Service['listen'][number]): Promise<void> {
    const { log, dataDir, tls } = this.options;
    const isImplicit = entry.tls === 'implicit';
    if (isImplicit && tls === undefined)
      throw new Error(`${service.name}: implicit TLS without a certificate`);
    const path = entry.path === undefined || isAbsolute(entry.path) ? entry.path : join(dataDir, entry.path);
    const wanted: ListenTarget = { service: service.name, entry, path, port: entry.port ?? 0 };
    const { limits } = this;
    const door = new Door(service, entry.proxy, isImplicit, { log, limits, hooks: this.options.hooks });
    const settings = this.settingsFor(service, entry, door);
    const onSocket: SocketHandler = (socket, remote, local) =>
      this.accept(door, settings, service, socket, remote, local);
    const onError = (err: Error): void => log.error('cannot accept clients', { service: service.name, err });
    this.open.push(await this.openSocket(wanted, onSocket, onError));
  }

  /** A free port that was picked by somebody else may be taken before it is used: then another is asked for. */
  private async openSocket(
    wanted: ListenTarget,
    onSocket: SocketHandler,
    onError: (error: Error) => void,
  ): Promise<OpenSocket> {
    const { resolve = takeAsIs } = this.options;
    let taken: number | undefined;
    for (let attempt = 1; ; attempt++) {
      const target = { ...wanted, port: await resolve(wanted, taken) };
      try {
        return { server: await listen(target, onSocket, onError), target };
      } catch (error) {
        const isPicked = wanted.path === undefined && wanted.port === 0;
        const isTaken = error instanceof ListenError && error.code === 'EADDRINUSE';
        if (!isPicked || !isTaken || attempt === portAttempts) throw error;
        taken = target.port;
      }
    }
  }

  private settingsFor(service: Service, entry: Service['listen'][number], door: Door): ConnectionSettings {
    return {
      ...this.timeouts,
      service: service.name,
      listenOptions: listenOptionsOf(entry),
      wheel: this.wheel,
      loginTimeoutMs: service.loginTimeoutMs,
      tls: this.options.tls,
      offersStartTls: entry.tls === undefined || entry.tls === 'starttls',
      alpn: service.alpn ?? [],
      onSecured: (connection, tls) => door.onSecured(connection, tls),
      onClosed: (connection) => this.connections.delete(connection),
    };
  }

  private accept(
    door: Door,
    settings: ConnectionSettings,
    service: Service,
    socket: Socket,
    remote: PeerAddress,
    local: PeerAddress,
  ): void {
    const id = `${this.options.idPrefix}${(this.nextId++).toString(36)}`;
    const connection = new ClientConnection(socket, settings, id, remote, local);
    this.connections.add(connection);
    this.accepted++;
    if (this.isDraining) {
      connection.write(service.busy('draining'));
      void connection.close();
      return;
    }
    void door.admit(connection);
  }
}

/** What the kernel does not use itself is the service's. */
function listenOptionsOf(entry: Service['listen'][number]): Readonly<Record<string, unknown>> {
  const { address: _a, port: _p, path: _u, mode: _m, tls: _t, proxy: _x, ...rest } = entry;
  return Object.freeze(rest);
}

async function takeAsIs(target: ListenTarget): Promise<number> {
  if (target.path !== undefined) await removeStaleSocket(target.path);
  return target.port;
}
