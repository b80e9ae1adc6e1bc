/** What follows a login, however it was done. */
import { type Identity, isMailError, type MailboxName, personalMailbox } from '@angarium/sdk';
import { capabilitiesOf } from '../capabilities.js';
import { MIN_IDLE_TIMEOUT_MS } from '../limits.js';
import { homeOf, Referral } from '../referral.js';
import type { Reply } from '../reply.js';
import type { Session } from '../session.js';

/** Moves the session on, and answers with the capabilities that now hold (RFC 3501 §6.2.2). */
export async function enter(
  session: Session,
  identity: Identity,
  reply: Pick<Reply, 'completed' | 'untagged'>,
): Promise<void> {
  const home = await homeOf(session.services, identity);
  if (home?.mayStay === false) throw new Referral([home.url], 'Your mailboxes are on another server');
  session.logIn(identity);
  const { config, provisions } = session.services;
  session.connection.setIdleTimeout(Math.max(config.idleTimeout * 60_000, MIN_IDLE_TIMEOUT_MS));
  // A plugin that makes INBOXes has done so, or refused, when the login was authorised.
  if (config.autocreateInbox && provisions.items.length === 0 && isOrdinary(identity))
    await autocreateInbox(session);
  const capabilities = `CAPABILITY ${capabilitiesOf(session)}`;
  if (home === undefined) return reply.completed('Logged in', capabilities);
  // One response code is all that a reply can have (RFC 2221 §4.1).
  reply.untagged(capabilities);
  reply.completed('Your own mailboxes are on another server', `REFERRAL ${home.url}`);
}

/** Administrators have mail only if somebody gives them a mailbox, as in Cyrus. */
function isOrdinary({ isAnonymous, admin }: Identity): boolean {
  return !isAnonymous && admin === 'none';
}

/** A failure does not keep anybody out: the operator reads of it, and SELECT says that there is none. */
async function autocreateInbox(session: Session): Promise<void> {
  const { store, identity } = session;
  const inbox: MailboxName = personalMailbox(identity.user);
  try {
    if (await store.catalogue.find(inbox)) return;
    const acl = session.access.initialAcl(identity, inbox, undefined);
    await store.catalogue.create(inbox, { acl }, session.origin('AUTOCREATE'));
    await store.catalogue.subscribe(identity.user, inbox);
  } catch (error) {
    if (isMailError(error) && error.code === 'ALREADYEXISTS') return;
    const { log } = session.services;
    log.warn('an INBOX could not be created at login', { user: identity.user, err: error });
  }
}
