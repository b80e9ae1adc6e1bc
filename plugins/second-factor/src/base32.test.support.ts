/** What an authenticator does with the secret it is shown (RFC 4648 §6). */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Case does not matter. undefined: no base32, or bits over that are not zero. */
export function decodeBase32(text: string): Buffer | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const letter of text.toUpperCase()) {
    const five = alphabet.indexOf(letter);
    if (five < 0) return undefined;
    value = ((value << 5) | five) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >>> bits) & 255);
  }
  const isWhole = bits < 5 && (value & ((1 << bits) - 1)) === 0;
  return isWhole ? Buffer.from(bytes) : undefined;
}
