import type { MailboxMatch } from '@angarium/sdk';

/** As config.schema.json has it, defaults filled in. */
export interface SubaddressConfig {
  readonly post: 'acl' | 'always';
  /** Each character is one; '' for the namespace's. */
  readonly separators: string;
  readonly match: MailboxMatch;
}
