/** RECONSTRUCT and XFER, as Cyrus's imapd takes them. */
import {
  administers,
  Component,
  defineImapCommand,
  IMAP_EXTENSIONS,
  type ImapCommand,
  type ImapExtensions,
  type ImapSession,
  inject,
  injectable,
  injectOptional,
  type MailboxEntry,
  type MailboxName,
  MailError,
  STORE_REPAIR,
  type StoreRepair,
} from '@angarium/sdk';

const states = ['authenticated', 'selected'] as const;

@injectable()
export class AdminCommands extends Component {
  constructor(
    @inject(IMAP_EXTENSIONS) private readonly extensions: ImapExtensions,
    @injectOptional(STORE_REPAIR) private readonly repair: StoreRepair | undefined,
  ) {
    super();
  }

  override start(): void {
    const commands = [...(this.repair === undefined ? [] : [reconstruct(this.repair)]), xfer];
    this.own(this.extensions.add({ name: 'Cyrus administration', commands }));
  }
}

interface Reconstruct {
  readonly mailbox: string;
  readonly isRecursive: boolean;
}

/** `RECONSTRUCT mailbox [RECURSIVE]`: what was put right is told in untagged OKs. */
function reconstruct(repair: StoreRepair): ImapCommand<Reconstruct> {
  return defineImapCommand({
    name: 'RECONSTRUCT',
    rfc: 'Cyrus imapd',
    states,
    parse(line): Reconstruct {
      line.sp();
      const mailbox = line.mailbox();
      const isRecursive = line.trySp();
      if (isRecursive) line.expect('RECURSIVE');
      return { mailbox, isRecursive };
    },
    async run({ session, reply, signal }, { mailbox, isRecursive }) {
      const name = administered(session, mailbox);
      const entries = await found(session, name, isRecursive);
      for (const { id, name: each } of entries) {
        signal.throwIfAborted();
        const { faults } = await repair.reconstruct(id);
        for (const fault of faults) reply.status('OK', `${reply.mailbox(each)}: ${printable(fault)}`);
      }
    },
  });
}

/** In an untagged line nothing but printable ASCII. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

async function found(
  session: ImapSession,
  name: MailboxName,
  isRecursive: boolean,
): Promise<readonly MailboxEntry[]> {
  const { catalogue } = session.store;
  if (isRecursive) {
    const below = await catalogue.list({ below: name });
    if (below.length > 0) return below;
  }
  const entry = await catalogue.find(name);
  if (entry === undefined) throw new MailError('NONEXISTENT', 'Mailbox does not exist');
  return [entry];
}

/** @throws MailError NOPERM for those who do not administer it */
function administered(session: ImapSession, text: string): MailboxName {
  const denied = () => new MailError('NOPERM', 'Permission denied');
  if (session.identity.admin === 'none') throw denied();
  const name = session.namespace.fromClient(text);
  if (!administers(session.identity, name.domain)) throw denied();
  return name;
}

/** `XFER mailbox server [partition]`: this server is alone, so there is nowhere to go. */
const xfer = defineImapCommand({
  name: 'XFER',
  rfc: 'Cyrus imapd',
  states,
  parse(line) {
    line.sp();
    const mailbox = line.mailbox();
    line.sp();
    line.astring();
    if (line.trySp()) line.astring();
    return mailbox;
  },
  async run({ session }, mailbox) {
    await found(session, administered(session, mailbox), false);
    throw new MailError('CANNOT', 'Operation is not supported on mailbox');
  },
});
