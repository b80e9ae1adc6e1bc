/** The built-in resolution: whose is this address? */
import {
  type Accounts,
  type AddressMap,
  type AddressOwner,
  type DeliveryBatch,
  type DeliveryStage,
  isMailError,
  MailError,
  type MappedAddress,
  type Recipient,
  type RecipientAddress,
  type Registry,
  splitUserId,
  type UserId,
  type VirtualDomains,
} from '@angarium/sdk';
import type { DeliveryConfig } from './config.js';
import { splitDetail, unquoteLocalPart } from './local-part.js';

/** Where user ids stand among the address maps. */
const ACCOUNTS_ORDER = 100;

export interface ResolutionEnvironment {
  readonly accounts: Accounts;
  readonly addressMaps: Registry<AddressMap>;
  /** undefined: as `anyDomain` says. */
  readonly domains: VirtualDomains | undefined;
  readonly config: DeliveryConfig;
}

/** Bounds what one RCPT can cost. */
const MAX_MEMBERS = 1000;

/** Whose an address is. */
export interface Found {
  /** Undefined: a map names somebody whom nobody knows. */
  readonly user: UserId | undefined;
  readonly detail: string | undefined;
  readonly how: string;
  readonly error?: MailError;
}

/** An address → an account: exactly as given, then without the detail; of its domain, then of any where that holds. */
export class Resolution implements DeliveryStage {
  readonly name = 'resolve';
  readonly phase = 'resolve';
  readonly order = 100;
  private readonly anyDomain: boolean;
  private readonly lists = new WeakMap<Recipient, readonly Found[]>();

  constructor(private readonly environment: ResolutionEnvironment) {
    const { domains, config } = environment;
    this.anyDomain = domains === undefined ? config.anyDomain : !domains.areSeparate;
  }

  async run({ recipients }: DeliveryBatch): Promise<void> {
    for (const recipient of recipients) {
      if (recipient.user === undefined && recipient.targets.length === 0) await this.resolve(recipient);
    }
  }

  /** Of an address that stands for several users. */
  membersOf(recipient: Recipient): readonly Found[] | undefined {
    return this.lists.get(recipient);
  }

  private async resolve(recipient: Recipient): Promise<void> {
    const { address } = recipient;
    const whole = unquoteLocalPart(address.localPart);
    const { base, detail } = splitDetail(whole, this.environment.config.detailSeparator);
    this.checkDomain(address);
    const ways: readonly [local: string, detail: string | undefined][] =
      detail === undefined
        ? [[whole, undefined]]
        : [
            [whole, undefined],
            [base, detail],
          ];
    for (const isLate of [false, true]) {
      for (const [local, rest] of ways) {
        const found = await this.find({ ...address, localPart: local }, isLate);
        if (found === undefined) continue;
        this.settle(recipient, found, rest);
        return;
      }
      if (!isLate && (await this.resolvePostmaster(recipient, base))) return;
    }
    throw unknownUser(address);
  }

  /** @throws MailError 4.2.1 for one that is nobody's. */
  private settle(recipient: Recipient, found: readonly Found[], detail: string | undefined): void {
    const all = found.map((each) => ({ ...each, detail: detail ?? each.detail }));
    const [one] = all;
    if (all.length > 1 || one === undefined) {
      this.lists.set(recipient, all);
      return;
    }
    if (one.error !== undefined) throw one.error;
    recipient.user = one.user;
    recipient.detail = one.detail;
    recipient.trace.push({ stage: this.name, decision: one.how });
  }

  /** @throws MailError 5.1.2 for a domain that is none of ours. */
  private checkDomain({ domain }: RecipientAddress): void {
    const { domains } = this.environment;
    if (domains === undefined || domain === undefined) return;
    const own = this.ownDomain(domain);
    if (own !== undefined && domains.isServed(own)) return;
    throw new MailError('NONEXISTENT', 'This domain is not served here', { enhancedStatus: '5.1.2' });
  }

