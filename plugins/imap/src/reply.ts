/** Writes to one client. Whatever text comes in, what goes out is one line of printable ASCII with a legal response code. */
import type { Connection, ImapReply, Lease, MailboxName } from '@angarium/sdk';
import type { Session } from './session.js';
import { mailboxNameText, octetsOf, quoteString } from './wire/index.js';

/** resp-text of a tagged reply. */
export interface TaggedReply {
  readonly kind: 'OK' | 'NO' | 'BAD';
  readonly code: string | undefined;
  readonly text: string;
}

/**
 * resp-text (RFC 3501 §9): the text is never empty, and never looks like a response code. UTF-8 where the client has asked for
 * it (RFC 5255 §3.5, RFC 9051 §4), else ASCII.
 */
export function respText(text: string, code: string | undefined, utf8 = false): string {
  const printable = utf8
    ? octetsOf(text.toWellFormed().replace(/\p{Cc}/gu, '?'))
    : text.replace(/[^\x20-\x7e]/g, '?');
  const clean = printable.replace(/^\[/, '?') || 'Done';
  return code === undefined ? clean : `[${code.replace(/[\r\n\]]/g, '?')}] ${clean}`;
}

export class Reply implements ImapReply {
  private outcome: TaggedReply | undefined;
  /** Octets have gone out that frame themselves: nobody but their writer knows whether a line has ended. */
  private isRaw = false;

  constructor(private readonly session: Session) {}

  private get connection(): Connection {
    return this.session.connection;
  }

  untagged(text: string): void {
    this.connection.write(`* ${text}\r\n`);
  }

  status(kind: 'OK' | 'NO' | 'BAD' | 'BYE', text: string, code?: string): void {
    this.connection.write(`* ${kind} ${this.respText(text, code)}\r\n`);
  }

  write(data: string | Uint8Array, lease?: Lease): boolean {
    this.isRaw = true;
    return this.connection.write(data, lease);
  }

  drain(): Promise<void> {
    return this.connection.drain();
  }

  completed(text: string, code?: string): void {
    this.outcome = { kind: 'OK', code, text };
  }

  failed(text: string, code?: string): void {
    this.outcome = { kind: 'NO', code, text };
  }

  quote(octets: string): string {
    return quoteString(octets, this.session.usesUtf8);
  }

  mailbox(name: MailboxName): string {
    return mailboxNameText(name, this.session.namespace, this.session.usesUtf8);
  }

  /** `* OK [code] text` if a line can begin now. */
  tryStatus(text: string, code: string): void {
    if (!this.isRaw) this.status('OK', text, code);
  }

  /** What the command has said of its end, if anything; forgets it. */
  takeOutcome(): TaggedReply | undefined {
    const { outcome } = this;
    this.outcome = undefined;
    this.isRaw = false;
    return outcome;
  }

  /** Returns false when the client reads slower than it asks. */
  tagged(tag: string, { kind, code, text }: TaggedReply): boolean {
    return this.connection.write(`${tag} ${kind} ${this.respText(text, code)}\r\n`);
  }

  private respText(text: string, code: string | undefined): string {
    const { language, services, usesUtf8 } = this.session;
    const translated = services.features.translation(language, text);
    return respText(translated ?? text, code, translated !== undefined || usesUtf8);
  }
}
