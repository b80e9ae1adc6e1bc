/**
 * Which addresses are blocked. Stored, so that a restart does not help an attacker; kept in memory, so that a login costs
 * no I/O; told to the other processes when it changes. A block that could not be stored holds in memory all the same.
 */
import type { Clock, Logger, MessageBus, RecordSpace, Records } from '@angarium/sdk';

const TOPIC = 'auth-limits/blocks';
const DAY_MS = 86_400_000;
const PAGE = 1000;
/** More addresses than this at once are an attack that a firewall has to deal with; the oldest blocks go. */
const MAX_BLOCKS = 100_000;

export interface Block {
  readonly address: string;
  readonly untilMs: number;
  /** How many blocks it has had within a day. */
  readonly count: number;
}

/** `block` undefined: cleared. */
interface News {
  readonly address: string;
  readonly block?: Block;
}

const SPACE = 'auth-limits/blocks';

export class Blocks {
  private readonly space: RecordSpace;
  private readonly byAddress = new Map<string, Block>();

  constructor(
    records: Records,
    private readonly bus: MessageBus,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {
    this.space = records.space(SPACE);
  }

  /** Reads what is stored, and follows what the others do. */
  async open(): Promise<Disposable> {
    const subscription = this.bus.subscribe(TOPIC, (payload) => {
      const { address, block } = payload as News;
      if (block === undefined) this.byAddress.delete(address);
      else this.put(block);
    });
    for (const block of await this.stored()) this.put(block);
    return subscription;
  }

  /** The block that holds now. */
  find(address: string): Block | undefined {
    const block = this.byAddress.get(address);
    return block !== undefined && block.untilMs > this.clock.now() ? block : undefined;
  }

  async add(address: string, blockForMs: number): Promise<Block> {
    const count = (this.byAddress.get(address)?.count ?? 0) + 1;
    const lengthMs = Math.min(DAY_MS, blockForMs * 2 ** Math.min(count - 1, 20));
    const block = { address, untilMs: this.clock.now() + lengthMs, count };
    this.put(block);
    this.tell({ address, block });
    // The count is remembered for a day after the block.
    const value = Buffer.from(JSON.stringify(block));
    try {
      await this.space.write(undefined, [{ key: address, value, expiresMs: block.untilMs + DAY_MS }]);
    } catch (err) {
      this.log.warn('a block could not be stored', { address, err });
    }
    return block;
  }

  async clear(address: string): Promise<void> {
    await this.space.write(undefined, [{ key: address, value: undefined }]);
    this.byAddress.delete(address);
    this.tell({ address });
  }

  /** From the store: all that hold now. */
  async list(): Promise<readonly Block[]> {
    const nowMs = this.clock.now();
    return (await this.stored()).filter(({ untilMs }) => untilMs > nowMs);
  }

  private async stored(): Promise<Block[]> {
    const found: Block[] = [];
    for (let after: string | undefined; ; ) {
      const query = after === undefined ? { limit: PAGE } : { limit: PAGE, after };
      const rows = await this.space.list(undefined, query);
      for (const { value } of rows) found.push(JSON.parse(Buffer.from(value).toString()) as Block);
      after = rows.at(-1)?.key;
      if (rows.length < PAGE || found.length >= MAX_BLOCKS) return found;
    }
  }

  private put(block: Block): void {
    this.byAddress.delete(block.address);
    this.byAddress.set(block.address, block);
    if (this.byAddress.size <= MAX_BLOCKS) return;
    const [oldest] = this.byAddress.keys();
    this.byAddress.delete(oldest!);
  }

  private tell(news: News): void {
    this.bus.publish(TOPIC, news);
  }
}
