/** What `deliver` was asked for. */
import { type CommandOptions, textOption } from '@angarium/sdk';
import { usageError } from './exit-status.js';

export interface DeliverJob {
  /** Reverse path without <>; '' for the null sender. */
  readonly sender: string;
  /** Who has sent it, as AUTH of MAIL says it. */
  readonly submitter: string | undefined;
  /** Addresses without <>. */
  readonly recipients: readonly string[];
  readonly ignoresQuota: boolean;
}

/** @throws CommandError for wrong usage. */
export function jobOf(users: readonly string[], options: CommandOptions): DeliverJob {
  const text = (name: string) => textOption(options, name);
  const sender = bare(text('returnPath') ?? text('from') ?? '');
  const mailbox = text('mailbox');
  const names = users.length > 0 ? users : mailbox === undefined ? [] : [text('postuser') ?? ''];
  if (names.length === 0) throw usageError('whose mail is it? name a user, or a shared mailbox with -m');
  const recipients = names.map((name) => (mailbox === undefined ? name : withDetail(name, mailbox)));
  for (const address of [...recipients, sender]) {
    if (/[\x00-\x20<>\x7f]/.test(address)) throw usageError(`"${address}" is no address`);
  }
  return { sender, submitter: text('auth'), recipients, ignoresQuota: options['ignoreQuota'] === true };
}

function withDetail(name: string, mailbox: string): string {
  const at = name.lastIndexOf('@');
  const local = at < 0 ? name : name.slice(0, at);
  const quoted = /[\s"]/.test(mailbox) ? undefined : `${local}+${mailbox}`;
  if (quoted === undefined) throw usageError('a mailbox with blanks cannot be part of an address');
  return at < 0 ? quoted : quoted + name.slice(at);
}

function bare(address: string): string {
  return address.replace(/^<(.*)>$/, '$1');
}
