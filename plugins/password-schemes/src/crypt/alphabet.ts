/** The base64 of crypt(3): other letters, and the least significant bits first. */
export const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `count` letters of `value`, six bits each, lowest first. */
export function letters(value: number, count: number): string {
  let text = '';
  for (let rest = value, n = 0; n < count; n++, rest >>>= 6) text += alphabet[rest & 63];
  return text;
}

/** Octets in the order that a scheme says, three to four letters; -1 stands for none. */
export function permuted(bytes: Uint8Array, order: readonly (readonly [number, number, number])[]): string {
  return order
    .map(([a, b, c]) => {
      const at = (index: number) => (index < 0 ? 0 : (bytes[index] ?? 0));
      const count = a >= 0 ? 4 : b >= 0 ? 3 : 2;
      return letters((at(a) << 16) | (at(b) << 8) | at(c), count);
    })
    .join('');
}
