/** The connection of a shell: made, secured, and told who the user is. */
import {
  CommandError,
  ConnectionLost,
  mayTellPassword,
  type RemoteSecurity,
  remoteTls,
  type ServerAddress,
} from '@angarium/sdk';
import { SieveClient } from './protocol/client.js';
import { type Credentials, logIn } from './protocol/sasl.js';

const TIMEOUT_MS = 30_000;

/** Connected, and secured if the server can. @throws ConnectionLost */
export async function connectTo(to: ServerAddress, security: RemoteSecurity): Promise<SieveClient> {
  const tls = remoteTls(to.host, security);
  const client = await SieveClient.connect({ ...to, timeoutMs: TIMEOUT_MS, tls });
  try {
    if (to.isImplicit || security.noTls || !client.has('STARTTLS')) return client;
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
  security: RemoteSecurity,
): Promise<void> {
  if (!mayTellPassword(client, security))
    throw new CommandError('the server offers no TLS; with --notls the password is sent as it is');
  const answer = await logIn(client, credentials);
  if (answer.kind === 'OK') return;
  if (answer.code === 'REFERRAL')
    throw new CommandError(`the scripts are on another server: ${answer.argument}`);
  throw new CommandError(`authentication failed: ${answer.text || answer.code || 'refused'}`);
}
