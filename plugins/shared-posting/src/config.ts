import type { MailboxMatch } from '@angarium/sdk';

/** As config.schema.json has it, defaults filled in. */
export interface SharedPostingConfig {
  /** '' for addresses that begin with the separator. */
  readonly postuser: string;
  readonly post: 'acl' | 'always';
  /** Each character is one. */
  readonly detailSeparator: string;
  /** Each character is one; '' for the namespace's. */
  readonly separators: string;
  readonly match: MailboxMatch;
}
