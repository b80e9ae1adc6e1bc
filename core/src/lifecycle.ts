/**
 * Starting in order, stopping in reverse, each plugin within a time limit. Constructors open nothing: what was
 * never asked to start is not stopped, what was asked is, even when it failed half way.
 */
import type { Clock, Logger } from '@angarium/sdk';
import type { ComposedPlugin } from './compose.js';
import { errorText, KernelError } from './errors.js';
import type { TimeTree } from './time-tree.js';

export interface LifecycleOptions {
  readonly log: Logger;
  readonly clock: Clock;
  readonly times: TimeTree;
  /** For each plugin, in ms. */
  readonly startTimeoutMs: number;
  /** For each plugin, in ms. */
  readonly stopTimeoutMs: number;
}

/** What the kernel calls, whether or not the class extends Component. */
interface Living {
  start?(): void | Promise<void>;
  stop?(): void | Promise<void>;
  [Symbol.asyncDispose]?(): PromiseLike<void>;
  [Symbol.dispose]?(): void;
}

interface StartedPlugin {
  readonly id: string;
  readonly instances: Living[];
}

export class Lifecycle {
  private readonly started: StartedPlugin[] = [];

  constructor(private readonly options: LifecycleOptions) {}

  /** @throws KernelError 'START_FAILED' after all that had started has been stopped. */
  async start(plugins: readonly ComposedPlugin[]): Promise<void> {
    const { times } = this.options;
    const node = times.begin(times.root, 'start');
    for (const plugin of plugins) {
      try {
        await times.measure(node, plugin.id, () => this.startPlugin(plugin));
      } catch (error) {
        times.end(node);
        await this.stopAfterFailure();
        throw error;
      }
    }
    times.end(node);
  }

  /** @throws KernelError 'STOP_FAILED' naming all that failed, after everything was tried. */
  async stop(): Promise<void> {
    const failures: { readonly id: string; readonly error: unknown }[] = [];
    for (let plugin = this.started.pop(); plugin !== undefined; plugin = this.started.pop()) {
      const { id } = plugin;
      try {
        await this.within(this.options.stopTimeoutMs, `plugin ${id} did not stop`, () =>
          stopAll(plugin!.instances),
        );
      } catch (error) {
        this.options.log.error('plugin failed to stop', { plugin: id, err: error });
        failures.push({ id, error });
      }
    }
    if (failures.length === 0) return;
    const text = failures
      .map(({ id, error }) => `plugin ${id} failed to stop: ${errorText(error)}`)
      .join('; ');
    throw new KernelError('STOP_FAILED', text, { plugin: failures[0]!.id, cause: failures[0]!.error });
  }

  private async startPlugin(plugin: ComposedPlugin): Promise<void> {
    const started: StartedPlugin = { id: plugin.id, instances: [] };
    this.started.push(started);
    const { startTimeoutMs } = this.options;
    let isLate = false;
    try {
      await this.within(startTimeoutMs, `still starting`, async () => {
        for (const instance of plugin.instances as readonly Living[]) {
          if (isLate) return;
          started.instances.push(instance);
          await instance.start?.();
        }
      });
    } catch (error) {
      isLate = true;
      const text = `plugin ${plugin.id} failed to start: ${errorText(error)}`;
      throw new KernelError('START_FAILED', text, { plugin: plugin.id, cause: error });
    }
  }

  private async stopAfterFailure(): Promise<void> {
    try {
      await this.stop();
    } catch {
      // Logged by stop(); the failure to start is what the operator must hear.
    }
  }

  private async within(limitMs: number, complaint: string, work: () => Promise<void>): Promise<void> {
    let timer: Disposable | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = this.options.clock.after(limitMs, () =>
        reject(new Error(`${complaint} after ${limitMs / 1000} s, the time limit`)),
      );
    });
    try {
      await Promise.race([work(), limit]);
    } finally {
      timer?.[Symbol.dispose]();
    }
  }
}

/** Last made, first stopped; all are tried. */
async function stopAll(instances: readonly Living[]): Promise<void> {
  const errors: unknown[] = [];
  for (const instance of instances.toReversed()) {
    try {
      if (instance[Symbol.asyncDispose] !== undefined) await instance[Symbol.asyncDispose]!();
      else if (instance[Symbol.dispose] !== undefined) instance[Symbol.dispose]!();
      else await instance.stop?.();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, errors.map(errorText).join('; '));
}
