/** Which users a certificate names. */
import type { X509Certificate } from 'node:crypto';

/** As config.schema.json has it, defaults filled in. */
export interface ExternalConfig {
  readonly user: readonly ('email' | 'cn' | 'map')[];
  readonly map: readonly { readonly subject: string; readonly issuer?: string; readonly user: string }[];
}

/** What the first rule that finds something finds; empty: nobody. */
export function claimedNames(certificate: X509Certificate, config: ExternalConfig): readonly string[] {
  for (const rule of config.user) {
    const names = rules[rule](certificate, config);
    if (names.length > 0) return names;
  }
  return [];
}

const rules = {
  email: (certificate: X509Certificate) => emailsOf(certificate.subjectAltName ?? ''),
  cn: commonNames,
  map: mapped,
};

function mapped(certificate: X509Certificate, { map }: ExternalConfig): readonly string[] {
  const subject = distinguishedName(certificate.subject);
  const issuer = distinguishedName(certificate.issuer);
  const entry = map.find((line) => line.subject === subject && (line.issuer ?? issuer) === issuer);
  return entry === undefined ? [] : [entry.user];
}

/** More than one common name could be meant either way: nobody is. */
function commonNames(certificate: X509Certificate): readonly string[] {
  const found: unknown = certificate.toLegacyObject().subject?.CN;
  return typeof found === 'string' && found !== '' ? [found] : [];
}

/**
 * The rfc822Name entries of `email:a@b, DNS:c`. Node writes an entry that could be read as several as a JSON string; such
 * an address is no user id, and is left out.
 */
export function emailsOf(subjectAltName: string): readonly string[] {
  const entries = subjectAltName.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return entries.flatMap((entry) => {
    const [, address] = /^\s*email:([^"\s]+)\s*$/.exec(entry) ?? [];
    return address === undefined ? [] : [address];
  });
}

/** Node's lines, most general first, as RFC 4514 §2.1 writes the name: most special first, joined by commas. */
export function distinguishedName(lines: string | undefined): string {
  return (lines ?? '').split('\n').reverse().join(',').replaceAll(' + ', '+');
}