  /** As user ids have it: '' is the default domain, undefined what is no domain name. */
  private ownDomain(domain: string): string | undefined {
    const user = tryNormalise(this.environment.accounts, `postmaster@${domain}`);
    return user === undefined ? undefined : (splitUserId(user).domain ?? '');
  }

  /** Early: the maps before the accounts, and these; late: the maps behind. */
  private async find(address: RecipientAddress, isLate: boolean): Promise<readonly Found[] | undefined> {
    const { localPart, domain } = address;
    const maps = this.environment.addressMaps.items.filter(({ order }) => order > ACCOUNTS_ORDER === isLate);
    if (maps.length > 0) {
      const found = await this.ask(maps, this.mapped(address));
      if (found !== undefined) return found;
    }
    const user = isLate ? undefined : await this.userOf(localPart, domain);
    return user === undefined ? undefined : [{ user, detail: undefined, how: `account ${user}` }];
  }

  private mapped({ localPart, domain }: RecipientAddress): MappedAddress {
    const own = domain === undefined ? '' : (this.ownDomain(domain) ?? domain.toLowerCase());
    return {
      localPart: localPart.normalize('NFC').toLowerCase(),
      domain: own === '' ? undefined : own,
    };
  }

  private async ask(
    maps: readonly AddressMap[],
    address: MappedAddress,
  ): Promise<readonly Found[] | undefined> {
    for (const map of [...maps].sort((a, b) => a.order - b.order)) {
      const owner = await map.find(address);
      if (owner === undefined) continue;
      const owners = 'user' in owner ? [owner] : owner;
      if (owners.length > 0) return await this.owners(map, owners);
    }
    return undefined;
  }

  private async owners(map: AddressMap, owners: readonly AddressOwner[]): Promise<readonly Found[]> {
    if (owners.length > MAX_MEMBERS) throw tooMany(map);
    const found: Found[] = [];
    for (const owner of owners) {
      const user = await this.account(owner.user);
      const who = user === undefined ? `nobody is called ${owner.user}` : `account ${user}`;
      const error = user === undefined ? { error: noSuchOwner(map, owner) } : {};
      found.push({ user, detail: owner.detail, how: `${map.name}: ${who}`, ...error });
    }
    return found;
  }

  private async resolvePostmaster(recipient: Recipient, local: string): Promise<boolean> {
    const { postmaster } = this.environment.config;
    if (postmaster === '' || local.toLowerCase() !== 'postmaster') return false;
    const user = await this.account(postmaster);
    if (user === undefined) return false;
    recipient.user = user;
    recipient.trace.push({ stage: this.name, decision: `postmaster is ${user}` });
    return true;
  }

  private async userOf(local: string, domain: string | undefined): Promise<UserId | undefined> {
    // What follows an `@` of the local part is no domain.
    if (local.includes('@')) return undefined;
    if (domain !== undefined) {
      const user = await this.account(`${local}@${domain}`);
      if (user !== undefined || !this.anyDomain) return user;
    }
    return this.account(local);
  }

  private async account(text: string): Promise<UserId | undefined> {
    const { accounts } = this.environment;
    const user = tryNormalise(accounts, text);
    if (user === undefined) return undefined;
    return (await accounts.find(user))?.user;
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

function tooMany({ name }: AddressMap): MailError {
  const cause = new Error(`${name} names more than ${MAX_MEMBERS} users`);
  return new MailError('UNAVAILABLE', 'The address has too many mailboxes', {
    cause,
    enhancedStatus: '4.2.4',
  });
}

/** The operator's mistake, which bounced mail does not mend. */
function noSuchOwner({ name }: AddressMap, { user }: AddressOwner): MailError {
  const cause = new Error(`${name} names the user ${user}, whom nobody knows`);
  return new MailError('UNAVAILABLE', 'The address has no mailbox now', { cause, enhancedStatus: '4.2.1' });
}
