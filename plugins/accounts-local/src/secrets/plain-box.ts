import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { UserId } from '@angarium/sdk';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Passwords that the operator allows to keep: AES-256-GCM under a key that lies outside the database, tied to the user, so
 * that neither a copy of the database nor a swapped record is of use.
 */
export class PlainBox {
  /** @param key 32 octets. */
  constructor(private readonly key: Buffer) {}

  /** Base64 of nonce, tag and text. */
  seal(user: UserId, password: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(Buffer.from(user));
    const text = Buffer.concat([cipher.update(password, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64');
  }

  /** Undefined: sealed for somebody else, with another key, or damaged. */
  open(user: UserId, sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const text = bytes.subarray(NONCE_BYTES + TAG_BYTES);
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(user))
        .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }
}
