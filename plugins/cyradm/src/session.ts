/** The connection of a shell: made, secured, and told who the administrator is. */
import { mayTellPassword, type RemoteSecurity, remoteTls, type ServerAddress } from '@angarium/sdk';
import { ImapClient } from './imap/client.js';
import { type Credentials, logIn } from './imap/sasl.js';
import { CommandFailed } from './shell/builtin.js';

export type Login = Omit<Credentials, 'password'> & { readonly password: string | undefined };

const TIMEOUT_MS = 30_000;

/** Connected, and secured if the server can. @throws ConnectionLost, CommandFailed */
export async function connectTo(
  to: ServerAddress,
  security: RemoteSecurity,
  callbacks: { readonly onAlert: (text: string) => void; readonly onLost: () => void },
): Promise<ImapClient> {
  const tls = remoteTls(to.host, security);
  const client = await ImapClient.connect({ ...to, ...callbacks, timeoutMs: TIMEOUT_MS, tls });
  try {
    if (!to.isImplicit && !security.noTls && client.has('STARTTLS')) await client.startTls();
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
  security: RemoteSecurity,
): Promise<void> {
  if (!mayTellPassword(client, security))
    throw new CommandFailed('the server offers no TLS; with --notls the password is sent as it is');
  const answer = await logIn(client, credentials);
  if (answer.kind !== 'OK') throw new CommandFailed(answer.text);
}
