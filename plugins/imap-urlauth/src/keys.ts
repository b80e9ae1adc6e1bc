/**
 * Mailbox access keys (RFC 4467 §2.2) and the tokens made with them. A user's table is in his records, one key for each mailbox.
 * Workers: of two that make a key at once the first wins, and both use it.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { MailboxId, RecordSpace, UserId } from '@angarium/sdk';

const KEY_BYTES = 32;
/** Which algorithm made the token (RFC 4467 §2.4.1 wants it told): HMAC-SHA-256. */
const ALGORITHM = '01';

export class AccessKeys {
  constructor(private readonly records: RecordSpace) {}

  find(owner: UserId, mailbox: MailboxId): Promise<Uint8Array | undefined> {
    return this.records.get(owner, mailbox);
  }

  /** The mailbox's key, made when there is none. */
  async obtain(owner: UserId, mailbox: MailboxId): Promise<Uint8Array> {
    const there = await this.find(owner, mailbox);
    if (there !== undefined) return there;
    const value = randomBytes(KEY_BYTES);
    if (await this.records.write(owner, [{ key: mailbox, value, expect: 'absent' }])) return value;
    return await this.obtain(owner, mailbox);
  }

  /** A new key: what was authorised with the old one is void. */
  async replace(owner: UserId, mailbox: MailboxId): Promise<void> {
    await this.records.write(owner, [{ key: mailbox, value: randomBytes(KEY_BYTES) }]);
  }

  /** No key any more. */
  async removeAll(owner: UserId): Promise<void> {
    for (;;) {
      const rows = await this.records.list(owner);
      if (rows.length === 0) return;
      await this.records.write(
        owner,
        rows.map(({ key }) => ({ key, value: undefined })),
      );
    }
  }
}

/** Lower case hexadecimal digits. */
export function tokenOf(rump: string, key: Uint8Array): string {
  return ALGORITHM + createHmac('sha256', key).update(rump, 'latin1').digest('hex');
}

/** In the same time for every token, also when there is no key (RFC 4467 §6). */
export function isTokenOf(token: string, rump: string, key: Uint8Array | undefined): boolean {
  const expected = Buffer.from(tokenOf(rump, key ?? randomBytes(KEY_BYTES)), 'latin1');
  const given = Buffer.alloc(expected.length);
  given.write(token, 'latin1');
  const isEqual = timingSafeEqual(given, expected);
  return isEqual && token.length === expected.length && key !== undefined;
}
