/** The store's writing half, wherever it runs: in the store thread, or (in tests) in the thread of its caller. */
import { errorToValue } from '../errors.js';
import type { Db } from '../sql/open.js';
import { type ContextOptions, WriteContext } from './context.js';
import { maintenanceOperations } from './maintenance-ops.js';
import { listOperations, messageOperations, type OperationTable } from './operations.js';
import type { In, OperationName, Out } from './protocol.js';
import { repairOperations } from './repair-ops.js';

export class Writer {
  private readonly context: WriteContext;
  private readonly table: OperationTable;
  private readonly running = new Set<Promise<unknown>>();

  constructor(options: ContextOptions) {
    this.context = new WriteContext(options, () => this.running.size <= 1);
    this.table = {
      ...messageOperations(this.context),
      ...listOperations(this.context),
      ...maintenanceOperations(this.context),
      ...repairOperations(this.context),
    };
  }

  async execute<N extends OperationName>(name: N, input: In<N>): Promise<Out<N>> {
    const operation = this.table[name] as (input: In<N>) => Promise<Out<N>>;
    const running = operation(input);
    this.running.add(running);
    try {
      return await running;
    } catch (error) {
      const { code, reason } = errorToValue(error);
      if (code === 'CORRUPTION' || code === 'SERVERBUG')
        this.context.log('error', `${name} failed: ${reason ?? ''}`, error);
      throw error;
    } finally {
      this.running.delete(running);
    }
  }

  /** For tests that make a shard fail. */
  shardDatabase(number: number): Db {
    return this.context.shard(number).queue.db;
  }

  /** Waits for what runs, then closes files. */
  async close(): Promise<void> {
    await Promise.allSettled(this.running);
    await this.context.close();
  }
}
