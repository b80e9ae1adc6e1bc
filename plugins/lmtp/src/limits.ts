/** Bounds that are no matter of taste. What operators may choose is in config.schema.json. */

/** RFC 4954 §4 wants 12288 octets for an AUTH line with its initial response; all other commands are shorter. */
export const MAX_LINE_BYTES = 12288;

/** Refused logins of one connection; a guesser has to connect again, where the kernel counts. */
export const MAX_FAILED_LOGINS = 5;

/** In a row; a client that is not talking LMTP is not listened to for long. */
export const MAX_BAD_COMMANDS = 20;

/** A header is held in memory until its end is seen. */
export const MAX_HEADER_BYTES = 1024 * 1024;

/** Room for the fields that are put in front, above `maxMessageBytes`. */
export const MAX_ADDED_BYTES = 16 * 1024;

/** RFC 5321 §4.5.3.1.5: a reply line has at most 512 octets. */
export const MAX_REPLY_TEXT = 480;
