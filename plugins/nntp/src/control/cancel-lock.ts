/**
 * Cancel-Lock and Cancel-Key (RFC 8315): whoever knows a key whose hash is in the lock of an article may withdraw it.
 * The scheme is sha256; sha1, which RFC 8315 §6 calls obsolete, opens nothing.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

/** More elements than this are nobody's. */
const MAX_ELEMENTS = 20;

/** `scheme:string` elements of a field (RFC 8315 §2), without comments. */
function elements(field: string): { scheme: string; value: string }[] {
  const words = field
    .slice(0, 8192)
    .replace(/\([^()]*\)/g, ' ')
    .split(/[\s,]+/);
  const found: { scheme: string; value: string }[] = [];
  for (const word of words) {
    const colon = word.indexOf(':');
    if (colon <= 0 || found.length >= MAX_ELEMENTS) continue;
    found.push({ scheme: word.slice(0, colon).toLowerCase(), value: word.slice(colon + 1) });
  }
  return found;
}

/** RFC 8315 §3.5. */
export function opens(cancelKey: string, cancelLock: string): boolean {
  const locks = elements(cancelLock).filter(({ scheme }) => scheme === 'sha256');
  for (const { scheme, value } of elements(cancelKey)) {
    if (scheme !== 'sha256') continue;
    const hash = createHash('sha256').update(value, 'latin1').digest();
    for (const lock of locks) {
      const expected = Buffer.from(lock.value, 'base64');
      if (expected.length === hash.length && timingSafeEqual(expected, hash)) return true;
    }
  }
  return false;
}
