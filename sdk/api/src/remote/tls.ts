import { readFileSync } from 'node:fs';
import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { isLocalHost } from '../kernel/networks.js';
import type { ServerAddress } from './address.js';

/** How sure a client has to be of the server. */
export interface RemoteSecurity {
  /** PEM file; with it the certificate is always verified. */
  readonly caFile: string | undefined;
  /** Never STARTTLS. */
  readonly noTls: boolean;
  /** Any certificate will do. */
  readonly isInsecure: boolean;
}

/** The connection cannot be made, or is gone. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/**
 * For `openSocket` and `secureSocket`. On this machine a certificate is verified only by a CA that is named: nobody is between
 * us and ourselves. @throws Error when the CA file cannot be read
 */
export function remoteTls(host: string, { caFile, isInsecure }: RemoteSecurity): ConnectionOptions {
  const ca = caFile === undefined ? undefined : readFileSync(caFile, 'latin1');
  return {
    rejectUnauthorized: ca !== undefined || !(isInsecure || isLocalHost(host)),
    ...(ca === undefined ? {} : { ca }),
    // An address is no name for SNI.
    ...(isIP(host) === 0 ? { servername: host } : {}),
  };
}

/** Connecting, with TLS from the first octet where the address says so. */
export function openSocket(
  { host, port, isImplicit }: ServerAddress,
  tls: ConnectionOptions,
): Socket | TLSSocket {
  return isImplicit ? connectTls({ host, port, ...tls }) : connect({ host, port });
}

/** STARTTLS has been agreed on: what was listened for on the plain socket is taken off. */
export function secureSocket(plain: Socket, tls: ConnectionOptions): TLSSocket {
  plain.removeAllListeners();
  return connectTls({ socket: plain, ...tls });
}

/** Is it TLS? */
export function isSecure(socket: Socket | TLSSocket): boolean {
  return 'encrypted' in socket && socket.encrypted;
}

/** May a password go over this connection? Only in the clear where nobody listens, or where the operator has renounced TLS. */
export function mayTellPassword(
  { isSecure, host }: { readonly isSecure: boolean; readonly host: string },
  { noTls }: RemoteSecurity,
): boolean {
  return isSecure || noTls || isLocalHost(host);
}
