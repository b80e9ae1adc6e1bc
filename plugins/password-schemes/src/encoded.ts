/** How an encoded secret says what it is: `{SCHEME}data` (RFC 2307 §5.3, Dovecot), or by its prefix as crypt(3) has it. */

export interface EncodedSecret {
  /** Upper case, aliases resolved. */
  readonly scheme: string;
  readonly data: string;
  /** How binary data is written. */
  readonly encoding: 'base64' | 'hex';
}

const aliases: Readonly<Record<string, string>> = {
  CLEAR: 'PLAIN',
  CLEARTEXT: 'PLAIN',
  SHA1: 'SHA',
  MD5: 'MD5-CRYPT',
};

/** Of crypt(3); the longest first. */
const prefixes: readonly (readonly [RegExp, string])[] = [
  [/^\$1\$/, 'MD5-CRYPT'],
  [/^\$5\$/, 'SHA256-CRYPT'],
  [/^\$6\$/, 'SHA512-CRYPT'],
  [/^\$2[abxy]\$/, 'BLF-CRYPT'],
  [/^\$argon2id\$/, 'ARGON2ID'],
  [/^\$argon2i\$/, 'ARGON2I'],
  [/^\$argon2d\$/, 'ARGON2D'],
  [/^\$y\$/, 'YESCRYPT'],
  [/^\$gy\$/, 'GOST-YESCRYPT'],
  [/^\$7\$/, 'SCRYPT-CRYPT'],
  [/^SCRAM-SHA-1\$/, 'SCRAM-SHA-1'],
  [/^SCRAM-SHA-256\$/, 'SCRAM-SHA-256'],
  [/^SCRAM-SHA-512\$/, 'SCRAM-SHA-512'],
  [/^[./A-Za-z0-9]{13}$/, 'DES-CRYPT'],
];

/** Undefined for what says neither. */
export function readEncoded(encoded: string): EncodedSecret | undefined {
  const [, name, suffix, data = ''] = /^\{([a-z0-9-]+)(?:\.(b64|base64|hex))?\}(.*)$/is.exec(encoded) ?? [];
  if (name === undefined) return byPrefix(encoded);
  const upper = name.toUpperCase();
  const scheme = aliases[upper] ?? upper;
  const encoding = suffix?.toLowerCase() === 'hex' ? 'hex' : 'base64';
  // LDAP's {MD5} is a digest, Dovecot's is crypt(3).
  if (upper === 'MD5' && !data.startsWith('$')) return { scheme: 'LDAP-MD5', data, encoding };
  const isCrypt = scheme === 'CRYPT' || scheme === 'ARGON2';
  return isCrypt ? byPrefix(data) : { scheme, data, encoding };
}

function byPrefix(data: string): EncodedSecret | undefined {
  const scheme = prefixes.find(([prefix]) => prefix.test(data))?.[1];
  return scheme === undefined ? undefined : { scheme, data, encoding: 'base64' };
}
