/** Connections without a listener, for tests of protocols: over `stream.duplexPair()`, or any other Duplex. */
import type { Duplex } from 'node:stream';
import type { Clock, Connection, PeerAddress } from '@angarium/sdk';
import { systemClock } from '../clock.js';
import { ClientConnection } from './connection.js';
import { type ConnectionTimeouts, defaultTimeouts } from './listeners.js';
import { TimerWheel } from './timeouts.js';
import type { TlsAcceptor } from './tls.js';

export interface ConnectionOverOptions extends Partial<ConnectionTimeouts> {
  readonly id?: string;
  readonly service?: string;
  /** Default: loopback. */
  readonly remote?: PeerAddress;
  readonly local?: PeerAddress;
  readonly listenOptions?: Readonly<Record<string, unknown>>;
  /** Default: the system's; a clock moved by hand moves the timeouts. */
  readonly clock?: Clock;
  /** 0, the default, is none. */
  readonly idleTimeoutMs?: number;
  /** With it, `canStartTls` is true. */
  readonly tls?: TlsAcceptor;
}

export interface TestableConnection extends Connection {
  /** Tells the session that the server drains. */
  beginDrain(onFailure: (error: unknown) => void): void;
}

const loopback: PeerAddress = { address: '127.0.0.1', port: 0 };

/** The server's end of `stream` as services get it. The caller runs the session and closes the connection. */
export function connectionOver(stream: Duplex, options: ConnectionOverOptions = {}): TestableConnection {
  const { id = 'test', service = 'test', remote = loopback, local = loopback, tls } = options;
  const settings = {
    writeTimeoutMs: options.writeTimeoutMs ?? defaultTimeouts.writeTimeoutMs,
    handshakeTimeoutMs: options.handshakeTimeoutMs ?? defaultTimeouts.handshakeTimeoutMs,
    lingerMs: options.lingerMs ?? 0,
    service,
    listenOptions: options.listenOptions ?? {},
    wheel: new TimerWheel(options.clock ?? systemClock),
    loginTimeoutMs: options.idleTimeoutMs ?? 0,
    tls,
    offersStartTls: tls !== undefined,
    alpn: [],
    onSecured: () => {},
    onClosed: () => settings.wheel[Symbol.dispose](),
  };
  return new ClientConnection(stream, settings, id, remote, local);
}
