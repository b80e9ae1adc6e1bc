/** Parts of messages in IMAP's terms, for what reads mail outside of FETCH (URLAUTH). */
import type { Mailbox } from '../contracts/mail-store.js';
import { type Contract, contract } from '../di.js';

/** Provided by the plugin `imap`. */
export const IMAP_PARTS: Contract<ImapParts> = contract('imap-parts', 1);

/** Finds parts of messages by section (RFC 3501 §6.4.5). */
export interface ImapParts {
  /**
   * @param section as between the brackets of BODY[…]. Undefined: there is no such message or part, or it is no section.
   */
  open(mailbox: Mailbox, uid: number, section: string): Promise<ImapPart | undefined>;
}

/** A part of a message that is there; its octets are read when asked for, in bounded memory. */
export interface ImapPart {
  /** Octets as stored. */
  readonly size: number;
  /** Octets `from` to `to` (exclusive; Infinity for the end) as stored. @throws MailError EXPUNGEISSUED when it is gone */
  bytes(from: number, to: number): AsyncIterable<Buffer>;
  /**
   * With the transfer encoding undone (RFC 3516): how much it is, whether there is NUL in it, and the octets. The part is read
   * once for the counts. Undefined: the encoding is not known.
   */
  decoded(): Promise<DecodedPart | undefined>;
  /**
   * `body` of RFC 3501 §9 for this part; with `decoded` as it is when that is sent. Undefined for a header, a text or what has
   * no structure of its own.
   */
  structure(decoded?: DecodedPart): Promise<string | undefined>;
}

/** A part without its transfer encoding. */
export interface DecodedPart {
  readonly size: number;
  readonly hasNul: boolean;
  /** From the beginning, each time it is called. */
  bytes(): AsyncIterable<Buffer>;
}
