/** What is to be had elsewhere: other servers, other protocols. Offered by plugins of their own. */
import { type Contract, contract } from '../di.js';
import type { Identity } from '../model/identity.js';
import type { MailboxName } from '../model/mailbox-name.js';

/** Where an account's own mailboxes are. */
export interface HomeServer {
  /** `host` or `host:port`. */
  readonly server: string;
  /** This server has something for the user too: he is let in, and told (RFC 2221 §4.1). */
  readonly mayStay: boolean;
}

/** Sends clients to the server that has what they want (RFC 2221, 2193). No answer may lead to a server that sends them back. */
export interface Referrals {
  /** Undefined: here. Asked once a login, when the password is known to be right. */
  home(identity: Identity): Promise<HomeServer | undefined>;
  /**
   * Servers (`host` or `host:port`, best first) that have, or would take, a mailbox that is not here; empty: none, or the
   * user may not know of it.
   */
  servers(identity: Identity, mailbox: MailboxName): Promise<readonly string[]>;
  /** Names of mailboxes elsewhere that the user may look up, or has subscribed to, in catalogue order. */
  names(identity: Identity, which: 'all' | 'subscribed'): Promise<readonly MailboxName[]>;
}
export const REFERRALS: Contract<Referrals> = contract('referrals', 1);

/** The same mail by JMAP (RFC 8620). */
export interface JmapAccess {
  /** URL of the session resource for this user, whose credentials are good there too (RFC 9698 §3); undefined: not for him. */
  sessionUrl(identity: Identity): string | undefined;
}
export const JMAP_ACCESS: Contract<JmapAccess> = contract('jmap-access', 1);
