/** Attributes of an entry as text. */
import type { Entry } from 'ldapts';
import type { LdapConfig } from './config.js';

/** Attribute names are without case (RFC 4512 §2.5). */
export function valuesOf(entry: Entry, attribute: string): readonly string[] {
  const wanted = attribute.toLowerCase();
  const key = Object.keys(entry).find((name) => name !== 'dn' && name.toLowerCase() === wanted);
  const value = key === undefined ? [] : entry[key];
  return [value].flat().map((one) => (Buffer.isBuffer(one) ? one.toString('utf8') : String(one)));
}

/** Undefined: it has none, or an empty one. */
export function firstOf(entry: Entry, attribute: string): string | undefined {
  return valuesOf(entry, attribute).find((value) => value !== '');
}

/** `cn=staff,ou=groups,…` is staff (RFC 4514); anything else is itself. */
export function groupNameOf(value: string): string {
  const rdn = /^[A-Za-z][A-Za-z0-9-]*=((?:[^,+\\]|\\.)*)/.exec(value)?.[1];
  if (rdn === undefined) return value;
  const octets = rdn.replace(/(?:\\[0-9a-fA-F]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('\\', ''), 'hex').toString('utf8'),
  );
  return octets.replace(/\\(.)/g, '$1').trim();
}

export function isDisabled(entry: Entry, rule: LdapConfig['disabled']): boolean {
  if (rule === undefined) return false;
  const values = valuesOf(entry, rule.attribute).map((value) => value.toLowerCase());
  const { bit } = rule;
  if (bit !== undefined && values.some((value) => (Number(value) & bit) !== 0)) return true;
  return (rule.values ?? []).some((value) => values.includes(value.toLowerCase()));
}
