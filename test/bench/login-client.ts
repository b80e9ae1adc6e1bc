/** One login of a storm: connect, prove who it is, LOGOUT. */
import { cramMd5Client, loginClient, plainClient, type SaslClient, ScramClient } from '@angarium/testing';
import { LoadClient, NotOffered } from './load.js';
import type { BenchServer } from './servers.js';

/** `IMAP LOGIN` is the command, the others are mechanisms of AUTHENTICATE. */
export const waysIn = [
  'IMAP LOGIN',
  'PLAIN',
  'LOGIN',
  'CRAM-MD5',
  'SCRAM-SHA-1',
  'SCRAM-SHA-256',
  'SCRAM-SHA-512',
] as const;
export type WayIn = (typeof waysIn)[number];

/** Salted passwords, which clients keep: what is measured is the server. */
const salted = new Map<string, Buffer>();

export async function greet(client: LoadClient): Promise<void> {
  await client.until('* OK');
}

/** @throws NotOffered when CAPABILITY does not name it */
export async function mustOffer(server: BenchServer, way: WayIn): Promise<void> {
  const client = await LoadClient.connect(server.imapPort);
  await greet(client);
  const capabilities = (await client.command('c', 'CAPABILITY')).toUpperCase().split(/\s+/);
  client.end();
  if (way !== 'IMAP LOGIN' && !capabilities.includes(`AUTH=${way}`)) throw new NotOffered(way);
}

/** @throws Error when the login fails. */
export async function logInAndOut(
  server: BenchServer,
  way: WayIn,
  user: string,
  isTls = false,
): Promise<void> {
  const client = isTls
    ? await LoadClient.connectTls(server.imapsPort)
    : await LoadClient.connect(server.imapPort);
  await greet(client);
  if (way === 'IMAP LOGIN') await client.command('a', `LOGIN ${user} ${server.password}`);
  else await client.authenticate('a', way, saslClient(way, user, server.password));
  await client.command('o', 'LOGOUT');
  client.end();
}

function saslClient(way: Exclude<WayIn, 'IMAP LOGIN'>, user: string, password: string): SaslClient {
  if (way === 'PLAIN') return plainClient(user, password);
  if (way === 'LOGIN') return loginClient(user, password);
  if (way === 'CRAM-MD5') return cramMd5Client(user, password);
  const hash = way.slice('SCRAM-'.length) as 'SHA-1' | 'SHA-256' | 'SHA-512';
  return new ScramClient({ user, password, hash, cache: salted });
}
