import {
  type AppendedBatch,
  CLOCK,
  type Clock,
  Component,
  HOOKS,
  type HookBus,
  IMAP_EXTENSIONS,
  type ImapExtensions,
  inject,
  injectable,
  LOGGER,
  type Logger,
  ownerOf,
  PUSH_SENDER,
  type PushSender,
  RECORDS,
  type Records,
} from '@angarium/sdk';
import { applePushCommand } from './command.js';
import { Registrations } from './registrations.js';

const states = ['authenticated', 'selected'] as const;

/** Constructed only where something provides PUSH_SENDER. */
@injectable()
export class ApplePush extends Component {
  private readonly registrations: Registrations;

  constructor(
    @inject(IMAP_EXTENSIONS) private readonly imap: ImapExtensions,
    @inject(PUSH_SENDER) private readonly sender: PushSender,
    @inject(RECORDS) records: Records,
    @inject(HOOKS) private readonly hooks: HookBus,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
  ) {
    super();
    this.registrations = new Registrations(records.space('imap-apple-push'));
  }

  override start(): void {
    const { registrations, sender, clock } = this;
    this.own(
      this.imap.add({
        name: 'XAPPLEPUSHSERVICE',
        capabilities: [{ word: 'XAPPLEPUSHSERVICE', states, isOffered: () => sender.topic() !== undefined }],
        commands: [applePushCommand(registrations, sender, () => clock.now())],
      }),
    );
    this.own(this.hooks.tap('message.appended', (batch) => this.tell(batch)));
  }

  /** One notice a device for a batch of messages. */
  private async tell({ mailbox, source, origin }: AppendedBatch): Promise<void> {
    const owner = ownerOf(mailbox.name);
    if (owner === undefined || source !== undefined || origin?.via === 'imap') return;
    const interested = (await this.registrations.of(owner)).filter(
      ({ mailboxes }) => mailbox.id in mailboxes,
    );
    if (interested.length === 0) return;
    const isInbox = mailbox.name.path.length === 0;
    const notices = interested.map(({ accountId, deviceToken, mailboxes }) => ({
      accountId,
      deviceToken,
      mailboxes: isInbox ? [] : [mailboxes[mailbox.id]!],
    }));
    const outcomes = await this.sender.send(notices);
    for (const [at, registration] of interested.entries()) {
      if (outcomes[at] === 'gone') await this.registrations.remove(owner, registration);
    }
    const failed = outcomes.filter((outcome) => outcome === 'failed').length;
    if (failed > 0) this.log.warn('devices could not be told of new mail', { user: owner, failed });
  }
}
