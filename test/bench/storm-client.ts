/** One login of a storm: connect, AUTHENTICATE, LOGOUT. */
import { cramMd5Client, plainClient, type SaslClient, ScramClient } from '@angarium/testing';
import { LoadClient } from './load.js';
import type { BenchServer } from './servers.js';

export const stormMechanisms = ['PLAIN', 'CRAM-MD5', 'SCRAM-SHA-256'] as const;
export type StormMechanism = (typeof stormMechanisms)[number];

/** Salted passwords, which clients keep: what is measured is the server. */
const salted = new Map<string, Buffer>();

export async function greet(client: LoadClient): Promise<void> {
  await client.until('* OK');
}

/** @throws Error when the login fails. */
export async function stormLogin(
  server: BenchServer,
  mechanism: StormMechanism,
  user: number,
): Promise<void> {
  const client = await LoadClient.connect(server.imapPort);
  await greet(client);
  await client.authenticate('a', mechanism, clientFor(mechanism, server.user(user), server.password));
  await client.command('o', 'LOGOUT');
  client.end();
}

function clientFor(mechanism: StormMechanism, user: string, password: string): SaslClient {
  if (mechanism === 'PLAIN') return plainClient(user, password);
  if (mechanism === 'CRAM-MD5') return cramMd5Client(user, password);
  return new ScramClient({ user, password, hash: 'SHA-256', cache: salted });
}
