/** Codes for the day the device is lost: fifty bits each, so that a keyed digest and the limit on wrong codes are enough. */
import { randomBytes } from 'node:crypto';

const CODES = 10;
const LETTERS = 10;
/** RFC 4648 §6 in small letters: nothing that looks like something else. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const form = new RegExp(`^[${alphabet}]{${LETTERS}}$`);

/** As they are stored; `shown` makes them readable. */
export function makeRecoveryCodes(): string[] {
  return Array.from({ length: CODES }, () =>
    Array.from(randomBytes(LETTERS), (octet) => alphabet[octet & 31]).join(''),
  );
}

export function shown(code: string): string {
  return `${code.slice(0, 5)}-${code.slice(5)}`;
}

/** As it is stored; undefined for what has not their form. Blanks, hyphens and case do not matter. */
export function asRecoveryCode(typed: string): string | undefined {
  const code = typed.replace(/[\s-]/g, '').toLowerCase();
  return form.test(code) ? code : undefined;
}
