/** Every bound on what a client may make this server hold or do, with its reason. */

/** One line without its literals. RFC 2683 §3.2.1.5 wants 8000; clients that send long UID sets need more. */
export const MAX_LINE_BYTES = 64 * 1024;

/** Literals of one command that are held in memory, before login: a name and a password. Later it is `maxLiteralBytes`. */
export const MAX_LITERAL_BYTES_BEFORE_LOGIN = 8 * 1024;

/**
 * Counted for each literal beside its octets, so that a command of very many very small literals is bounded as well.
 */
export const LITERAL_OVERHEAD_BYTES = 32;

/** RFC 7888 §5: the largest non-synchronizing literal where LITERAL- is offered. */
export const MAX_LITERAL_MINUS_BYTES = 4096;

/**
 * A refused non-synchronizing literal has to be read to find the next command. Up to here it is thrown away as it comes; a
 * bigger one ends the session (RFC 7888 §4, second choice): reading it costs the network more than a new connection.
 */
export const MAX_SKIPPED_BYTES = 64 * 1024 * 1024;
export const MAX_SKIPPED_BYTES_BEFORE_LOGIN = 64 * 1024;

/** Parentheses in parentheses. Nobody sends ten; a parse uses some stack for each. */
export const MAX_COMMAND_DEPTH = 200;

/**
 * A literal is asked for only when the line before it is right, which needs a parse for each. After this many the rest is
 * loaded at once, so that a command of many literals does not cost their square.
 */
export const MAX_PARSES_PER_COMMAND = 16;

/**
 * Wrong commands in a row. Before login few: it is no IMAP client that talks, perhaps a browser made to (a request line, then
 * headers, then a body that an attacker wrote). After login it is a client gone astray.
 */
export const MAX_BAD_COMMANDS_BEFORE_LOGIN = 3;
export const MAX_BAD_COMMANDS = 50;

/** Commands before login: a client asks for capabilities, TLS, an ID, and logs in; whoever only waits shall go. */
export const MAX_COMMANDS_BEFORE_LOGIN = 60;

/** Failed logins of one connection; a guesser has to connect again, where the kernel counts. */
export const MAX_FAILED_LOGINS = 5;

/** RFC 3501 §5.4: never below. */
export const MIN_IDLE_TIMEOUT_MS = 30 * 60_000;

/** RFC 2971 §3.3. */
export const MAX_ID_PAIRS = 30;
export const MAX_ID_FIELD_BYTES = 30;
export const MAX_ID_VALUE_BYTES = 1024;

/** Of one APPEND (RFC 3502): they wait for each other before any is stored. */
export const MAX_APPENDED_MESSAGES = 1000;
/** All messages of one APPEND together, in largest messages. */
export const MAX_APPENDED_RATIO = 4;

/** Of a LIST pattern: matching costs pattern times name. */
export const MAX_PATTERN_LENGTH = 1024;
