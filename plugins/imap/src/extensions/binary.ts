import type { ImapExtension } from '@angarium/sdk';

/** RFC 3516: the FETCH items are in fetch/binary.ts, literal8 in append/. */
export const binaryExtension: ImapExtension = {
  name: 'BINARY',
  capabilities: [{ word: 'BINARY', states: ['authenticated', 'selected'] }],
};
