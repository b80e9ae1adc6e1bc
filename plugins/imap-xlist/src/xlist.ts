import {
  Component,
  defineImapCommand,
  IMAP_EXTENSIONS,
  IMAP_LISTING,
  type ImapExtension,
  type ImapExtensions,
  type ImapListing,
  type ImapSession,
  inject,
  injectable,
  type MailboxEntry,
  ownerOf,
} from '@angarium/sdk';

/** Gmail's words where they are others than those of RFC 6154 §2. */
const words: Readonly<Record<string, string>> = { '\\Junk': '\\Spam', '\\Flagged': '\\Starred' };

/** Built from what Gmail's clients ask and Cyrus answers; there is no RFC. As LIST, with \Inbox and the special uses. */
function xlistExtension(listing: ImapListing): ImapExtension {
  const xlist = defineImapCommand({
    name: 'XLIST',
    rfc: 'RFC 6154 §1',
    states: ['authenticated', 'selected'],
    parse(line) {
      line.sp();
      const reference = line.mailbox();
      line.sp();
      return { reference, pattern: line.listMailbox() };
    },
    run: ({ session, reply }, { reference, pattern }) =>
      listing.list(session, reply, {
        reference,
        pattern,
        word: 'XLIST',
        attributes: (mailbox) => attributesOf(session, mailbox),
      }),
  });
  return {
    name: 'XLIST',
    capabilities: [{ word: 'XLIST', states: ['authenticated', 'selected'] }],
    commands: [xlist],
  };
}

/** Of the user's own mailboxes only: each attribute means one mailbox to these clients. */
function attributesOf({ identity }: ImapSession, { name, specialUse }: MailboxEntry): readonly string[] {
  if (ownerOf(name) !== identity.user) return [];
  if (name.path.length === 0) return ['\\Inbox'];
  return specialUse.flatMap((use) => (words[use] === undefined ? [use] : [use, words[use]]));
}

@injectable()
export class XlistRegistration extends Component {
  constructor(
    @inject(IMAP_EXTENSIONS) private readonly extensions: ImapExtensions,
    @inject(IMAP_LISTING) private readonly listing: ImapListing,
  ) {
    super();
  }

  override start(): void {
    this.own(this.extensions.add(xlistExtension(this.listing)));
  }
}
