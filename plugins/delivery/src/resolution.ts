/** The built-in resolution: whose is this address? */
import {
  type Accounts,
  type DeliveryBatch,
  type DeliveryStage,
  isMailError,
  MailError,
  type Recipient,
  type RecipientAddress,
  type UserId,
} from '@angarium/sdk';
import type { DeliveryConfig } from './config.js';
import { splitDetail, unquoteLocalPart } from './local-part.js';

/** An address → an account: exactly as given, then without the detail; of its domain, then of any. */
export class Resolution implements DeliveryStage {
  readonly name = 'resolve';
  readonly phase = 'resolve';
  readonly order = 100;

  constructor(
    private readonly accounts: Accounts,
    private readonly config: DeliveryConfig,
  ) {}

  async run({ recipients }: DeliveryBatch): Promise<void> {
    for (const recipient of recipients) {
      if (recipient.user === undefined && recipient.targets.length === 0) await this.resolve(recipient);
    }
  }

  private async resolve(recipient: Recipient): Promise<void> {
    const { address } = recipient;
    const whole = unquoteLocalPart(address.localPart);
    const { base, detail } = splitDetail(whole, this.config.detailSeparator);
    const exact = await this.find(whole, address.domain);
    const user = exact ?? (detail === undefined ? undefined : await this.find(base, address.domain));
    if (user !== undefined) {
      recipient.user = user;
      recipient.detail = exact === undefined ? detail : undefined;
      recipient.trace.push({ stage: this.name, decision: `account ${user}` });
      return;
    }
    if (!(await this.resolvePostmaster(recipient, base))) throw unknownUser(address);
  }

  private async resolvePostmaster(recipient: Recipient, local: string): Promise<boolean> {
    const { postmaster } = this.config;
    if (postmaster === '' || local.toLowerCase() !== 'postmaster') return false;
    const user = await this.find(postmaster, undefined);
    if (user === undefined) return false;
    recipient.user = user;
    recipient.trace.push({ stage: this.name, decision: `postmaster is ${user}` });
    return true;
  }

  private async find(local: string, domain: string | undefined): Promise<UserId | undefined> {
    if (domain !== undefined) {
      const user = await this.account(`${local}@${domain}`);
      if (user !== undefined || !this.config.anyDomain) return user;
    }
    return this.account(local);
  }

  private async account(text: string): Promise<UserId | undefined> {
    const user = tryNormalise(this.accounts, text);
    if (user === undefined) return undefined;
    return (await this.accounts.find(user))?.user;
  }
}

function tryNormalise(accounts: Accounts, text: string): UserId | undefined {
  try {
    return accounts.normalise(text);
  } catch (error) {
    if (isMailError(error) && error.code === 'CANNOT') return undefined;
    throw error;
  }
}

function unknownUser({ address }: RecipientAddress): MailError {
  return new MailError('NONEXISTENT', `User unknown: <${address}>`, { enhancedStatus: '5.1.1' });
}
