/** The way out: mail that the server itself sends, or sends on (Sieve's redirect, vacation, notify). */
import { type Contract, contract } from '../di.js';

export const OUTBOUND: Contract<Outbound> = contract('outbound', 1);

export interface Outbound {
  /**
   * Hands a message over to whoever delivers it. When it resolves, somebody has it durably and answers for it to the
   * envelope's sender; on an error nobody has, as far as can be known.
   * @throws MailError UNAVAILABLE (temporary): try again later; CANNOT, NOPERM, …: it is refused for good.
   */
  submit(mail: OutboundMail): Promise<void>;
}

/** A message with its envelope. */
export interface OutboundMail {
  /** Reverse path without <>; '' for the null sender: nothing must come back. */
  readonly sender: string;
  /** Without <>. */
  readonly recipient: string;
  /** The message with CRLF line ends; read once. */
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** SMTPUTF8 is needed (RFC 6531): header fields or addresses are not ASCII. */
  readonly isUtf8?: boolean;
}
