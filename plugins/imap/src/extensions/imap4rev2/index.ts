/**
 * IMAP4rev2 (RFC 9051) beside IMAP4rev1, on one connection: what changes with ENABLE IMAP4rev2 is asked for with
 * `enabled.has('IMAP4REV2')` where it happens. \Recent: view/selected.ts; UID in unsolicited FETCH: likewise; SELECT:
 * commands/select.ts; UTF-8: wire/, reply.ts; SEARCH: the extension ESEARCH.
 */
import type { ImapExtension } from '@angarium/sdk';
import type { Features } from '../../registry.js';
import { rev2Offer } from './folded-in.js';

export function imap4rev2Extension(features: Features): ImapExtension {
  const isComplete = rev2Offer(features);
  return {
    name: 'IMAP4rev2',
    capabilities: [{ word: 'IMAP4rev2', isOffered: isComplete }],
    enable: [{ name: 'IMAP4rev2', isOffered: isComplete }],
  };
}
