import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { UserId } from '@angarium/sdk';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * What must not be readable in a copy of the database: secrets under AES-256-GCM with a key that lies outside, tied to their user;
 * recovery codes as keyed digests.
 */
export class Sealed {
  /** @param key 32 octets. */
  constructor(private readonly key: Buffer) {}

  /** Base64 of nonce, tag and text. */
  seal(user: UserId, secret: Uint8Array): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(Buffer.from(user));
    const text = Buffer.concat([cipher.update(secret), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64');
  }

  /** @throws Error: it is another user's, of another key, or damaged. */
  open(user: UserId, sealed: string): Buffer {
    const bytes = Buffer.from(sealed, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(user))
      .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  }

  digest(user: UserId, code: string): string {
    return createHmac('sha256', this.key).update(`recovery\0${user}\0${code}`).digest('base64');
  }
}
