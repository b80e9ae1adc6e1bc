import type { RecordSpace, Records } from '../contracts/records.js';
import type { BelongingsOwner, UserBelongings } from '../contracts/user-belongings.js';
import { MailError } from '../errors.js';
import type { UserId } from '../model/identity.js';

/** Somebody else was faster so often only if something is wrong. */
const MAX_ATTEMPTS = 100;

/** What every record says: whose it is (`Account.incarnation` when it was made). */
export interface UserRecord {
  readonly incarnation?: string;
}

/**
 * One record of JSON a user, with the server's own records: they must not go when a user's mail does. Several processes may
 * change one at once.
 */
export class UserRecords<T extends UserRecord> implements UserBelongings {
  private readonly space: RecordSpace;

  /** @param space as for `Records.space`. @param name as of UserBelongings. */
  constructor(
    records: Records,
    space: string,
    readonly name: string,
  ) {
    this.space = records.space(space);
  }

  async find(user: UserId): Promise<T | undefined> {
    const value = await this.space.get(undefined, user);
    return value === undefined ? undefined : this.read(value);
  }

  /**
   * Reads, lets `change` decide, and writes if nobody else has meanwhile; otherwise once more. `record` null: remove it; undefined:
   * leave it as it is. Durable when it resolves. @throws what `change` throws; MailError UNAVAILABLE
   */
  async update<R>(
    user: UserId,
    change: (record: T | undefined) => { readonly record?: T | null; readonly result: R },
  ): Promise<R> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const before = await this.space.get(undefined, user);
      const { record, result } = change(before === undefined ? undefined : this.read(before));
      if (record === undefined || (record === null && before === undefined)) return result;
      const value = record === null ? undefined : Buffer.from(JSON.stringify(record));
      if (await this.space.write(undefined, [{ key: user, value, expect: before ?? 'absent' }]))
        return result;
    }
    throw new MailError('UNAVAILABLE', 'Somebody else is changing this, try again later');
  }

  async owners(query: {
    readonly after?: UserId;
    readonly limit: number;
  }): Promise<readonly BelongingsOwner[]> {
    const rows = await this.space.list(undefined, query);
    return rows.map(({ key, value }) => ({
      user: key as UserId,
      incarnation: this.read(value).incarnation,
    }));
  }

  async remove(user: UserId): Promise<void> {
    await this.space.write(undefined, [{ key: user, value: undefined }]);
  }

  private read(value: Uint8Array): T {
    return JSON.parse(Buffer.from(value).toString()) as T;
  }
}
