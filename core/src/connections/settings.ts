import type { TlsState } from '@angarium/sdk';
import type { ClientConnection } from './connection.js';
import type { TimerWheel } from './timeouts.js';
import type { TlsAcceptor } from './tls.js';

/** What the connections of one `listen` entry have in common. */
export interface ConnectionSettings {
  readonly service: string;
  readonly listenOptions: Readonly<Record<string, unknown>>;
  readonly wheel: TimerWheel;
  /** Idle timeout until the session sets its own; 0 is none. */
  readonly loginTimeoutMs: number;
  /** How long output may wait for a client that takes nothing. */
  readonly writeTimeoutMs: number;
  /** For the PROXY header and for the TLS handshake. */
  readonly handshakeTimeoutMs: number;
  /** How long a closed connection waits for the client's side to close, so that the last reply arrives. */
  readonly lingerMs: number;
  /** Undefined: no TLS here. */
  readonly tls: TlsAcceptor | undefined;
  readonly offersStartTls: boolean;
  readonly alpn: readonly string[];
  onSecured(connection: ClientConnection, tls: TlsState): void;
  onClosed(connection: ClientConnection): void;
}
