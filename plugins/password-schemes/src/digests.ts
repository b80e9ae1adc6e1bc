/** Schemes that cost nothing: one digest, with or without a salt behind it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { damaged } from './damaged.js';
import type { EncodedSecret } from './encoded.js';

interface DigestScheme {
  readonly hash: string;
  readonly bytes: number;
  readonly isSalted: boolean;
  readonly isHex?: boolean;
}

export const digestSchemes: Readonly<Record<string, DigestScheme>> = {
  'LDAP-MD5': { hash: 'md5', bytes: 16, isSalted: false },
  'PLAIN-MD5': { hash: 'md5', bytes: 16, isSalted: false, isHex: true },
  SMD5: { hash: 'md5', bytes: 16, isSalted: true },
  SHA: { hash: 'sha1', bytes: 20, isSalted: false },
  SHA256: { hash: 'sha256', bytes: 32, isSalted: false },
  SHA512: { hash: 'sha512', bytes: 64, isSalted: false },
  SSHA: { hash: 'sha1', bytes: 20, isSalted: true },
  SSHA256: { hash: 'sha256', bytes: 32, isSalted: true },
  SSHA512: { hash: 'sha512', bytes: 64, isSalted: true },
};

/** @throws MailError CANNOT for damaged data. */
export function digestMatches(
  scheme: DigestScheme,
  { data, encoding }: EncodedSecret,
  password: string,
): boolean {
  const stored = Buffer.from(data, scheme.isHex === true ? 'hex' : encoding);
  if (stored.length < scheme.bytes || (!scheme.isSalted && stored.length !== scheme.bytes)) throw damaged();
  const digest = createHash(scheme.hash).update(password).update(stored.subarray(scheme.bytes)).digest();
  return timingSafeEqual(digest, stored.subarray(0, scheme.bytes));
}

/** In constant time, whatever the lengths. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
