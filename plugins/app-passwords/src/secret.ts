/**
 * Made here and too long to be guessed (100 bits), so a keyed digest is as good as a slow hash, and a login costs
 * microseconds.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { UserId } from '@angarium/sdk';

const LETTERS = 20;
/** RFC 4648 §6 in small letters: nothing that looks like something else. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const form = new RegExp(`^[${alphabet}]{${LETTERS}}$`);

export function makeSecret(): string {
  return Array.from(randomBytes(LETTERS), (octet) => alphabet[octet & 31]).join('');
}

/** In groups, to be typed from a screen. */
export function shown(secret: string): string {
  return secret.replace(/.{5}(?=.)/g, '$&-');
}

/** Blanks and hyphens between the letters do not matter; undefined: it has not the form of one. */
export function asSecret(typed: string): string | undefined {
  if (typed.length > 4 * LETTERS) return undefined;
  const secret = typed.replace(/[\s-]/g, '').toLowerCase();
  return form.test(secret) ? secret : undefined;
}

export function digestOf(key: Buffer, user: UserId, secret: string): Buffer {
  return createHmac('sha256', key).update(`${user}\0${secret}`).digest();
}
