import { type MailboxEntry, mailboxSetting } from '@angarium/sdk';

/**
 * Mail that came before is not in the maildrop (`pop3showafter` of the mailbox, RFC 3501 §9 date-time, a date, or seconds since
 * 1970). @returns seconds since 1970; 0 for all mail
 */
export function showAfter(mailbox: MailboxEntry): number {
  const value = mailboxSetting(mailbox, 'pop3showafter')?.trim();
  if (value === undefined || value === '') return 0;
  if (/^\d+$/.test(value)) return Number(value);
  const ms = Date.parse(/\d:\d/.test(value) ? value : `${value} 00:00:00 +0000`);
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}
