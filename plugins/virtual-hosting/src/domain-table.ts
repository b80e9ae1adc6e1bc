/** The domains of the manifest, under their one spelling. */
import { domainToASCII, domainToUnicode } from 'node:url';
import type { DomainConfig, VirtualHostingConfig } from './config.js';

/** As user ids have it: lower case, U-labels. @throws Error for what is no domain name; '' stays. */
export function foldDomain(text: string): string {
  if (text === '') return '';
  const ascii = domainToASCII(text.normalize('NFC').toLowerCase());
  if (!/^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(ascii)) throw new Error(`"${text}" is no domain name`);
  return domainToUnicode(ascii).normalize('NFC');
}

export class DomainTable {
  readonly defaultDomain: string;
  /** Undefined: any domain is served. */
  private readonly byName: ReadonlyMap<string, DomainConfig> | undefined;
  private readonly aliases = new Map<string, string>();

  /** @throws Error for names that are none, and for domains that are two things at once. */
  constructor({ defaultDomain, domains }: Pick<VirtualHostingConfig, 'defaultDomain' | 'domains'>) {
    this.defaultDomain = foldDomain(defaultDomain);
    if (domains === undefined) return;
    const byName = new Map(
      Object.entries(domains).map(([name, config]): [string, DomainConfig] => [foldDomain(name), config]),
    );
    this.byName = byName;
    for (const [name, { aliases }] of byName) {
      for (const alias of aliases.map(foldDomain)) {
        const other = byName.has(alias) ? alias : (this.aliases.get(alias) ?? name);
        if (other !== name) throw new Error(`the domain ${alias} cannot be an alias of ${name} and ${other}`);
        this.aliases.set(alias, name);
      }
    }
  }

  canonical(domain: string): string {
    return this.aliases.get(domain) ?? domain;
  }

  /** '' is the default domain. */
  isServed(domain: string): boolean {
    return (
      this.byName === undefined || domain === '' || domain === this.defaultDomain || this.byName.has(domain)
    );
  }

  /** Named in the manifest. */
  has(domain: string): boolean {
    return this.byName?.has(domain) ?? false;
  }

  /** Of a user's domain; undefined is the default domain. */
  settings(domain: string | undefined): DomainConfig | undefined {
    return this.byName?.get(domain ?? this.defaultDomain);
  }

  /** Under the names that user ids have: undefined is the default domain. */
  own(domain: string): string | undefined {
    const canonical = this.canonical(foldDomain(domain));
    return canonical === this.defaultDomain ? undefined : canonical;
  }
}
