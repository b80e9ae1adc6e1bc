/** The lists of `name=value` that DIGEST-MD5 messages are (RFC 2831 §7.1). */

const directive =
  /[ \t\r\n,]*([a-z0-9-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",=()<>@;:\\/[\]?{}]+))[ \t\r\n]*(?:,|$)/iy;

/** More than any client sends. */
const MAX_DIRECTIVES = 32;

/** Names in lower case; quoting undone. Undefined for what breaks the grammar, and when a name comes twice. */
export function parseDirectives(text: string): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>();
  directive.lastIndex = 0;
  while (directive.lastIndex < text.length) {
    const match = directive.exec(text);
    if (match === null) return undefined;
    const [, name = '', quoted, token = ''] = match;
    const key = name.toLowerCase();
    if (found.has(key) || found.size === MAX_DIRECTIVES) return undefined;
    found.set(key, quoted === undefined ? token : quoted.replace(/\\(.)/gs, '$1'));
  }
  return found;
}

/** As a quoted string. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
