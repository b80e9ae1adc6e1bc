import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';

/** Where a client connects to. */
export interface ServerAddress {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** TLS from the first octet. */
  readonly isImplicit: boolean;
}

/** A socket that this data folder's server listens on. */
export interface Door {
  /** Of a unix socket; it has no address and no port. */
  readonly path?: string;
  readonly address?: string;
  readonly port?: number;
  readonly tls?: string;
}

/** `host`, `host:port`, `[::1]:port`, `::1`. Undefined for what is none. @param port where the text says none */
export function parseServer(
  text: string,
  port: number,
): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, bare, given] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? bare;
  if (host !== undefined) return { host, port: given === undefined ? port : Number(given) };
  return isIP(text) === 6 ? { host: text, port } : undefined;
}

/** Where the server of a data folder listens for a service (`imap`, `sieve`); empty when none runs. */
export async function openDoors(runDir: string, service: string): Promise<readonly Door[]> {
  try {
    const ports = JSON.parse(await readFile(join(runDir, 'ports.json'), 'utf8')) as Record<string, Door[]>;
    return ports[service] ?? [];
  } catch {
    return [];
  }
}

/** How the server of a data folder is reached by TCP, without implicit TLS if it can be; undefined when none runs. */
export async function ownServer(runDir: string, service: string): Promise<ServerAddress | undefined> {
  const doors = await openDoors(runDir, service);
  const reachable = doors.flatMap(({ address, port, tls }) =>
    port === undefined ? [] : [{ host: reachableAddress(address), port, isImplicit: tls === 'implicit' }],
  );
  return reachable.find(({ isImplicit }) => !isImplicit) ?? reachable[0];
}

/** Who listens on all addresses is reached by this machine's own. */
export function reachableAddress(address = '0.0.0.0'): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
