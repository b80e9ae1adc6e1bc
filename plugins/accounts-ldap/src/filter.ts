import { splitUserId, type UserId } from '@angarium/sdk';

/** RFC 4515 §3: what must not stand in a value as it is. Octets above ASCII may. */
export function escapeFilterValue(value: string): string {
  return value.replace(/[\0()*\\]/g, (char) => `\\${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** The filter with `%u`, `%n`, `%d` and `%D` (the entry's name) filled in, escaped; `%%` is a percent sign. */
export function fillFilter(template: string, user: UserId, entryName = ''): string {
  const { local, domain = '' } = splitUserId(user);
  const values: Readonly<Record<string, string>> = { u: user, n: local, d: domain, D: entryName };
  return template.replace(/%([undD%])/g, (_, key: string) =>
    key === '%' ? '%' : escapeFilterValue(values[key] ?? ''),
  );
}

/** The filter that everybody matches: a star in place of who it is. */
export function filterOfAll(template: string): string {
  return template.replace(/%([undD%])/g, (_, key: string) => (key === '%' ? '%' : '*'));
}
