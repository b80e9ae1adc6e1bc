/** Message flags: system flags as bits, keywords by name at the borders and by bit inside a mailbox. */

/** Bits of the system flags (RFC 3501 §2.3.2). \Recent is not stored: a session has it (`MailboxState.recentFrom`). */
export const Flag = {
  seen: 1,
  answered: 2,
  flagged: 4,
  deleted: 8,
  draft: 16,
} as const;

/** Every bit of `Flag`. */
export const ALL_SYSTEM_FLAGS = 31;

/**
 * How many keywords a mailbox can have at once, as in Cyrus. A name that no message has any more, of those that are
 * expunged and kept neither, gives its place up when a new one needs it.
 */
export const MAX_KEYWORDS = 128;

/** `\Seen` …, in the order in which they are listed to clients. */
export const systemFlagNames: readonly (readonly [bit: number, name: string])[] = [
  [Flag.answered, '\\Answered'],
  [Flag.flagged, '\\Flagged'],
  [Flag.draft, '\\Draft'],
  [Flag.deleted, '\\Deleted'],
  [Flag.seen, '\\Seen'],
];

const systemFlagBits = new Map(systemFlagNames.map(([bit, name]) => [name.toLowerCase(), bit]));

/** Case-insensitive; undefined for anything that is no storable system flag. */
export function systemFlagBit(name: string): number | undefined {
  return systemFlagBits.get(name.toLowerCase());
}

/** A set of flags by name, as it comes from a client or Sieve. */
export interface FlagSet {
  /** `Flag` bits. */
  readonly system: number;
  /** Keywords; compared without case, kept as first written. */
  readonly keywords: readonly string[];
}

/** The empty set. */
export const noFlags: FlagSet = { system: 0, keywords: [] };

/** STORE +FLAGS, -FLAGS, FLAGS. */
export interface FlagChange extends FlagSet {
  readonly mode: 'add' | 'remove' | 'replace';
  /**
   * 'replace' only: what the user may touch (RFC 4314 §4); the rest keeps its value. Absent: everything.
   */
  readonly touchable?: { readonly system: number; readonly keywords: boolean };
}
