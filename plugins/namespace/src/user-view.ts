/** What users see: the classic namespace of Cyrus, and the alternative one. */
import { type MailboxName, type NamespaceView, sharedMailbox } from '@angarium/sdk';
import { isOneLevel } from './admin-view.js';
import type { NamespaceConfig } from './config.js';
import { cannot, checkTop, isInbox, levelsOf, type Separator, textOf } from './levels.js';
import { type Owners, splitDomain } from './owners.js';

type Hidden = Pick<NamespaceConfig, 'disable_user_namespace' | 'disable_shared_namespace'>;

/** Users of other domains carry theirs: `user.joe@example^org`. */
abstract class UserView implements NamespaceView {
  abstract readonly personal: string | undefined;
  protected abstract readonly usersPrefix: string;
  protected abstract readonly sharedPrefix: string;

  /** @param own the user's INBOX; undefined for anonymous users, who have none. */
  constructor(
    readonly separator: Separator,
    protected readonly own: MailboxName | undefined,
    protected readonly domain: string | undefined,
    protected readonly owners: Owners,
    private readonly hidden: Hidden,
  ) {}

  get otherUsers(): string | undefined {
    return this.hidden.disable_user_namespace ? undefined : this.usersPrefix;
  }

  get shared(): string | undefined {
    return this.hidden.disable_shared_namespace ? undefined : this.sharedPrefix;
  }

  isListed(name: MailboxName): boolean {
    const { disable_user_namespace: hidesUsers, disable_shared_namespace: hidesShared } = this.hidden;
    if (name.owner === undefined) return !hidesShared;
    return !hidesUsers || (name.owner === this.own?.owner && name.domain === this.own.domain);
  }

  toClient(name: MailboxName): string {
    if (name.owner === undefined) return this.sharedText(name);
    const { own } = this;
    if (own !== undefined && name.owner === own.owner && name.domain === own.domain) {
      return name.path.length === 0 ? 'INBOX' : this.ownText(name.path);
    }
    const isOfDomain = name.domain === this.domain;
    const owner = isOfDomain ? name.owner : `${name.owner}@${name.domain ?? ''}`;
    return this.usersPrefix + textOf([owner, ...name.path], this.separator);
  }

  abstract fromClient(text: string): MailboxName;
  abstract isContainer(text: string): boolean;
  protected abstract ownText(path: readonly string[]): string;

  /** Shared mailboxes of other domains are not reachable from here; the suffix only tells them apart. */
  private sharedText(name: MailboxName): string {
    const text = this.sharedPrefix + textOf(name.path, this.separator);
    return name.domain === this.domain ? text : `${text}@${name.domain ?? ''}`;
  }

  protected ownMailbox(path: readonly string[]): MailboxName {
    if (this.own === undefined) throw cannot('There is no INBOX for anonymous users');
    checkTop(path, 'personal');
    return { ...this.own, path };
  }

  protected sharedMailbox(levels: readonly string[]): MailboxName {
    checkTop(levels, 'shared');
    return sharedMailbox(levels, this.domain);
  }

  protected othersMailbox([owner, ...path]: readonly string[]): MailboxName {
    if (owner === undefined) throw cannot('This mailbox name is reserved');
    checkTop(path, 'personal');
    if (owner.endsWith('@')) return this.owners.mailbox(owner.slice(0, -1), undefined, path);
    const split = splitDomain(owner);
    return split === undefined
      ? this.owners.mailbox(owner, this.domain, path)
      : this.owners.mailbox(split.name, split.domain, path);
  }
}

/** `INBOX.Work`, `user.fred.Work`, shared mailboxes at the top. */
export class ClassicView extends UserView {
  readonly personal = this.own === undefined ? undefined : `INBOX${this.separator}`;
  protected readonly usersPrefix = `user${this.separator}`;
  protected readonly sharedPrefix = '';

  override fromClient(text: string): MailboxName {
    const levels = levelsOf(text, this.separator);
    const [top = '', ...below] = levels;
    if (isInbox(top)) return this.ownMailbox(below);
    return top === 'user' ? this.othersMailbox(below) : this.sharedMailbox(levels);
  }

  override isContainer(text: string): boolean {
    return (
      text === 'user' ||
      (text.startsWith(this.usersPrefix) && isOneLevel(text, this.usersPrefix, this.separator))
    );
  }

  protected override ownText(path: readonly string[]): string {
    return `INBOX${this.separator}${textOf(path, this.separator)}`;
  }
}

/** `Work`, `Other Users.fred.Work`, `Shared Folders.news`; `INBOX.Work` is understood too. */
export class AlternativeView extends UserView {
  readonly personal = this.own === undefined ? undefined : '';
  protected readonly usersPrefix: string;
  protected readonly sharedPrefix: string;
  private readonly prefixes: ReadonlySet<string>;

  constructor(
    private readonly config: NamespaceConfig,
    separator: Separator,
    own: MailboxName | undefined,
    domain: string | undefined,
    owners: Owners,
  ) {
    super(separator, own, domain, owners, config);
    const { userprefix, sharedprefix, altprefix } = config;
    this.usersPrefix = textOf([userprefix], separator) + separator;
    this.sharedPrefix = textOf([sharedprefix], separator) + separator;
    this.prefixes = new Set([userprefix, sharedprefix, altprefix]);
  }

  override fromClient(text: string): MailboxName {
    const levels = levelsOf(text, this.separator);
    const [top = '', ...below] = levels;
    if (isInbox(top)) return this.ownMailbox(below);
    if (!this.prefixes.has(top)) return this.ownMailbox(levels);
    if (below.length === 0) throw cannot('This mailbox name is reserved');
    if (top === this.config.userprefix) return this.othersMailbox(below);
    return top === this.config.sharedprefix ? this.sharedMailbox(below) : this.ownMailbox(below);
  }

  override isContainer(text: string): boolean {
    if (text.startsWith(this.usersPrefix)) return isOneLevel(text, this.usersPrefix, this.separator);
    for (const prefix of this.prefixes) if (text === textOf([prefix], this.separator)) return true;
    return false;
  }

  /** What would be read as one of the prefixes goes below the last of them. */
  protected override ownText(path: readonly string[]): string {
    const isShadowed = this.prefixes.has(path[0] ?? '');
    return textOf(isShadowed ? [this.config.altprefix, ...path] : path, this.separator);
  }
}
