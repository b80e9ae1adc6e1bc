/** Bounds that are no matter of taste. What operators may choose is in config.schema.json. */

/**
 * RFC 2449 §4 says 255 octets; AUTH with an initial response may be longer (RFC 5034 §4), and a client that does not keep to the
 * limit is better served than refused.
 */
export const MAX_LINE_BYTES = 12288;

/** In a row; a client that is not talking POP3 is not listened to for long. */
export const MAX_BAD_COMMANDS = 20;

/** RFC 2449 §4: a reply line has at most 512 octets. */
export const MAX_REPLY_TEXT = 480;

/**
 * Messages that one call of the store is asked for when a client takes one after the other, and their octets: twice as many with each
 * call that it has used up. What the client does not take is held, as far as the store has read ahead.
 */
export const READ_AHEAD_MESSAGES = 256;
export const FIRST_READ_AHEAD_BYTES = 256 * 1024;
export const READ_AHEAD_BYTES = 4 * 1024 * 1024;

/** How much of a message TOP reads at first: header and a few lines are mostly in it. */
export const TOP_BYTES = 32 * 1024;

/** A header that must be rewritten is held in memory. */
export const MAX_HEADER_BYTES = 256 * 1024;

/** A lock that nobody renews, of a server that cannot be asked, is void after this. */
export const LOCK_LEASE_MS = 5 * 60_000;

/** Failed logins that end a session; how often somebody may come again is for `auth-limits`. */
export const MAX_FAILED_LOGINS = 5;
