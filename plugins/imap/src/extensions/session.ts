/** What concerns the session as a whole: what it has agreed on with its client, and what is to be had elsewhere. */
import type { ImapExtension, JmapAccess, Referrals } from '@angarium/sdk';
import type { ImapConfig } from '../config.js';
import { listCommand } from '../listing/list.js';
import type { Features } from '../registry.js';
import { jmapAccessExtension } from './jmapaccess/index.js';
import { languageExtension } from './language/index.js';
import { qresyncExtension } from './qresync/index.js';
import { loginReferralsExtension, mailboxReferralsExtension } from './referrals/index.js';
import { uidOnlyExtension } from './uidonly/index.js';
import { utf8Extension } from './utf8/index.js';

/** What other plugins provide of what is to be had elsewhere. */
export interface Elsewhere {
  readonly referrals?: Referrals | undefined;
  readonly jmap?: JmapAccess | undefined;
  readonly hasAccounts?: boolean;
}

export function sessionExtensions(
  features: Features,
  config: ImapConfig,
  { referrals, jmap, hasAccounts = false }: Elsewhere,
): ImapExtension[] {
  const extensions = [
    qresyncExtension,
    uidOnlyExtension,
    utf8Extension(config.utf8),
    languageExtension(features, config.language),
  ];
  const hasHomes = referrals !== undefined || (config.loginReferrals && hasAccounts);
  if (hasHomes) extensions.push(loginReferralsExtension());
  if (referrals !== undefined) extensions.push(mailboxReferralsExtension(referrals, listCommand(features)));
  if (jmap !== undefined) extensions.push(jmapAccessExtension(jmap));
  return extensions;
}
