/**
 * Dependency injection: contracts (tokens), registries and the decorators that plugins use.
 * Key rule: tokens are `Symbol.for(...)`, so that two copies of the SDK agree on them; tsyringe itself
 * must exist once (it keeps its type information in a module-level map), which is why only the SDK depends on it.
 * Decorator metadata is off: every constructor parameter says `@inject(TOKEN)`.
 */
import 'reflect-metadata';
import { injectable, inject as tsyringeInject } from 'tsyringe';

/** The name under which plugins meet: one provider, many users. The type is what the provider implements. */
export type Contract<T> = symbol & { readonly __contract?: T };

/** A place where anybody adds to what another offers. The kernel makes one empty registry per worker for each. */
export type RegistryContract<T> = Contract<Registry<T>>;

/** A class that tsyringe can construct. */
// biome-ignore lint/suspicious/noExplicitAny: constructor parameters are injected, their types are the class's own business
export type Constructor<T> = new (...args: any[]) => T;

/** What was added, in order of adding. */
export interface Registry<T> {
  readonly items: readonly T[];
  /** Adds items; dispose takes exactly these out again. */
  add(...items: T[]): Disposable;
  /** Called after each change of `items`. */
  onChange(listener: () => void): Disposable;
}

/** @param name kebab-case feature name. @param major counts incompatible changes of the interface. */
export function contract<T>(name: string, major: number): Contract<T> {
  return Symbol.for(`angarium:${name}@${major}`) as Contract<T>;
}

/** As `contract`, for an extension registry; it needs no provider. */
export function registry<T>(name: string, major: number): RegistryContract<T> {
  return Symbol.for(`angarium:registry:${name}@${major}`) as RegistryContract<T>;
}

/** `mail-store@1`, as plugin manifests write it in provides and requires. */
export function contractName(token: Contract<unknown>): string {
  return (token.description ?? '').replace(/^angarium:/, '');
}

/** True for tokens made by `registry`. */
export function isRegistry(token: Contract<unknown>): boolean {
  return token.description?.startsWith('angarium:registry:') ?? false;
}

/** Constructor parameter decorator: the provider of `token`; the plugin's manifest must `require` it. */
export function inject(token: Contract<unknown>): ParameterDecorator {
  return tsyringeInject(token) as ParameterDecorator;
}

/** As `inject`, but undefined when no enabled plugin provides it (manifest: `optional`). */
export function injectOptional(token: Contract<unknown>): ParameterDecorator {
  return tsyringeInject(token, { isOptional: true }) as ParameterDecorator;
}

export { injectable };
