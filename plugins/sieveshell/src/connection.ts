/** The connection of a shell: where to, how safe, who. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { CommandError } from '@angarium/sdk';
import { ConnectionLost, SieveClient } from './protocol/client.js';
import { type Credentials, logIn } from './protocol/sasl.js';

export interface ConnectTo {
  readonly host: string;
  readonly port: number;
  readonly isImplicit: boolean;
}

export interface Security {
  /** PEM file; with it the certificate is always verified. */
  readonly caFile: string | undefined;
  /** Never STARTTLS. */
  readonly noTls: boolean;
  readonly isInsecure: boolean;
}

const TIMEOUT_MS = 30_000;

/** Nobody is between us and ourselves. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

/** Connected, and secured if the server can. @throws ConnectionLost */
export async function connectTo(to: ConnectTo, security: Security): Promise<SieveClient> {
  const { caFile, noTls, isInsecure } = security;
  const ca = caFile === undefined ? undefined : readFileSync(caFile, 'latin1');
  const isVerified = ca !== undefined || !(isInsecure || isLoopback(to.host));
  const tls = { isVerified, ...(ca === undefined ? {} : { ca }) };
  const client = await SieveClient.connect({ ...to, timeoutMs: TIMEOUT_MS, tls });
  try {
    if (to.isImplicit || noTls || !client.has('STARTTLS')) return client;
    const refusal = await client.startTls();
    if (refusal !== undefined) throw new ConnectionLost(refusal.text);
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}

/** @throws CommandError when the server refuses, or the password would travel in the clear over a network */
export async function authenticate(
  client: SieveClient,
  credentials: Credentials,
  { noTls }: Security,
): Promise<void> {
  if (!client.isSecure && !noTls && !isLoopback(client.host))
    throw new CommandError('the server offers no TLS; with --notls the password is sent as it is');
  const answer = await logIn(client, credentials);
  if (answer.kind === 'OK') return;
  if (answer.code === 'REFERRAL')
    throw new CommandError(`the scripts are on another server: ${answer.argument}`);
  throw new CommandError(`authentication failed: ${answer.text || answer.code || 'refused'}`);
}

/** `host`, `host:port`, `[::1]:port`. @throws CommandError */
export function parseServer(text: string, port: number): { readonly host: string; readonly port: number } {
  const [, bracketed, bare, given] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (bracketed !== undefined || bare !== undefined)
    return { host: bracketed ?? bare!, port: given === undefined ? port : Number(given) };
  if (isIP(text) === 6) return { host: text, port };
  throw new CommandError(`not a server: ${text}`, 2);
}

/** Where the server of a data folder listens for ManageSieve; undefined: it does not run. */
export async function ownServer(runDir: string): Promise<ConnectTo | undefined> {
  const file = await readFile(join(runDir, 'ports.json'), 'utf8').catch(() => undefined);
  if (file === undefined) return undefined;
  type Door = { readonly address?: string; readonly port?: number; readonly tls?: string };
  const ports = JSON.parse(file) as Readonly<Record<string, readonly Door[]>>;
  const doors = (ports['sieve'] ?? []).filter(({ port }) => port !== undefined);
  const door = doors.find(({ tls }) => tls !== 'implicit') ?? doors[0];
  if (door?.port === undefined) return undefined;
  const isAny = door.address === undefined || ['0.0.0.0', '::', '*'].includes(door.address);
  return { host: isAny ? '127.0.0.1' : door.address!, port: door.port, isImplicit: door.tls === 'implicit' };
}
