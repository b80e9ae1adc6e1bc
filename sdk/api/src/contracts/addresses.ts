/** Whose an address is, beside what user ids say, and what domains mean. */
import { type Contract, contract, type RegistryContract, registry } from '../di.js';
import type { Connection } from '../kernel/connection.js';

/** An address as the maps are asked: unquoted, domain in its canonical form. */
export interface MappedAddress {
  readonly localPart: string;
  /** Absent: none was given, or the default domain. */
  readonly domain: string | undefined;
}

/** What a map answers. */
export interface AddressOwner {
  /** A user id; whoever asked normalises it. */
  readonly user: string;
  /** Stands for the detail (`user+detail@…`) of an address that has none. */
  readonly detail?: string;
}

/**
 * One place that knows addresses: an aliases file, LDAP, SQL.
 * @throws MailError UNAVAILABLE when it cannot be asked now: the sender tries again.
 */
export interface AddressMap {
  readonly name: string;
  /** Lower is asked earlier; user ids themselves are 100, catchalls come behind. */
  readonly order: number;
  /** Several: each gets the message, and the sender hears one answer (`Delivery.recipient`). */
  find(address: MappedAddress): Promise<AddressOwner | readonly AddressOwner[] | undefined>;
}
export const ADDRESS_MAPS: RegistryContract<AddressMap> = registry('address-maps', 1);

/** What domains mean on this server. Answers without asking anybody, since user ids are normalised with it. */
export interface VirtualDomains {
  /**
   * True: the domain is part of who somebody is; fred@a.example and fred@b.example are two. False: mail for any domain
   * goes to the user of that local part.
   */
  readonly areSeparate: boolean;
  /** The domain that is left out of user ids, normalised; '' for none, or when `authentication` says it. */
  readonly defaultDomain: string;
  /** The domain that stands for this one in user ids and addresses: an alias's domain, else itself. @param domain normalised. */
  canonical(domain: string): string;
  /** Is mail for this canonical domain taken at all? '' is the default domain. */
  isServed(domain: string): boolean;
}
export const VIRTUAL_DOMAINS: Contract<VirtualDomains> = contract('virtual-domains', 1);

/** Completes login names that have no domain by where the client came in. */
export interface LoginDomains {
  /** The domain of unqualified names on this connection; undefined: the default domain. */
  domainOf(connection: Connection): Promise<string | undefined>;
}
export const LOGIN_DOMAINS: Contract<LoginDomains> = contract('login-domains', 1);
