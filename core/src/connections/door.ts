/**
 * What happens to a client between `accept` of the system and `accept` of the service, and after: PROXY header,
 * limits, veto hook, implicit TLS, session, close. Refused clients get the service's busy line.
 */
import {
  type ConnectionCounters,
  type ConnectionInfo,
  type HookBus,
  type Logger,
  type Networks,
  parseNetworks,
  ReadError,
  type Service,
  type TlsState,
} from '@angarium/sdk';
import type { ClientConnection } from './connection.js';
import type { ConnectionLimits } from './limits.js';
import { ProxyHeaderError, readProxyHeader } from './proxy-protocol.js';

type BusyReason = Parameters<Service['busy']>[0];

/** Clients that are being told that they are too many; beyond this they are cut off without a word. */
const maxBeingRefused = 64;

/** What all doors of a worker share. */
export interface DoorContext {
  readonly log: Logger;
  readonly limits: ConnectionLimits;
  readonly hooks: HookBus | undefined;
}

export class Door {
  private readonly trusted: Networks | undefined;
  private readonly accepting;
  private readonly secured;
  private readonly closed;
  private beingRefused = 0;

  constructor(
    private readonly service: Service,
    proxy: readonly string[] | undefined,
    private readonly isImplicitTls: boolean,
    private readonly context: DoorContext,
  ) {
    this.trusted = proxy === undefined || proxy.length === 0 ? undefined : parseNetworks(proxy);
    this.accepting = context.hooks?.hook('connection.accepting');
    this.secured = context.hooks?.hook('connection.secured');
    this.closed = context.hooks?.hook('connection.closed');
  }

  /** Runs the connection to its end. Never throws. */
  async admit(connection: ClientConnection): Promise<void> {
    const { limits } = this.context;
    if (!limits.tryEnter()) {
      await this.refuse(connection, 'too-many-connections');
      return;
    }
    let address: string | undefined;
    try {
      if (this.trusted?.has(connection.remote.address)) await this.readProxy(connection);
      if (!limits.tryEnterFrom(connection.remote.address)) {
        await this.refuse(connection, 'too-many-from-address');
        return;
      }
      address = connection.remote.address;
      if (this.accepting?.isTapped && !(await this.isWelcome(connection))) {
        await this.refuse(connection, 'too-many-from-address');
        return;
      }
      connection.isAccepted = true;
      if (this.isImplicitTls) await connection.startImplicitTls();
      await this.service.accept(connection);
    } catch (error) {
      this.logFailure(connection, error);
    } finally {
      await connection.close();
      limits.leave();
      if (address !== undefined) limits.leaveFrom(address);
      if (connection.isAccepted) this.tellClosed(connection);
    }
  }

  onSecured(connection: ClientConnection, tls: TlsState): void {
    if (connection.isAccepted && this.secured?.isTapped)
      this.secured.call(infoOf(connection), tls)?.catch(() => {});
  }

  /** The one header that is required from trusted networks; within the handshake timeout. */
  private async readProxy(connection: ClientConnection): Promise<void> {
    connection.setPhaseTimeout(connection.settings.handshakeTimeoutMs);
    const { source, destination } = await readProxyHeader(connection);
    connection.setPhaseTimeout(0);
    if (source !== undefined) connection.remote = source;
    if (destination !== undefined) connection.local = destination;
  }

  private async isWelcome(connection: ClientConnection): Promise<boolean> {
    try {
      await this.accepting?.call(infoOf(connection));
      return true;
    } catch (error) {
      this.context.log.info('client refused by a plugin', {
        ...logFields(connection),
        reason: textOf(error),
      });
      return false;
    }
  }

  private async refuse(connection: ClientConnection, reason: BusyReason): Promise<void> {
    if (this.beingRefused >= maxBeingRefused) {
      connection.destroy();
      return;
    }
    this.beingRefused++;
    try {
      this.context.log.debug('client refused', { ...logFields(connection), reason });
      if (this.isImplicitTls) await connection.startImplicitTls();
      connection.write(this.service.busy(reason));
      await connection.close();
    } catch (error) {
      this.logFailure(connection, error);
      connection.destroy();
    } finally {
      this.beingRefused--;
    }
  }

  private tellClosed(connection: ClientConnection): void {
    if (!this.closed?.isTapped) return;
    const counters: ConnectionCounters = {
      bytesRead: connection.bytesRead,
      bytesWritten: connection.bytesWritten,
      durationMs: connection.settings.wheel.nowMs - connection.startedMs,
      user: connection.user,
      error: connection.endReason?.message,
    };
    this.closed.call(infoOf(connection), counters)?.catch(() => {});
  }

  /** Clients that vanish are no news; a session that fails otherwise is a fault of ours. */
  private logFailure(connection: ClientConnection, error: unknown): void {
    const { log } = this.context;
    const { endReason } = connection;
    const isOrdinary = error instanceof ReadError || endReason !== undefined || connection.isEnded;
    const fields = { ...logFields(connection), reason: textOf(endReason ?? error) };
    if (isOrdinary) log.debug('client lost', fields);
    else if (error instanceof ProxyHeaderError) log.warn('client without a PROXY header', fields);
    else log.error('session failed', { ...logFields(connection), err: error });
  }
}

function infoOf(connection: ClientConnection): ConnectionInfo {
  const { id, service, remote, local, listenOptions } = connection;
  return { id, service, remote, local, listenOptions };
}

function logFields(connection: ClientConnection): Record<string, unknown> {
  const { id, service, remote, user } = connection;
  return { connection: id, service, remote: remote.address, ...(user === undefined ? {} : { user }) };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
