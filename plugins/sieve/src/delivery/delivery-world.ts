/** What scripts may ask while mail comes in. */
import type { DeliveryEnvelope, MailStore, Recipient, RecordSpace, UserId } from '@angarium/sdk';
import type { Program } from '../compiler/compiler.js';
import type { SieveMessage } from '../runtime/message.js';
import type { World } from '../runtime/world.js';
import type { SieveService } from '../scripts/sieve-service.js';
import type { Places } from './places.js';

export interface WorldEnvironment {
  readonly store: MailStore;
  readonly scripts: SieveService;
  readonly duplicates: RecordSpace;
  readonly detailSeparators: string;
  readonly serverName: string;
  readonly version: string;
}

export interface WorldOf {
  readonly user: UserId;
  readonly recipient: Recipient;
  readonly envelope: DeliveryEnvelope;
  readonly message: SieveMessage;
  readonly places: Places;
  readonly nowMs: number;
}

export class DeliveryWorld implements World {
  readonly message: SieveMessage;
  readonly addedFields: World['addedFields'];
  readonly sender: string;
  readonly recipient: string;
  readonly detailSeparators: string;
  readonly nowMs: number;
  readonly zoneMinutes: number;

  constructor(
    private readonly env: WorldEnvironment,
    private readonly of: WorldOf,
  ) {
    const { message, recipient, envelope, nowMs } = of;
    this.message = message;
    this.addedFields = recipient.addedFields;
    this.sender = envelope.sender;
    this.recipient = recipient.address.address;
    this.detailSeparators = env.detailSeparators;
    this.nowMs = nowMs;
    this.zoneMinutes = -new Date(nowMs).getTimezoneOffset();
  }

  /** RFC 5183 §4.1; remote is what the MTA says of the client it has the mail from, else the MTA. */
  environment(item: string): string | undefined {
    const { envelope } = this.of;
    switch (item) {
      case 'domain':
        return this.env.serverName.replace(/^[^.]*\./, '');
      case 'host':
        return this.env.serverName;
      case 'location':
        return 'MDA';
      case 'name':
        return 'Angarium';
      case 'phase':
        return 'during';
      case 'remote-host':
        return envelope.forwardedFor?.name ?? envelope.forwardedFor?.address ?? envelope.remoteAddress;
      case 'remote-ip':
        return envelope.forwardedFor?.address ?? envelope.remoteAddress;
      case 'version':
        return this.env.version;
      default:
        return undefined;
    }
  }

  async mailboxExists(name: string): Promise<boolean> {
    return (await this.of.places.find(name)) !== undefined;
  }

  async specialUseExists(mailbox: string | undefined, uses: readonly string[]): Promise<boolean> {
    const { places } = this.of;
    if (mailbox === undefined) {
      for (const use of uses) if ((await places.withUse(use)) === undefined) return false;
      return true;
    }
    const entry = await places.find(mailbox);
    const has = new Set(entry?.specialUse.map((use) => use.toLowerCase()));
    return entry !== undefined && uses.every((use) => has.has(use.toLowerCase()));
  }

  async mailboxIdExists(id: string): Promise<boolean> {
    return (await this.of.places.byId(id)) !== undefined;
  }

  async metadata(mailbox: string | undefined, entry: string): Promise<string | undefined> {
    const { places, user } = this.of;
    const place = mailbox === undefined ? 'server' : (await places.find(mailbox))?.id;
    if (place === undefined) return undefined;
    const name = entry.toLowerCase();
    const owner = name.startsWith('/private/') ? user : undefined;
    const value = (await this.env.store.catalogue.metadata(place, owner)).get(name);
    return value === undefined ? undefined : Buffer.from(value).toString('utf8');
  }

  async wasSeen(key: string): Promise<boolean> {
    return (await this.env.duplicates.get(this.of.user, key)) !== undefined;
  }

  program(location: 'personal' | 'global', name: string): Promise<Program | undefined> {
    return this.env.scripts.included(this.of.user, location, name);
  }
}
