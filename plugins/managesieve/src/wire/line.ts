/** Strings inside of one line (RFC 5804 §4). Text is latin1: one char, one octet. */

/**
 * The octets of the literal that the line ends with. Leniency: `{n}` without `+` is taken as `{n+}`. Clients from before RFC 5804
 * send it, and the octets behind it at once, since the protocol has no continuation for them to wait for.
 */
export function literalAtEnd(line: string): number | undefined {
  const found = /\{(\d{1,10})\+?\}$/.exec(line);
  return found === null ? undefined : Number(found[1]);
}

/**
 * RFC 5804 §4: anything but NUL, CR and LF, with `"` and `\` behind a backslash. Leniency: more than 1024 octets.
 * @param start where its first `"` is. `text` undefined: it is none, or does not end.
 */
export function readQuoted(
  line: string,
  start: number,
): { readonly text: string | undefined; readonly end: number } {
  const pattern = /"((?:[^"\\\0\r\n]|\\["\\])*)"(?=$| )/y;
  pattern.lastIndex = start;
  const found = pattern.exec(line);
  if (found === null) return { text: undefined, end: start };
  return { text: found[1]!.replace(/\\(["\\])/g, '$1'), end: pattern.lastIndex };
}

/** RFC 5804 §4: octets between the quotes. */
const MAX_QUOTED_BYTES = 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined: not well-formed. */
export function tryUtf8(octets: Uint8Array): string | undefined {
  try {
    return utf8.decode(octets);
  } catch {
    return undefined;
  }
}

/**
 * Octets as a string, latin1: quoted where the grammar allows it, else as a literal. What needs a backslash goes as a literal, as in
 * RFC 5804 §2.7: not every client knows backslashes.
 */
export function encodeString(octets: Uint8Array): string {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length).latin1Slice();
  const isPlain = text.length <= MAX_QUOTED_BYTES && !/["\\\0\r\n]/.test(text);
  if (isPlain && (/^[\x01-\x7f]*$/.test(text) || tryUtf8(octets) !== undefined)) return `"${text}"`;
  return encodeLiteral(text);
}

/** A literal always. Latin1. */
export function encodeLiteral(text: string): string {
  return `{${text.length}}\r\n${text}`;
}

/** Of a text for people, in UTF-8. */
export function encodeText(text: string): string {
  return encodeString(Buffer.from(text, 'utf8'));
}
