/** The connection of a shell: where to, how safe, who. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { ConnectionLost, ImapClient } from './imap/client.js';
import { type Credentials, logIn } from './imap/sasl.js';
import { CommandFailed } from './shell/builtin.js';

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

export type Login = Omit<Credentials, 'password'> & { readonly password: string | undefined };

const TIMEOUT_MS = 30_000;

/** Nobody is between us and ourselves. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

/** Connected, and secured if the server can. @throws ConnectionLost, CommandFailed */
export async function connectTo(
  to: ConnectTo,
  security: Security,
  callbacks: { readonly onAlert: (text: string) => void; readonly onLost: () => void },
): Promise<ImapClient> {
  const { caFile, noTls, isInsecure } = security;
  const ca = caFile === undefined ? undefined : readFileSync(caFile, 'latin1');
  const isVerified = ca !== undefined || !(isInsecure || isLoopback(to.host));
  const client = await ImapClient.connect({
    ...to,
    ...callbacks,
    timeoutMs: TIMEOUT_MS,
    tls: { isVerified, ...(ca === undefined ? {} : { ca }) },
  });
  try {
    if (!to.isImplicit && !noTls && client.has('STARTTLS')) await client.startTls();
  } catch (error) {
    client.close();
    throw error;
  }
  return client;
}

/** @throws CommandFailed when the server refuses, or the password would travel in the clear over a network */
export async function authenticate(
  client: ImapClient,
  credentials: Credentials,
  security: Security,
): Promise<void> {
  if (!client.isSecure && !security.noTls && !isLoopback(client.host))
    throw new CommandFailed('the server offers no TLS; with --notls the password is sent as it is');
  const answer = await logIn(client, credentials);
  if (answer.kind !== 'OK') throw new CommandFailed(answer.text);
}

/** `host`, `host:port`, `[::1]:port`. */
export function parseServer(text: string, port: number): { readonly host: string; readonly port: number } {
  const [, bracketed, bare, given] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (bracketed === undefined && bare === undefined) {
    if (isIP(text) === 6) return { host: text, port };
    throw new ConnectionLost(`not a server: ${text}`);
  }
  return { host: bracketed ?? bare!, port: given === undefined ? port : Number(given) };
}
