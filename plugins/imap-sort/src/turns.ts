/** Work in slices, so that other sessions of the worker have their turns. */

/** Steps of some hundred nanoseconds: about a millisecond. */
const STEPS_A_TURN = 4096;

export class Turns {
  private steps = 0;

  constructor(private readonly signal?: AbortSignal) {}

  /** Counts; true when `rest` is due. */
  isDue(steps: number): boolean {
    this.steps += steps;
    return this.steps >= STEPS_A_TURN;
  }

  /** @throws what the signal was aborted with */
  async rest(): Promise<void> {
    this.steps = 0;
    this.signal?.throwIfAborted();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
