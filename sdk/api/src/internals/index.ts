/**
 * For the kernel alone: libraries that must exist once in a process, and what the decorators noted.
 * A plugin that imports this module is refused by the house rules.
 */
import 'reflect-metadata';
import { type DependencyContainer, container as globalContainer } from 'tsyringe';
import type { Constructor, Contract } from '../di.js';

export { AsyncSeriesBailHook, AsyncSeriesHook } from 'tapable';
export type { DependencyContainer } from 'tsyringe';

/** A container of its own: nothing registered here is seen by another kernel of the same process. */
export function createRootContainer(): DependencyContainer {
  return globalContainer.createChildContainer();
}

/** What the constructor parameter at `index` asks for. */
export interface Injection {
  readonly index: number;
  /** Anything but a symbol was written without the SDK's decorators. */
  readonly token: Contract<unknown>;
  readonly isOptional: boolean;
}

/** tsyringe's own key; its `inject` decorator writes `{ token, isOptional }` under the parameter's index. */
const injectionTokensKey = 'injectionTokens';

/** What a class's own constructor asks for, by position; a parameter without decorator is missing in the list. */
export function injectionsOf(type: Constructor<object>): Injection[] {
  const noted = Reflect.getOwnMetadata(injectionTokensKey, type) as
    | Record<string, { token: Contract<unknown>; isOptional?: boolean }>
    | undefined;
  return Object.entries(noted ?? {})
    .map(([index, { token, isOptional }]) => ({
      index: Number(index),
      token,
      isOptional: isOptional === true,
    }))
    .sort((a, b) => a.index - b.index);
}

/** True when only a base class has injected parameters: tsyringe would construct the class with none. */
export function inheritsInjections(type: Constructor<object>): boolean {
  return (
    Reflect.getOwnMetadata(injectionTokensKey, type) === undefined &&
    Reflect.getMetadata(injectionTokensKey, type) !== undefined
  );
}
