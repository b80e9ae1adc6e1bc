/** Every bound on what a client may make this server hold or do, with its reason. */
import { MAX_SASL_LINE_BYTES } from '@angarium/sdk';

/** Of what stands around the longest string. */
const MAX_COMMAND_BYTES = 1024;

/**
 * One line without its literals. RFC 5804 §4 has at most 1024 octets in a quoted string; clients quote tokens and Kerberos
 * tickets all the same.
 */
export const MAX_LINE_BYTES = MAX_COMMAND_BYTES + MAX_SASL_LINE_BYTES;

/** RFC 5804 §1.6: at least 128 characters, of up to four octets. What is longer is refused, never cut. */
export const MAX_NAME_BYTES = 1024;

/** Text that NOOP gives back (RFC 5804 §2.13). */
export const MAX_TAG_BYTES = 1024;

/**
 * What is refused has to be read to find the next command. Up to here it is thrown away as it comes; more of it ends the
 * session, since reading it costs the network more than a new connection. Before login nobody has anything big to send.
 */
export const MAX_SKIPPED_BYTES = 16 * 1024 * 1024;
export const MAX_SKIPPED_BYTES_BEFORE_LOGIN = 2 * MAX_SASL_LINE_BYTES;

/** Wrong commands in a row. Before login few: it may be a browser that was made to talk to this port. */
export const MAX_BAD_COMMANDS = 50;
export const MAX_BAD_COMMANDS_BEFORE_LOGIN = 5;

/** Commands before login: capabilities, TLS, a few mechanisms tried; whoever only waits shall go. */
export const MAX_COMMANDS_BEFORE_LOGIN = 60;

/** Failed logins of one connection; a guesser has to connect again, where the kernel counts. */
export const MAX_FAILED_LOGINS = 5;

/** Commands in a row without a wait, before other clients have their turn. */
export const MAX_RUN = 64;

/** Problems of a script that are told at once; the next try shows more. */
export const MAX_PROBLEMS_TOLD = 20;
