/** A user's second factor as it is stored, and how it is changed when several processes change it at once. */
import { MailError, type RecordSpace, type Records, type UserId } from '@angarium/sdk';

export interface Factor {
  /** Sealed; undefined while only `pending` is there. */
  readonly secret?: string;
  /** Sealed; shown, and no code of it seen yet. */
  readonly pending?: string;
  readonly sinceMs?: number;
  /** Of the last code that counted. */
  readonly lastStep: number;
  /** Keyed digests of those that are left. */
  readonly recovery: readonly string[];
  /** Wrong codes in a row. */
  readonly wrong: number;
  readonly blockedUntilMs: number;
}

const SPACE = 'second-factor';

/** Somebody else was faster so often only if something is wrong. */
const MAX_ATTEMPTS = 100;

/** By user, with the server's own records: they must not go when a user's mail does. */
export class FactorRecords {
  private readonly space: RecordSpace;

  constructor(records: Records) {
    this.space = records.space(SPACE);
  }

  async find(user: UserId): Promise<Factor | undefined> {
    const value = await this.space.get(undefined, user);
    return value === undefined ? undefined : read(value);
  }

  /**
   * Reads, lets `change` decide, and writes if nobody else has meanwhile; otherwise once more. `factor` null: remove it; undefined: leave it as it is.
   * Durable when it resolves.
   */
  async update<R>(
    user: UserId,
    change: (factor: Factor | undefined) => { readonly factor?: Factor | null; readonly result: R },
  ): Promise<R> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const before = await this.space.get(undefined, user);
      const { factor, result } = change(before === undefined ? undefined : read(before));
      if (factor === undefined || (factor === null && before === undefined)) return result;
      const value = factor === null ? undefined : Buffer.from(JSON.stringify(factor));
      const expect = before ?? 'absent';
      if (await this.space.write(undefined, [{ key: user, value, expect }])) return result;
    }
    throw new MailError('UNAVAILABLE', 'The second factor is being changed, try again later');
  }
}

function read(value: Uint8Array): Factor {
  return JSON.parse(Buffer.from(value).toString()) as Factor;
}
