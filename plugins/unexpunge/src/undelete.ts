/** `angarium undelete`: deleted mailboxes that the store still keeps. */
import {
  COMMANDS,
  type Command,
  type CommandContext,
  CommandError,
  Component,
  type DeletedMailbox,
  defineCommand,
  inject,
  injectable,
  injectOptional,
  isBelow,
  isMailError,
  MAIL_STORE,
  type MailboxName,
  type MailStore,
  mailboxKey,
  NAMESPACE,
  type Namespace,
  parseMailboxName,
  type Registry,
  sameMailbox,
  type UserId,
} from '@angarium/sdk';
import { ctime, nameText } from './names.js';

export interface ListedMailbox {
  readonly id: string;
  readonly mailbox: string;
  readonly deleted: string;
}

export interface Undeleted {
  readonly mailboxes?: readonly ListedMailbox[];
  readonly restored?: readonly { readonly id: string; readonly mailbox: string; readonly as: string }[];
  readonly failed?: readonly string[];
}

@injectable()
export class UndeleteCommand extends Component {
  constructor(
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(MAIL_STORE) private readonly store: MailStore,
    @injectOptional(NAMESPACE) private readonly namespace: Namespace | undefined,
  ) {
    super();
  }

  override start(): void {
    this.own(
      this.commands.add(
        defineCommand<Undeleted>({
          name: 'undelete',
          summary: 'list deleted mailboxes that are still kept, and bring them back',
          arguments: [
            { name: '[mailbox]', summary: 'the name it had; without one (or with -l) they are listed' },
            { name: '[as]', summary: 'bring it back under this name' },
          ],
          options: [
            { flags: '-l, --list', summary: 'list them' },
            { flags: '-r, --recursive', summary: 'those that were below it, too' },
            { flags: '-u, --user <user>', summary: 'list: only this user' },
            { flags: '-d, --domain <domain>', summary: 'list: only this domain' },
            { flags: '--id <id>', summary: 'this one of several that had the name, instead of the newest' },
          ],
          run: (context) => this.run(context),
          text: toText,
        }),
      ),
    );
  }

  private async run({ args, options }: CommandContext): Promise<Undeleted> {
    const [text, as] = args as readonly (string | undefined)[];
    const name = text === undefined ? undefined : parseMailboxName(text);
    if (name === undefined || options['list'] === true) return await this.list(name, options);
    const chosen = await this.choose(name, options);
    const target = as === undefined ? name : parseMailboxName(as);
    const restored = [];
    const failed: string[] = [];
    for (const { entry } of chosen) {
      const below = entry.name.path.slice(name.path.length);
      const place: MailboxName = { ...target, path: [...target.path, ...below] };
      const mailbox = this.text(entry.name);
      try {
        const back = await this.store.catalogue.undelete(entry.id, place);
        restored.push({ id: entry.id, mailbox, as: this.text(back.name) });
      } catch (error) {
        if (!isMailError(error)) throw error;
        failed.push(`${this.text(place)}: ${error.publicText}`);
      }
    }
    if (restored.length === 0) throw new CommandError(failed.join('\n'));
    return { restored, failed };
  }

  private async list(
    name: MailboxName | undefined,
    { user, domain }: CommandContext['options'],
  ): Promise<Undeleted> {
    const deleted = await this.store.catalogue.deleted({
      ...(typeof user === 'string' ? { owner: user as UserId } : {}),
      ...(typeof domain === 'string' ? { domain } : {}),
      ...(name === undefined ? {} : { below: name }),
    });
    return {
      mailboxes: deleted.map(({ entry, deletedMs }) => ({
        id: entry.id,
        mailbox: this.text(entry.name),
        deleted: new Date(deletedMs).toISOString(),
      })),
    };
  }

  /** The newest of each name, parents before children. @throws CommandError when there is none */
  private async choose(
    name: MailboxName,
    { id, recursive }: CommandContext['options'],
  ): Promise<readonly DeletedMailbox[]> {
    const newest = new Map<string, DeletedMailbox>();
    for (const one of await this.store.catalogue.deleted({ below: name })) {
      const isIt = sameMailbox(one.entry.name, name);
      const isWanted = isIt
        ? id === undefined || one.entry.id === id
        : recursive === true && isBelow(one.entry.name, name);
      const key = mailboxKey(one.entry.name);
      if (isWanted && !newest.has(key)) newest.set(key, one);
    }
    if (newest.size === 0) {
      const which = typeof id === 'string' ? ` with the id ${id}` : '';
      throw new CommandError(`no deleted mailbox ${this.text(name)}${which} is kept`);
    }
    return [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  }

  private text(name: MailboxName): string {
    return nameText(name, this.namespace);
  }
}

function toText({ mailboxes, restored = [], failed = [] }: Undeleted): string {
  if (mailboxes !== undefined) {
    if (mailboxes.length === 0) return 'no deleted mailboxes are kept';
    return mailboxes
      .map(({ id, mailbox, deleted }) => `${ctime(Date.parse(deleted))}  ${id}  ${mailbox}`)
      .join('\n');
  }
  return [
    ...restored.map(({ mailbox, as }) =>
      mailbox === as ? `Restored ${mailbox}` : `Restored ${mailbox} as ${as}`,
    ),
    ...failed,
  ].join('\n');
}
