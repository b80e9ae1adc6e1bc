import { type MailboxName, type NamespaceView, sharedMailbox } from '@angarium/sdk';
import { cannot, checkTop, isInbox, levelsOf, type Separator, textOf } from './levels.js';
import { type Owners, splitDomain } from './owners.js';

const USER = 'user';

/**
 * What administrators see, whatever the manifest says of users: `user.fred.Work`, shared mailboxes at the top, other
 * domains as `user.joe.Work@example.org` and `news@example.org`. INBOX is understood as the administrator's own.
 * A name with an `@` of its own is shown with its domain after another one, the default domain being nothing.
 */
export class AdminView implements NamespaceView {
  readonly personal = undefined;
  readonly otherUsers: string;
  readonly shared = '';

  /** @param own the administrator's INBOX. */
  constructor(
    readonly separator: Separator,
    private readonly own: MailboxName,
    private readonly owners: Owners,
  ) {
    this.otherUsers = USER + separator;
  }

  toClient(name: MailboxName): string {
    const path = textOf(name.path, this.separator);
    const text = name.owner === undefined ? path : this.personalText(name.owner, path);
    const isPlain = name.domain === this.own.domain && !text.includes('@');
    return isPlain ? text : `${text}@${name.domain ?? ''}`;
  }

  fromClient(typed: string): MailboxName {
    const { text, domain } = this.split(typed);
    const [top = '', ...below] = levelsOf(text, this.separator);
    if (isInbox(top) && domain === this.own.domain) {
      checkTop(below, 'personal');
      return { ...this.own, path: below };
    }
    if (top !== USER) {
      checkTop([top], 'shared');
      return sharedMailbox([top, ...below], domain);
    }
    const [owner, ...path] = below;
    if (owner === undefined) throw cannot('This mailbox name is reserved');
    checkTop(path, 'personal');
    return this.owners.mailbox(owner, domain, path);
  }

  isContainer(text: string): boolean {
    return (
      text === USER || (text.startsWith(this.otherUsers) && isOneLevel(text, this.otherUsers, this.separator))
    );
  }

  /** The domain is after the last `@`: nothing is the default domain, no `@` the administrator's own. */
  private split(typed: string): { text: string; domain: string | undefined } {
    const trimmed = typed.endsWith(this.separator) ? typed.slice(0, -1) : typed;
    if (trimmed.endsWith('@')) return { text: trimmed.slice(0, -1), domain: undefined };
    if (trimmed.lastIndexOf('@') === 0) throw cannot('A mailbox name has an empty level');
    const found = splitDomain(trimmed);
    return found === undefined
      ? { text: trimmed, domain: this.own.domain }
      : { text: found.name, domain: found.domain };
  }

  private personalText(owner: string, path: string): string {
    const root = this.otherUsers + textOf([owner], this.separator);
    return path === '' ? root : root + this.separator + path;
  }
}

/** Is there exactly one level after the prefix? */
export function isOneLevel(text: string, prefix: string, separator: Separator): boolean {
  return text.length > prefix.length && !text.includes(separator, prefix.length);
}
