import { resolve } from 'node:path';
import {
  ADDRESS_MAPS,
  type AddressMap,
  type AddressOwner,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  HOST,
  type Host,
  inject,
  injectable,
  LOGGER,
  type Logger,
  type MappedAddress,
  type Registry,
} from '@angarium/sdk';
import { AliasFile, type AliasTable, keyOf, parseAlias } from './aliases.js';
import type { VirtualHostingConfig } from './config.js';
import { DomainTable } from './domain-table.js';
import { expand, type NameFinder } from './expansion.js';

/** Aliases ahead of user ids, catchalls behind them. */
@injectable()
export class AddressMaps extends Component {
  private readonly domains: DomainTable;
  private readonly fixed: AliasTable;
  private readonly file: AliasFile | undefined;

  constructor(
    @inject(CONFIG) private readonly config: VirtualHostingConfig,
    @inject(ADDRESS_MAPS) private readonly maps: Registry<AddressMap>,
    @inject(HOST) host: Host,
    @inject(CLOCK) clock: Clock,
    @inject(LOGGER) log: Logger,
  ) {
    super();
    const { aliases, aliasesFile } = config;
    this.domains = new DomainTable(config);
    this.fixed = new Map(
      Object.entries(aliases).map(([address, target]) => parseAlias(address, target, this.domains)),
    );
    const path = aliasesFile === '' ? undefined : resolve(host.dataDir, aliasesFile);
    this.file = path === undefined ? undefined : new AliasFile(path, this.domains, clock, log);
  }

  override async start(): Promise<void> {
    await this.file?.open();
    const { aliases, aliasesFile, catchall, domains = {} } = this.config;
    if (Object.keys(aliases).length > 0 || aliasesFile !== '') {
      this.own(this.maps.add({ name: 'aliases', order: 50, find: (address) => this.alias(address) }));
    }
    const hasCatchall = catchall !== '' || Object.values(domains).some((domain) => domain.catchall);
    if (hasCatchall || Object.keys(aliases).some(isWholeDomain) || aliasesFile !== '') {
      this.own(this.maps.add({ name: 'catchall', order: 900, find: (address) => this.catchall(address) }));
    }
  }

  /** With its domain, then without: `webmaster` is an alias of the default domain, or of all where they do not count. */
  private async alias(address: MappedAddress): Promise<readonly AddressOwner[] | undefined> {
    const owners = await this.named(address);
    return owners && (await expand(owners, nameOf(address), this.byName));
  }

  private readonly byName: NameFinder = (name) => this.named(addressOf(name));

  private async named({ localPart, domain }: MappedAddress): Promise<readonly AddressOwner[] | undefined> {
    const exact = await this.find(keyOf(localPart, domain));
    if (exact !== undefined) return exact;
    if (domain !== undefined && this.config.virtdomains !== 'off') return undefined;
    return await this.find(localPart);
  }

  private async catchall({
    domain,
  }: MappedAddress): Promise<AddressOwner | readonly AddressOwner[] | undefined> {
    const ofDomain = await this.find(keyOf('', domain));
    if (ofDomain !== undefined) return await expand(ofDomain, undefined, this.byName);
    const user = this.domains.settings(domain)?.catchall ?? this.config.catchall;
    return user === '' ? undefined : { user };
  }

  private async find(key: string): Promise<readonly AddressOwner[] | undefined> {
    return this.fixed.get(key) ?? (await this.file?.current())?.get(key);
  }
}

function isWholeDomain(address: string): boolean {
  return address.startsWith('@');
}

/** Of a target: its domain is folded already, and left out when it is the default one. */
function addressOf(name: string): MappedAddress {
  const at = name.lastIndexOf('@');
  return at < 0
    ? { localPart: name, domain: undefined }
    : { localPart: name.slice(0, at), domain: name.slice(at + 1) };
}

function nameOf({ localPart, domain }: MappedAddress): string {
  return domain === undefined ? localPart : `${localPart}@${domain}`;
}
