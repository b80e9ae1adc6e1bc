/** What a user gets when he first needs it: INBOX, folders, a quota, a script. */
import { type RegistryContract, registry } from '../di.js';
import type { UserId } from '../model/identity.js';
import type { MailboxEntry } from './catalogue.js';
import type { Origin } from './origin.js';

/** Why an INBOX is wanted. */
export type ProvisionOccasion = 'login' | 'delivery';

/** Makes INBOXes; delivery asks it instead of creating one itself. */
export interface InboxProvision {
  /** Would `ensure` make an INBOX for this user? For RCPT, before there is a message. */
  wouldCreate(user: UserId, occasion: ProvisionOccasion): Promise<boolean>;
  /**
   * The user's INBOX, made with all that belongs to it when there is none. Any number of workers may do this at once: the INBOX
   * comes last, so whoever sees one sees the rest. Undefined: there is none, and this user gets none now.
   */
  ensure(user: UserId, occasion: ProvisionOccasion, origin: Origin): Promise<MailboxEntry | undefined>;
}
/**
 * The first is asked. A registry, since what it gives a new user (a quota) may come from plugins that wait for the protocols which
 * leave INBOXes to it.
 */
export const INBOX_PROVISION: RegistryContract<InboxProvision> = registry('inbox-provision', 1);

/**
 * Something else that a new user gets (a default script). Runs before the INBOX exists, perhaps twice at the same time or again
 * after a crash: it must not mind what is there already. What it throws keeps the INBOX from being made.
 */
export interface ProvisionStep {
  readonly name: string;
  /** Lower runs earlier. */
  readonly order: number;
  run(user: UserId, occasion: ProvisionOccasion): Promise<void>;
}
export const PROVISION_STEPS: RegistryContract<ProvisionStep> = registry('provision-steps', 1);
