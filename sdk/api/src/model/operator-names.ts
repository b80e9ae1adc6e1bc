/**
 * Mailbox names as operators write them in commands of `angarium`, whatever namespace clients see:
 * `user.fred.Sent` or `user/fred/Sent` (whichever of `.` and `/` comes first separates), with a domain at the end
 * (`user.fred.Sent@dom`) or, where `/` separates, after the user (`user/fred@dom/Sent`). Anything that does not begin
 * with `user` is a shared mailbox. Where a user may stand he is written `fred` or `fred@dom`.
 */
import { CommandError } from '../kernel/commands.js';
import { userId } from './identity.js';
import { type MailboxName, personalMailbox, sharedMailbox } from './mailbox-name.js';

/** @throws CommandError for what is no name. */
export function parseMailboxName(text: string): MailboxName {
  const separator = /[./]/.exec(text.replace(/@.*$/, ''))?.[0] ?? '/';
  const at = text.lastIndexOf('@');
  const { name, domain } = at < 0 ? { name: text, domain: undefined } : splitDomain(text, at, separator);
  const path = name.split(separator);
  if (path.some((part) => part === '')) throw new CommandError(`"${text}" is not the name of a mailbox`, 2);
  if (path[0] !== 'user') return sharedMailbox(path, domain);
  const owner = path[1];
  if (owner === undefined) throw new CommandError(`"${text}" names no user`, 2);
  return personalMailbox(userId(owner, domain), path.slice(2));
}

/** The domain stands after the user or at the end; with '.' as the separator only at the end, since domains have dots. */
function splitDomain(text: string, at: number, separator: string): { name: string; domain: string } {
  const after = text.slice(at + 1);
  const cut = separator === '/' ? after.indexOf('/') : -1;
  const domain = cut < 0 ? after : after.slice(0, cut);
  if (domain === '') throw new CommandError(`"${text}" names no domain`, 2);
  return { name: text.slice(0, at) + (cut < 0 ? '' : after.slice(cut)), domain };
}

/** `user/fred/Sent@dom`: the form that `parseMailboxName` reads back. */
export function formatMailboxName({ domain, owner, path }: MailboxName): string {
  const name = [...(owner === undefined ? [] : ['user', owner]), ...path].join('/');
  return domain === undefined ? name : `${name}@${domain}`;
}
