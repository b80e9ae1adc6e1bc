/** Quotas (RFC 9208): limits on storage, messages, mailboxes and annotations, wherever in the tree. */
import { definePlugin, IMAP_EXTENSIONS, part, provide, QUOTA_LEDGER } from '@angarium/sdk';
import { QuotaAdmission } from './admission.js';
import { QuotaCommands } from './commands.js';
import { Enforcement } from './enforcement.js';
import { QuotaImap } from './imap/extension.js';
import { Ledger } from './ledger.js';
import { QuotaWarnings } from './warnings.js';

export default definePlugin({
  provides: [provide(QUOTA_LEDGER, Ledger)],
  parts: [
    part(Enforcement),
    part(QuotaAdmission),
    part(QuotaImap, { when: [IMAP_EXTENSIONS] }),
    part(QuotaWarnings),
    part(QuotaCommands),
  ],
});
