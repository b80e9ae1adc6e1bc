/** One-time passwords: HOTP (RFC 4226 §5.3) with the time as counter (RFC 6238 §4.2); SHA-1 and six digits, as authenticators have it. */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const DIGITS = 6;
export const STEP_MS = 30_000;

/** @param counter below 2^53 */
export function hotp(secret: Uint8Array, counter: number, digits = DIGITS): string {
  const text = Buffer.alloc(8);
  text.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac('sha1', secret).update(text).digest();
  const offset = mac.readUInt8(mac.length - 1) & 15;
  const truncated = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(truncated % 10 ** digits).padStart(digits, '0');
}

export function stepAt(nowMs: number): number {
  return Math.floor(nowMs / STEP_MS);
}

/**
 * The step whose code it is: of those up to `drift` away from now, and later than `lastStep`, since no code counts twice
 * (RFC 6238 §5.2). All of them are compared, in constant time.
 */
export function matchingStep(
  secret: Uint8Array,
  code: string,
  when: { readonly nowMs: number; readonly drift: number; readonly lastStep: number },
): number | undefined {
  const typed = Buffer.from(code);
  if (typed.length !== DIGITS) return undefined;
  const now = stepAt(when.nowMs);
  let found: number | undefined;
  for (let step = Math.max(0, now - when.drift); step <= now + when.drift; step++) {
    const isSame = timingSafeEqual(Buffer.from(hotp(secret, step)), typed);
    if (isSame && step > when.lastStep) found ??= step;
  }
  return found;
}
