import type { ImapExtension } from '@angarium/sdk';

/** APPENDLIMIT (RFC 7889): one limit for all mailboxes. */
export function appendLimitExtension(maxMessageBytes: number): ImapExtension {
  return {
    name: 'APPENDLIMIT',
    capabilities: [{ word: `APPENDLIMIT=${maxMessageBytes}`, states: ['authenticated', 'selected'] }],
    statusItems: [{ name: 'APPENDLIMIT', value: () => `${maxMessageBytes}` }],
  };
}
