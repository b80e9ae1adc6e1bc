/** What an extension of Sieve brings: commands, tests, tagged arguments, match types, address parts, comparators. */
import type { Run } from '../runtime/run.js';
import type { Call } from './call.js';
import type { Compiler } from './compiler.js';

/** One command, compiled. */
export type Step = (run: Run) => void | Promise<void>;
/** One test, compiled. */
export type Test = (run: Run) => boolean | Promise<boolean>;

export type ValueType = 'string' | 'strings' | 'number';

/** A tagged argument (RFC 5228 §2.6.2). */
export interface Tag {
  readonly name: string;
  readonly value?: ValueType;
  /** The capability it comes with, where it is not that of the command. */
  readonly requires?: string;
  /** Of tags with the same group there may be one. */
  readonly group?: string;
}

/** What commands and tests have in common. */
export interface Definition<Compiled> {
  readonly name: string;
  /** The capability that must be required; absent: always there. */
  readonly requires?: string;
  readonly positional?: readonly ValueType[];
  /** So many of the first positional arguments may be left out (RFC 5232 §3). */
  readonly optional?: number;
  readonly tags?: readonly Tag[];
  /** Also takes `:comparator` and match types; `address`: address parts too. */
  readonly matches?: 'match' | 'address';
  readonly tests?: 'one' | 'list';
  compile(call: Call, compiler: Compiler): Compiled;
}

export type TestDefinition = Definition<Test>;

export interface CommandDefinition extends Definition<Step> {
  readonly block?: boolean;
}

/** A match type (RFC 5228 §2.7.1) beside those of the base. */
export interface MatchType extends Tag {
  /** The value of the tag has been checked to be a constant. @throws SieveError */
  compile(value: string | undefined, call: Call): MatchFunction;
}

/** Does any of the values match any of the keys? Long work is done with `Run.some`. */
export type MatchFunction = (
  run: Run,
  values: readonly string[],
  keys: readonly string[],
  comparator: Comparator,
) => boolean | Promise<boolean>;

/** A comparator (RFC 4790): `key` makes texts comparable, `isOctetwise` tells what a character is to "?". */
export interface Comparator {
  readonly name: string;
  readonly key: (text: string) => string;
  readonly isOctetwise: boolean;
  readonly hasSubstrings: boolean;
}

/** A part of an address (RFC 5228 §2.7.4); undefined: the address has no such part, and nothing matches. */
export interface AddressPart extends Tag {
  of(localPart: string, domain: string, separators: string): string | undefined;
}

/** All of one extension; offered as a whole. */
export interface SieveExtension {
  /** Capabilities. */
  readonly names: readonly string[];
  readonly commands?: readonly CommandDefinition[];
  readonly tests?: readonly TestDefinition[];
  readonly tags?: readonly { readonly on: readonly string[]; readonly tag: Tag }[];
  readonly matchTypes?: readonly MatchType[];
  readonly addressParts?: readonly AddressPart[];
  readonly comparators?: readonly Comparator[];
  /** Offered only where mail can be sent. */
  readonly needsOutbound?: boolean;
}
