import type { ImapExtension } from '@angarium/sdk';

/** STATUS=SIZE (RFC 8438): the sum of the messages' RFC822.SIZE. */
export const statusSizeExtension: ImapExtension = {
  name: 'STATUS=SIZE',
  capabilities: [{ word: 'STATUS=SIZE', states: ['authenticated', 'selected'] }],
  statusItems: [{ name: 'SIZE', value: (_session, _mailbox, { bytes }) => `${bytes}` }],
};
