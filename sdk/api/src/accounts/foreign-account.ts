/** An account as a file of another system says it. */
export interface ForeignAccount {
  /** In its file, from 1. */
  readonly line: number;
  /** As written; not yet normalised. */
  readonly name: string;
  /** `{SCHEME}…` or as crypt(3) writes it; undefined: it has no password. */
  readonly encoded: string | undefined;
  readonly displayName: string | undefined;
  readonly groups: readonly string[];
  /** Logins are refused there. */
  readonly isDisabled: boolean;
}

/** A line that could not be read, or an account that could not be taken over as it is. */
export interface ImportProblem {
  readonly line: number;
  readonly name: string;
  readonly reason: string;
}

/** What a file says. */
export interface ReadAccounts {
  readonly accounts: readonly ForeignAccount[];
  readonly problems: readonly ImportProblem[];
}

/**
 * The password field of passwd(5) and shadow(5): a hash behind `!` is locked, `*` and the like are no password, an empty one
 * would let anybody in and counts as none.
 */
export function readShadowField(field: string): {
  readonly encoded: string | undefined;
  readonly isDisabled: boolean;
} {
  const isLocked = field.startsWith('!');
  const encoded = field.replace(/^!+/, '');
  const isNone = encoded === '' || /^[*x]/.test(encoded) || encoded === 'LOCKED';
  return { encoded: isNone ? undefined : encoded, isDisabled: isLocked };
}

/** The first of the comma-separated facts of passwd(5): the full name. */
export function nameOfGecos(gecos: string | undefined): string | undefined {
  const name = gecos?.split(',', 1)[0]?.trim();
  return name === undefined || name === '' ? undefined : name;
}
