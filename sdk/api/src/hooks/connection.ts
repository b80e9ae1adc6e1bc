/** Family `connection.*`: clients come and go, of every service. */
import type { PeerAddress, TlsState } from '../kernel/connection.js';
import { declareHooks } from '../kernel/hooks.js';

/** Who the client is; what the session knows of it stays with the session. */
export interface ConnectionInfo {
  /** As in the log. */
  readonly id: string;
  readonly service: string;
  /** The client itself, also behind a proxy that announced it. */
  readonly remote: PeerAddress;
  readonly local: PeerAddress;
  /** The extra settings of the `listen` entry. */
  readonly listenOptions: Readonly<Record<string, unknown>>;
}

/** What went over a connection until it ended. */
export interface ConnectionCounters {
  /** Plain bytes of the protocol: after decryption and decompression. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly durationMs: number;
  /** As the session described it; undefined before login. */
  readonly user: string | undefined;
  /** Why it ended, when not in good order: reset, timeout, broken handshake. */
  readonly error: string | undefined;
}

declare module '../kernel/hooks.js' {
  interface Hooks {
    /** Before TLS and before the service sees the client. A throw refuses it: it gets the service's busy line. */
    'connection.accepting': VetoHook<[client: ConnectionInfo]>;
    /** TLS is in place, implicit or by STARTTLS. */
    'connection.secured': ObserveHook<[client: ConnectionInfo, tls: TlsState]>;
    /** Every client that was accepted, once. */
    'connection.closed': ObserveHook<[client: ConnectionInfo, counters: ConnectionCounters]>;
  }
}

declareHooks({
  'connection.accepting': { kind: 'veto', summary: 'a client has connected; may be refused' },
  'connection.secured': { kind: 'observe', summary: 'a client speaks TLS' },
  'connection.closed': { kind: 'observe', summary: 'a client is gone; with byte counts' },
});
