import {
  type DeliveryBatch,
  type DeliveryStage,
  type InboxProvision,
  MailError,
  type MailStore,
  personalMailbox,
  type Registry,
} from '@angarium/sdk';

/** An account that has no INBOX, and gets none with its first mail, takes no mail. */
export class InboxCheck implements DeliveryStage {
  readonly name = 'inbox';
  readonly phase = 'admit';
  readonly order = 100;

  constructor(
    private readonly store: MailStore,
    private readonly provisions: Registry<InboxProvision>,
    private readonly autocreateInbox: boolean,
  ) {}

  async run({ recipients }: DeliveryBatch): Promise<void> {
    const [provision] = this.provisions.items;
    if (provision === undefined && this.autocreateInbox) return;
    for (const recipient of recipients) {
      const { user } = recipient;
      if (user === undefined) continue;
      if ((await this.store.catalogue.find(personalMailbox(user))) !== undefined) continue;
      if ((await provision?.wouldCreate(user, 'delivery')) === true) continue;
      const error = new MailError('NONEXISTENT', 'Mailbox does not exist', { enhancedStatus: '5.1.1' });
      recipient.outcome = { is: 'refused', error };
    }
  }
}
