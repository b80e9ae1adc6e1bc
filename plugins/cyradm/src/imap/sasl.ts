/** Who the administrator is: SASL PLAIN and LOGIN, or the LOGIN command where a server offers neither. */
import { type Answer, astring, type ImapClient } from './client.js';

export interface Credentials {
  readonly user: string;
  /** Act as him (PLAIN only). */
  readonly authz: string | undefined;
  readonly password: string;
  /** As asked for by the operator; undefined: the best that the server offers. */
  readonly mechanism: string | undefined;
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').latin1Slice();
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** Resolves with the server's answer. @throws Error for a mechanism that this client does not have */
export async function logIn(client: ImapClient, credentials: Credentials): Promise<Answer> {
  const answer = await tell(client, credentials);
  // Most servers offer more now; a few say so by themselves.
  if (answer.kind === 'OK' && answer.code?.toUpperCase().startsWith('CAPABILITY') !== true)
    await client.askCapabilities();
  return answer;
}

function tell(client: ImapClient, { user, authz, password, mechanism }: Credentials): Promise<Answer> {
  const wanted = mechanism?.toUpperCase() ?? (client.has('AUTH=PLAIN') ? 'PLAIN' : 'LOGIN');
  if (wanted === 'PLAIN') {
    const response = base64(`${authz ?? ''}\0${user}\0${password}`);
    return client.has('SASL-IR')
      ? client.command(['AUTHENTICATE PLAIN', response])
      : client.command(['AUTHENTICATE PLAIN'], () => response);
  }
  if (wanted !== 'LOGIN') throw new Error(`mechanism ${wanted} is not known here: PLAIN and LOGIN are`);
  if (authz !== undefined && authz !== user) throw new Error('acting as another user needs PLAIN');
  if (!client.has('AUTH=LOGIN'))
    return client.command(['LOGIN', astring(latin1(user)), astring(latin1(password))]);
  const answers = [base64(user), base64(password)];
  return client.command(['AUTHENTICATE LOGIN'], () => answers.shift() ?? '*');
}
