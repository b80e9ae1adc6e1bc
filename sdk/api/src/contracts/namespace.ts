/** How mailbox names look to a client (RFC 2342). */
import { type Contract, contract } from '../di.js';
import type { Identity } from '../model/identity.js';
import type { MailboxName } from '../model/mailbox-name.js';

export const NAMESPACE: Contract<Namespace> = contract('namespace', 1);

export interface Namespace {
  /** One for each session. */
  view(identity: Identity): NamespaceView;
}

/** Text here is Unicode; IMAP encodes it as modified UTF-7 or UTF-8 itself. */
export interface NamespaceView {
  readonly separator: string;
  /** Prefixes with their trailing separator, as the NAMESPACE reply lists them; undefined is NIL. */
  readonly personal: string | undefined;
  readonly otherUsers: string | undefined;
  readonly shared: string | undefined;
  toClient(name: MailboxName): string;
  /**
   * @throws MailError CANNOT for what can be no name. INBOX is case-insensitive; a trailing separator is dropped.
   */
  fromClient(text: string): MailboxName;
  /**
   * Containers that exist only as names, to be listed as \NonExistent or \Noselect when something below is listed:
   * `user`, `Other Users`, `Other Users.fred`.
   */
  isContainer(text: string): boolean;
  /** May lists of names show it? Where they may not it can be reached by name all the same. Absent: always. */
  isListed?(name: MailboxName): boolean;
}
