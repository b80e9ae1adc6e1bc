/** Extension registries: one for each token a kernel meets, made on demand. */
import { type Contract, disposable, type Registry } from '@angarium/sdk';

class ListRegistry<T> implements Registry<T> {
  items: readonly T[] = [];
  private readonly listeners = new Set<() => void>();

  constructor(private readonly onError: (error: unknown) => void) {}

  add(...added: T[]): Disposable {
    this.change([...this.items, ...added]);
    return disposable(() => {
      const left = [...this.items];
      for (const item of added) {
        const at = left.lastIndexOf(item);
        if (at >= 0) left.splice(at, 1);
      }
      this.change(left);
    });
  }

  onChange(listener: () => void): Disposable {
    // Its own entry for each call, so that the same function twice is two subscriptions.
    const entry = () => listener();
    this.listeners.add(entry);
    return disposable(() => this.listeners.delete(entry));
  }

  /** Always a new array: who walks over `items` is not disturbed by a change. */
  private change(items: readonly T[]): void {
    this.items = Object.freeze(items);
    for (const listener of [...this.listeners]) {
      try {
        listener();
      } catch (error) {
        this.onError(error);
      }
    }
  }
}

export class Registries {
  private readonly byToken = new Map<symbol, Registry<unknown>>();

  /** @param onError hears what a listener threw; adding goes on. */
  constructor(private readonly onError: (error: unknown, token: symbol) => void) {}

  get<T>(token: Contract<Registry<T>>): Registry<T> {
    let found = this.byToken.get(token);
    if (found === undefined) {
      found = new ListRegistry<unknown>((error) => this.onError(error, token));
      this.byToken.set(token, found);
    }
    return found as Registry<T>;
  }
}
