/** Sending a client to another server (RFC 2221, RFC 2193). */
import type { Identity, MailboxName } from '@angarium/sdk';
import type { ImapServices } from './services.js';
import { octetsOf } from './wire/index.js';

/** A tagged NO with `[REFERRAL url …]`. */
export class Referral extends Error {
  override readonly name = 'Referral';
  constructor(
    /** RFC 5092, best first; for RENAME pairs of old and new. */
    readonly urls: readonly string[],
    text = 'Remote mailbox',
  ) {
    super(text);
  }
}

/** What may stand in an IMAP URL as it is (RFC 5092 §11 achar, and `/`); everything else by octet. */
function escaped(text: string, plain: RegExp): string {
  let out = '';
  for (const octet of octetsOf(text)) {
    const code = octet.charCodeAt(0);
    out += plain.test(octet) ? octet : `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** `;AUTH=*` keeps clients from coming as anonymous (RFC 2221 §3). @param mailbox as the client writes it, in Unicode. */
export function imapUrl(user: string, server: string, mailbox = ''): string {
  const name = escaped(user, /[A-Za-z0-9._~-]/);
  // A bracket of an IPv6 address would end the response code.
  const host = escaped(server, /[A-Za-z0-9.:-]/);
  return `imap://${name};AUTH=*@${host}/${escaped(mailbox, /[A-Za-z0-9._~/-]/)}`;
}

/** Where the user has to go with his own mail, if not here. */
export async function homeOf(
  services: ImapServices,
  identity: Identity,
): Promise<{ readonly url: string; readonly mayStay: boolean } | undefined> {
  const home = (await services.referrals?.home(identity)) ?? (await homeByAttribute(services, identity));
  if (home === undefined) return undefined;
  return { url: imapUrl(identity.user, home.server), mayStay: home.mayStay };
}

async function homeByAttribute(
  { config, accounts, host }: ImapServices,
  { user }: Identity,
): Promise<{ readonly server: string; readonly mayStay: boolean } | undefined> {
  if (!config.loginReferrals || accounts === undefined) return undefined;
  const server = (await accounts.find(user))?.attributes['homeServer'] ?? '';
  if (server === '' || server === host.serverName) return undefined;
  return { server, mayStay: false };
}

/** URLs of a mailbox that is not here, as this client writes its name. */
export async function urlsOf(
  { referrals }: ImapServices,
  identity: Identity,
  name: MailboxName,
  text: string,
): Promise<readonly string[]> {
  const servers = (await referrals?.servers(identity, name)) ?? [];
  return servers.map((server) => imapUrl(identity.user, server, text));
}
