import type { ListenEntry } from '@angarium/sdk';

/** The plugin's configuration; config.schema.json has the sentences and the defaults. */
export interface ImapConfig {
  readonly listen: readonly ListenEntry[];
  readonly maxMessageBytes: number;
  /** Mailboxes may have limits of their own (RFC 7889 §3). */
  readonly mailboxAppendLimits: boolean;
  /** How many messages one command may be about; 0 for any number. */
  readonly messageLimit: number;
  /** How many messages one COPY or APPEND may be about; 0 for as many as any command. */
  readonly saveLimit: number;
  readonly maxLiteralBytes: number;
  readonly literals: 'LITERAL+' | 'LITERAL-';
  /** Minutes. */
  readonly idleTimeout: number;
  /** Seconds. */
  readonly loginTimeout: number;
  /** Minutes. */
  readonly idleKeepalive: number;
  readonly autocreateInbox: boolean;
  /** UTF8=ACCEPT, UTF8=ONLY, or neither. */
  readonly utf8: 'accept' | 'only' | 'off';
  /** APPEND takes 8-bit headers from clients that have not enabled UTF-8. */
  readonly append8bitHeaders: boolean;
  /** Accounts whose attribute `homeServer` names another server are sent there. */
  readonly loginReferrals: boolean;
  /** What `LANGUAGE default` means. */
  readonly language: string;
  /** RFC 2971 fields of the server, by name. */
  readonly id: Readonly<Record<string, string>>;
}
