/** A user's INBOX that is renamed takes his tree along (`RENAME user.fred user.frieda`): his entries in its ACLs become the new user's. */
import {
  Component,
  HOOKS,
  type HookBus,
  inject,
  injectable,
  isMailError,
  LOGGER,
  type Logger,
  MAIL_STORE,
  type MailboxEntry,
  type MailStore,
  type Origin,
  ownerOf,
  type Renamed,
  type UserId,
} from '@angarium/sdk';
import type { Acl } from './rules.js';

const MAX_TRIES = 20;

@injectable()
export class MovedUsers extends Component {
  constructor(
    @inject(HOOKS) private readonly hooks: HookBus,
    @inject(MAIL_STORE) private readonly store: MailStore,
    @inject(LOGGER) private readonly log: Logger,
  ) {
    super();
  }

  override start(): void {
    this.own(this.hooks.tap('mailbox.renamed', (renamed, origin) => this.follow(renamed, origin)));
  }

  private async follow(renamed: readonly Renamed[], origin: Origin | undefined): Promise<void> {
    const inbox = renamed.find(({ from, entry }) => from.path.length === 0 && entry.name.path.length === 0);
    if (inbox === undefined) return;
    const [before, after] = [ownerOf(inbox.from), ownerOf(inbox.entry.name)];
    if (before === undefined || after === undefined || before === after) return;
    for (const { entry } of renamed) await this.change(entry, before, after, origin);
    this.log.info('access control lists follow a renamed user', { before, after, mailboxes: renamed.length });
  }

  private async change(
    mailbox: MailboxEntry,
    before: UserId,
    after: UserId,
    origin: Origin | undefined,
  ): Promise<void> {
    let entry: MailboxEntry | undefined = mailbox;
    for (let tries = 1; entry !== undefined; tries++) {
      const acl = withNewName(entry.acl, before, after);
      if (acl === entry.acl) return;
      try {
        await this.store.catalogue.change(entry.id, { acl, expectedAcl: entry.acl }, origin);
        return;
      } catch (error) {
        if (!isMailError(error) || error.code !== 'INUSE' || tries === MAX_TRIES) throw error;
        entry = await this.store.catalogue.byId(entry.id);
      }
    }
  }
}

/** The same object when he is not in it. */
function withNewName(acl: Acl, before: UserId, after: UserId): Acl {
  if (!Object.hasOwn(acl, before) && !Object.hasOwn(acl, `-${before}`)) return acl;
  const renamed = (identifier: string) =>
    identifier === before ? after : identifier === `-${before}` ? `-${after}` : identifier;
  return Object.fromEntries(
    Object.entries(acl).map(([identifier, letters]) => [renamed(identifier), letters]),
  );
}
