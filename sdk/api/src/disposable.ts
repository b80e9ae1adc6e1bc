/** Things that are undone in the reverse order of their making. */

/** Collects what must be undone. Disposing runs last-in first-out, all of it, even when one throws. */
export class DisposableStore implements AsyncDisposable {
  private readonly items: (Disposable | AsyncDisposable)[] = [];
  private disposed = false;

  get isDisposed(): boolean {
    return this.disposed;
  }

  add<T extends Disposable | AsyncDisposable>(item: T): T {
    if (this.disposed) throw new Error('added to a store that is disposed');
    this.items.push(item);
    return item;
  }

  /** @throws AggregateError of what failed, after all were tried. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
    const errors: unknown[] = [];
    for (let item = this.items.pop(); item !== undefined; item = this.items.pop()) {
      try {
        if (Symbol.asyncDispose in item) await item[Symbol.asyncDispose]();
        else item[Symbol.dispose]();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'errors while disposing');
  }
}

/** A Disposable of a function; a second dispose does nothing. */
export function disposable(undo: () => void): Disposable {
  let done = false;
  return {
    [Symbol.dispose]() {
      if (done) return;
      done = true;
      undo();
    },
  };
}
