/** Names and values on the wire. */

/** An atom where that is legal. */
export function nameText(name: string): string {
  return /^[\w/.:+-]+$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`;
}

/** nstring, or literal8 for what has NUL in it (RFC 4466 §3). */
export function valueText(value: Uint8Array | undefined): string {
  if (value === undefined) return 'NIL';
  const octets = Buffer.from(value.buffer, value.byteOffset, value.byteLength).latin1Slice();
  if (octets.includes('\0')) return `~{${octets.length}}\r\n${octets}`;
  if (octets.length > 1024 || /[\r\n\x80-\xff]/.test(octets)) return `{${octets.length}}\r\n${octets}`;
  return `"${octets.replace(/["\\]/g, '\\$&')}"`;
}
