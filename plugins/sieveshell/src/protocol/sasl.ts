/** Who the user is: SCRAM where the server has it (RFC 5802, RFC 7677), else PLAIN (RFC 4616) and LOGIN. */
import type { Answer, SieveClient } from './client.js';
import { string } from './client.js';
import { Scram, type ScramHash, scramHashes } from './scram.js';

export interface Credentials {
  /** Whose password it is. */
  readonly authid: string;
  /** Whose scripts; undefined: his own. */
  readonly authz: string | undefined;
  readonly password: string;
  /** As asked for; undefined: the best that the server offers. */
  readonly mechanism: string | undefined;
}

/** No mechanism that both sides have. */
export class NoMechanism extends Error {
  override readonly name = 'NoMechanism';
}

const known = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN', 'LOGIN'] as const;

/** Resolves with the server's answer. @throws NoMechanism, ConnectionLost, Error when the server cannot prove who it is */
export async function logIn(client: SieveClient, credentials: Credentials): Promise<Answer> {
  const { authid, authz, password } = credentials;
  const mechanism = choose(client, credentials);
  const hash = scramHashes[mechanism];
  if (hash !== undefined) return await scram(client, mechanism, hash, credentials);
  if (mechanism === 'PLAIN') {
    const initial = base64(`${authz ?? ''}\0${authid}\0${password}`);
    return await client.command(['AUTHENTICATE "PLAIN" ', string(initial)]);
  }
  if (authz !== undefined && authz !== authid) throw new NoMechanism('acting as another user needs PLAIN');
  const answers = [authid, password].map(base64);
  return await client.command(['AUTHENTICATE "LOGIN"'], () => answers.shift() ?? '*');
}

function choose(client: SieveClient, { mechanism }: Credentials): string {
  const wanted = mechanism?.toUpperCase();
  const usable = known.filter((name) =>
    wanted === undefined ? client.mechanisms.includes(name) : name === wanted,
  );
  if (usable[0] !== undefined) return usable[0];
  throw new NoMechanism(
    wanted === undefined
      ? `no mechanism in common; the server offers ${client.mechanisms.join(' ') || 'none'}`
      : `mechanism ${wanted} is not known here: ${known.join(', ')} are`,
  );
}

async function scram(
  client: SieveClient,
  mechanism: string,
  hash: ScramHash,
  { authid, authz, password }: Credentials,
): Promise<Answer> {
  const exchange = new Scram(hash, authid, authz, password);
  const first = string(base64(exchange.first()));
  let failure: Error | undefined;
  const answer = await client.command([`AUTHENTICATE "${mechanism}" `, first], (challenge) => {
    try {
      return base64(exchange.respond(Buffer.from(challenge, 'base64').toString('utf8')));
    } catch (error) {
      failure = error as Error;
      return '*';
    }
  });
  if (failure !== undefined) throw failure;
  // RFC 5804 §2.1: the server's last message may come with its OK.
  if (answer.kind === 'OK') {
    if (answer.code === 'SASL')
      exchange.respond(Buffer.from(answer.argument ?? '', 'base64').toString('utf8'));
    exchange.mustBeDone();
  }
  return answer;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
