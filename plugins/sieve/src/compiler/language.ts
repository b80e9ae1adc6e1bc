/** All that scripts may say on this server: the base and the extensions that are offered. */

import type {
  AddressPart,
  CommandDefinition,
  Comparator,
  Definition,
  MatchType,
  SieveExtension,
  Tag,
  TestDefinition,
} from './extension.js';
import { addressParts, baseComparators, matchTypes } from './matching.js';

const comparatorTag: Tag = { name: ':comparator', value: 'string' };

export class Language {
  readonly capabilities = new Set<string>();
  readonly commands = new Map<string, CommandDefinition>();
  readonly tests = new Map<string, TestDefinition>();
  readonly matchTypes = new Map<string, MatchType>(matchTypes.map((one) => [one.name, one]));
  readonly addressParts = new Map<string, AddressPart>(addressParts.map((one) => [one.name, one]));
  readonly comparators = new Map<string, Comparator>(baseComparators.map((one) => [one.name, one]));
  private readonly tags = new Map<string, Map<string, Tag>>();

  /** @param base what needs no require. */
  constructor(base: readonly SieveExtension[], extensions: readonly SieveExtension[]) {
    for (const extension of [...base, ...extensions]) this.add(extension);
    for (const { name } of this.comparators.values()) this.capabilities.add(`comparator-${name}`);
  }

  /** Undefined: it takes none of this name. */
  tagOf(definition: Definition<unknown>, name: string): Tag | undefined {
    const own = definition.tags?.find((tag) => tag.name === name);
    const tag = own ?? this.tags.get(definition.name)?.get(name);
    if (tag !== undefined || definition.matches === undefined) return tag;
    if (name === comparatorTag.name) return comparatorTag;
    const part = definition.matches === 'address' ? this.addressParts.get(name) : undefined;
    return this.matchTypes.get(name) ?? part;
  }

  private add(extension: SieveExtension): void {
    for (const name of extension.names) this.capabilities.add(name);
    for (const one of extension.commands ?? []) this.commands.set(one.name, one);
    for (const one of extension.tests ?? []) this.tests.set(one.name, one);
    for (const one of extension.matchTypes ?? []) this.matchTypes.set(one.name, one);
    for (const one of extension.addressParts ?? []) this.addressParts.set(one.name, one);
    for (const one of extension.comparators ?? []) this.comparators.set(one.name, one);
    for (const { on, tag } of extension.tags ?? []) {
      for (const name of on) {
        const tags = this.tags.get(name) ?? new Map<string, Tag>();
        this.tags.set(name, tags.set(tag.name, tag));
      }
    }
  }
}
