import { reverse } from 'node:dns/promises';
import {
  CLOCK,
  type Clock,
  CONFIG,
  type Connection,
  inject,
  injectable,
  type LoginDomains,
  type VirtualDomains,
} from '@angarium/sdk';
import type { VirtualHostingConfig } from './config.js';
import { DomainTable, foldDomain } from './domain-table.js';

/** The name of an address of this machine does not change often. */
const REMEMBER_NAME_MS = 600_000;

/** What domains mean here, and which one an unqualified login name belongs to. */
@injectable()
export class Domains implements VirtualDomains, LoginDomains {
  readonly areSeparate: boolean;
  readonly defaultDomain: string;
  private readonly table: DomainTable;
  private readonly interfaces: ReadonlyMap<string, string>;
  private readonly names = new Map<string, { readonly untilMs: number; readonly name: Promise<string> }>();

  constructor(
    @inject(CONFIG) private readonly config: VirtualHostingConfig,
    @inject(CLOCK) private readonly clock: Clock,
  ) {
    this.areSeparate = config.virtdomains !== 'off';
    this.table = new DomainTable(config);
    this.defaultDomain = this.table.defaultDomain;
    this.interfaces = new Map(
      Object.entries(config.interfaces).map(([place, domain]) => [place.toLowerCase(), foldDomain(domain)]),
    );
  }

  canonical(domain: string): string {
    return this.table.canonical(domain);
  }

  isServed(domain: string): boolean {
    return !this.areSeparate || this.table.isServed(domain);
  }

  async domainOf({ local, tls }: Connection): Promise<string | undefined> {
    if (this.config.virtdomains !== 'on') return undefined;
    const serverName = tls?.serverName?.toLowerCase();
    const named = serverName === undefined ? undefined : this.domainOfHost(serverName);
    const found = named ?? this.interfaces.get(local.address.toLowerCase());
    if (found !== undefined || !this.config.reverseLookup || local.address === 'unix') return found;
    const host = await this.nameOf(local.address);
    return host === '' ? undefined : this.domainOfHost(host);
  }

  /** `mail.example.org` → `example.org`, when that or the name itself is ours. */
  private domainOfHost(host: string): string | undefined {
    const given = this.interfaces.get(host);
    if (given !== undefined) return given;
    const parent = host.slice(host.indexOf('.') + 1);
    return [host, parent].map(tryFold).find((domain) => this.table.has(this.table.canonical(domain)));
  }

  /** '' when the DNS knows none, or does not answer. */
  private nameOf(address: string): Promise<string> {
    const now = this.clock.monotonicMs();
    const known = this.names.get(address);
    if (known !== undefined && known.untilMs > now) return known.name;
    const name = reverse(address).then(
      ([first = '']) => first.toLowerCase(),
      () => '',
    );
    this.names.set(address, { untilMs: now + REMEMBER_NAME_MS, name });
    return name;
  }
}

function tryFold(domain: string): string {
  try {
    return foldDomain(domain);
  } catch {
    return '';
  }
}
