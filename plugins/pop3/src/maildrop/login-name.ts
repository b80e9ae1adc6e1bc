/** `user+folder` at login (Cyrus: popsubfolders). */

/** What a login name says. */
export interface LoginName {
  readonly user: string;
  /** As the client's namespace writes it, below the INBOX. */
  readonly folder: string | undefined;
}

/** `fred+Work`, `fred+Work@example.org` and `fred@example.org+Work` are fred's folder Work. */
export function parseLoginName(name: string): LoginName {
  const [, local, folder, domain] = /^([^+@]+)\+([^@]+)(@[^+]*)?$/s.exec(name) ?? [];
  if (local !== undefined) return { user: local + (domain ?? ''), folder };
  const [, user, below] = /^([^+@]+@[^+@]+)\+(.+)$/s.exec(name) ?? [];
  return user === undefined ? { user: name, folder: undefined } : { user, folder: below };
}
