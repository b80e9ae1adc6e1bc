import {
  type DeliveryBatch,
  type DeliveryStage,
  type MailboxCatalogue,
  MailError,
  personalMailbox,
} from '@angarium/sdk';

/** Without `autocreateInbox`: an account that has no INBOX takes no mail. */
export class InboxCheck implements DeliveryStage {
  readonly name = 'inbox';
  readonly phase = 'admit';
  readonly order = 100;

  constructor(private readonly catalogue: MailboxCatalogue) {}

  async run({ recipients }: DeliveryBatch): Promise<void> {
    for (const recipient of recipients) {
      if (recipient.user === undefined) continue;
      if ((await this.catalogue.find(personalMailbox(recipient.user))) !== undefined) continue;
      const error = new MailError('NONEXISTENT', 'Mailbox does not exist', { enhancedStatus: '5.1.1' });
      recipient.outcome = { is: 'refused', error };
    }
  }
}
