/** Newsgroup names and the mailboxes that they are. Groups are of the default domain. */
import { type MailboxName, sharedMailbox } from '@angarium/sdk';

/** Components of a group's name: RFC 3977 §9.8 wants no wildmat characters, blanks or controls in it. */
const COMPONENT = /^[^\s.,!*?[\]\\\x00-\x20\x7f/]+$/u;

/** Longest name on the wire; RFC 3977 §3.1 leaves no room for more in a command line. */
const MAX_NAME = 497;

export class GroupNames {
  private readonly prefix: readonly string[];

  /** @param newsprefix levels separated by dots; '' for none. */
  constructor(newsprefix: string) {
    this.prefix = newsprefix.split('.').filter((level) => level !== '');
  }

  /** The mailbox below which all groups are; undefined: shared mailboxes are groups from the top. */
  get top(): MailboxName | undefined {
    return this.prefix.length === 0 ? undefined : sharedMailbox(this.prefix);
  }

  /** Undefined for what can be no group's name. */
  mailboxOf(group: string): MailboxName | undefined {
    if (group.length === 0 || group.length > MAX_NAME) return undefined;
    const components = group.split('.');
    if (!components.every((component) => COMPONENT.test(component))) return undefined;
    return sharedMailbox([...this.prefix, ...components]);
  }

  /** Undefined when the mailbox is no group: somebody's own, elsewhere, or of a name that cannot be told. */
  groupOf({ domain, owner, path }: MailboxName): string | undefined {
    if (domain !== undefined || owner !== undefined || path.length <= this.prefix.length) return undefined;
    for (let i = 0; i < this.prefix.length; i++) if (path[i] !== this.prefix[i]) return undefined;
    const components = path.slice(this.prefix.length);
    if (!components.every((component) => COMPONENT.test(component))) return undefined;
    const group = components.join('.');
    return group.length > MAX_NAME ? undefined : group;
  }
}
