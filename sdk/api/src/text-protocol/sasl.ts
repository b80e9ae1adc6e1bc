/**
 * Runs a SASL exchange (RFC 4422 §3) over a line protocol: base64 lines, `*` cancels, `=` is an initial response
 * of no octets. The protocol says how a challenge looks and what the outcome is called.
 */
import type { AuthExchange } from '../contracts/authentication.js';
import { type Connection, ReadError } from '../kernel/connection.js';
import type { Identity } from '../model/identity.js';
import { decodeBase64, encodeBase64 } from './base64.js';

/**
 * Longest message of an exchange, in base64: protocols take what their mechanisms may send, whatever their other limits
 * (RFC 4643 §2.4.2, RFC 4954 §4, RFC 5034 §4). Windows' Kerberos tickets have up to 48,000 octets.
 */
export const MAX_SASL_LINE_BYTES = 64 * 1024;

/** How a protocol frames the messages of an exchange. */
export interface SaslTransport {
  /** Sends a challenge; `base64` is '' for an empty one. */
  challenge(base64: string): void;
  /** The client's next line, without line end. @throws ReadError */
  readResponse(): Promise<string>;
  /** Has the protocol's success reply room for additional data (RFC 4422 §3.6)? Else it goes as a last challenge. */
  readonly hasSuccessData: boolean;
}

/** How an exchange ended. */
export type SaslOutcome =
  | { readonly is: 'done'; readonly identity: Identity; readonly successData: Uint8Array }
  | { readonly is: 'cancelled' }
  | { readonly is: 'malformed'; readonly fault: SaslFault; readonly why: string };

/** `unexpected`: a response, or an initial one, where none may be. */
export type SaslFault = 'not-base64' | 'line-too-long' | 'unexpected';

/**
 * @param initial the initial response as it stands in the command, undefined for none.
 * @throws what the exchange throws (MailError), ReadError when the client goes away. The exchange is then cancelled.
 */
export async function runSasl(
  exchange: AuthExchange,
  transport: SaslTransport,
  initial: string | undefined,
): Promise<SaslOutcome> {
  try {
    const outcome = await converse(exchange, transport, initial);
    if (outcome.is !== 'done') exchange.cancel();
    return outcome;
  } catch (error) {
    exchange.cancel();
    if (error instanceof ReadError && error.code === 'line-too-long') {
      return { is: 'malformed', fault: 'line-too-long', why: 'line too long' };
    }
    throw error;
  }
}

async function converse(
  exchange: AuthExchange,
  transport: SaslTransport,
  initial: string | undefined,
): Promise<SaslOutcome> {
  let message: Uint8Array | undefined;
  if (initial !== undefined) {
    if (!(exchange.takesInitialResponse ?? exchange.clientFirst)) {
      return unexpected('the mechanism has no initial response');
    }
    message = initial === '=' ? Buffer.alloc(0) : decodeBase64(initial);
    if (message === undefined || initial === '') return malformed;
  } else if (exchange.clientFirst) {
    const response = await ask(transport, '');
    if (!(response instanceof Uint8Array)) return response;
    message = response;
  }
  for (;;) {
    const step = await exchange.respond(message);
    if ('identity' in step) return finish(transport, step.identity, step.data);
    const response = await ask(transport, encodeBase64(step.challenge));
    if (!(response instanceof Uint8Array)) return response;
    message = response;
  }
}

const malformed: SaslOutcome = { is: 'malformed', fault: 'not-base64', why: 'not base64' };

function unexpected(why: string): SaslOutcome {
  return { is: 'malformed', fault: 'unexpected', why };
}

async function ask(transport: SaslTransport, challenge: string): Promise<Uint8Array | SaslOutcome> {
  transport.challenge(challenge);
  const line = await transport.readResponse();
  if (line === '*') return { is: 'cancelled' };
  return decodeBase64(line) ?? malformed;
}

/** Where the success reply carries no data, it goes as a challenge, to be answered by an empty response. */
async function finish(transport: SaslTransport, identity: Identity, data: Uint8Array): Promise<SaslOutcome> {
  if (data.length > 0 && !transport.hasSuccessData) {
    const response = await ask(transport, encodeBase64(data));
    if (!(response instanceof Uint8Array)) return response;
    if (response.length > 0) return unexpected('response to the last message');
  }
  return { is: 'done', identity, successData: transport.hasSuccessData ? data : Buffer.alloc(0) };
}

/** Challenges as a prefix and base64 on a line of their own: `334 ` (SMTP, LMTP), `+ ` (IMAP, POP3). */
export function saslLines(connection: Connection, prefix: string, hasSuccessData = false): SaslTransport {
  return {
    hasSuccessData,
    challenge(base64) {
      connection.write(`${prefix}${base64}\r\n`);
      connection.flush();
    },
    async readResponse() {
      try {
        const line = await connection.readLine(MAX_SASL_LINE_BYTES);
        if (line === undefined) throw new ReadError('eof', 'the client closed inside an exchange');
        return line.latin1Slice();
      } catch (error) {
        if (error instanceof ReadError && error.code === 'line-too-long') await connection.skipLine();
        throw error;
      }
    },
  };
}
