import type { ImapExtension } from '@angarium/sdk';
import { appendLimitOf } from '../append/limit.js';
import type { ImapConfig } from '../config.js';

/** APPENDLIMIT (RFC 7889): one limit for all mailboxes, or one for each that its attribute may lower. */
export function appendLimitExtension(config: ImapConfig): ImapExtension {
  const word = config.mailboxAppendLimits ? 'APPENDLIMIT' : `APPENDLIMIT=${config.maxMessageBytes}`;
  return {
    name: 'APPENDLIMIT',
    capabilities: [{ word, states: ['authenticated', 'selected'] }],
    statusItems: [{ name: 'APPENDLIMIT', value: (_session, mailbox) => `${appendLimitOf(mailbox, config)}` }],
  };
}
