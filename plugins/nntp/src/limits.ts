/** Bounds that are no matter of taste. What operators may choose is in config.schema.json. */

import { MAX_SASL_LINE_BYTES } from '@angarium/sdk';

/** RFC 3977 §3.1: of commands, with their line end. */
const MAX_COMMAND_BYTES = 512;

/** RFC 4643 §2.4.2: AUTHINFO SASL has room for the longest initial response; one bound for all commands. */
export const MAX_LINE_BYTES = MAX_COMMAND_BYTES + MAX_SASL_LINE_BYTES;

/** In a row; a client that is not talking NNTP is not listened to for long. */
export const MAX_BAD_COMMANDS = 20;

/** Refused logins of one connection; a guesser has to connect again, where the kernel counts. */
export const MAX_FAILED_LOGINS = 5;

/** RFC 5536 §3.1.3: a message identifier has at most 250 octets. */
export const MAX_MESSAGE_ID = 250;

/** A header is held in memory until its end is seen. */
export const MAX_HEADER_BYTES = 256 * 1024;

/** Room for the fields that are put in front, above `maxArticleBytes`. */
export const MAX_ADDED_BYTES = 64 * 1024;

/** Groups that one article may name; each costs a look at the mailbox list. */
export const MAX_CROSSPOSTS = 50;

/** Octets of a wildmat or of all patterns of a command: a match takes patterns × text steps. */
export const MAX_WILDMAT = 497;

/** Groups looked at in a row, before other clients have their turn. */
export const GROUPS_A_TURN = 1000;

/** Groups asked of the store at once while a list is written. */
export const GROUPS_A_SLICE = 250;

/** Articles of which overviews are read at once. */
export const ARTICLES_A_SLICE = 500;

/** Articles looked at in a row, before other clients have their turn. */
export const ARTICLES_A_TURN = 16;

/** Of a field, for the patterns of XPAT: a match takes patterns × text steps, and posters choose the text. */
export const MAX_MATCHED = 2048;

/** Message identifiers that one NEWNEWS remembers so as not to tell them twice. */
export const MAX_NEWNEWS = 100_000;

/** How long an article that is being filed keeps others out: no append takes longer. */
export const HOLD_MS = 10 * 60_000;

/** How long the list of groups is believed when no change feed says what has changed. */
export const GROUP_LIST_MS = 5 * 60_000;
