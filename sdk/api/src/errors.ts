/** One error type for what can go wrong with mail; each protocol maps the codes to its own replies in one table. */

/**
 * Codes are the words of RFC 5530 and of the extensions' response codes (RFC 4469, 3516, 6154, 7889, 9051).
 * Each says whether trying the same again later may succeed.
 */
const temporaryByCode = {
  /** Something that is needed does not work now: a disk, a server behind, a plugin (RFC 5530 §3). */
  UNAVAILABLE: true,
  /** Wrong name or password; never says which of the two (RFC 5530 §3). */
  AUTHENTICATIONFAILED: false,
  /** The password is right, but not for acting as that user (RFC 5530 §3). */
  AUTHORIZATIONFAILED: false,
  /** The password or account was right once (RFC 5530 §3). */
  EXPIRED: false,
  /** Possible over TLS only (RFC 5530 §3). */
  PRIVACYREQUIRED: false,
  /** Only an administrator can help (RFC 5530 §3). */
  CONTACTADMIN: false,
  /** The user has not the right to do this (RFC 5530 §3). */
  NOPERM: false,
  /** Somebody else holds what is needed (RFC 5530 §3). */
  INUSE: true,
  /** A message is gone that the client has not yet been told of as gone (RFC 5530 §3). */
  EXPUNGEISSUED: true,
  /** Stored data is damaged (RFC 5530 §3). */
  CORRUPTION: false,
  /** A fault of the server itself; the log says more (RFC 5530 §3). */
  SERVERBUG: true,
  /** The client broke the protocol (RFC 5530 §3). */
  CLIENTBUG: false,
  /** Can never work, whoever asks: a name that is none, a mailbox below itself (RFC 5530 §3). */
  CANNOT: false,
  /** A limit of the server: keywords, UIDs, mailboxes (RFC 5530 §3). */
  LIMIT: false,
  /** A quota root would hold more than it may (RFC 5530 §3). */
  OVERQUOTA: true,
  /** What is to be made is there already (RFC 5530 §3). */
  ALREADYEXISTS: false,
  /** What is named is not there, or the user may not know of it (RFC 5530 §3). */
  NONEXISTENT: false,
  /** The target mailbox is not there, and could be created (RFC 3501 §7.1). */
  TRYCREATE: false,
  /** A mailbox with others below it cannot be deleted (RFC 9051 §7.1). */
  HASCHILDREN: false,
  /** The message is larger than is taken (RFC 4469 §4.2, RFC 7889 §4). */
  TOOBIG: false,
  /** The message is none that can be stored. */
  BADMESSAGE: false,
  /** The charset is not known (RFC 3501 §7.1). */
  BADCHARSET: false,
  /** The part has a transfer encoding that cannot be decoded (RFC 3516 §4.3). */
  'UNKNOWN-CTE': false,
  /** The special use is not supported, or taken (RFC 6154 §3). */
  USEATTR: false,
  /** An annotation is too large, one too many, or may not be private (RFC 5464 §4.3). */
  METADATA: false,
} as const;

/** The codes of `MailError`. */
export type MailErrorCode = keyof typeof temporaryByCode;

/** What a MailError says beside its code and its public text. */
export interface MailErrorOptions {
  /** For the log: the reason behind. Never shown to a client. */
  readonly cause?: unknown;
  /** Overrides what the code implies. */
  readonly temporary?: boolean;
  /** An enhanced status code (RFC 3463) that says it better than the code's default mapping, as '4.2.2'. */
  readonly enhancedStatus?: string;
}

/** `publicText` goes to the client: it names no path, no other user and no cause. */
export class MailError extends Error {
  override readonly name = 'MailError';
  readonly code: MailErrorCode;
  readonly temporary: boolean;
  readonly enhancedStatus: string | undefined;

  constructor(code: MailErrorCode, publicText: string, options: MailErrorOptions = {}) {
    super(publicText, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.temporary = options.temporary ?? temporaryByCode[code];
    this.enhancedStatus = options.enhancedStatus;
  }

  get publicText(): string {
    return this.message;
  }
}

/** Duck-typed, since errors can cross thread and package-copy borders. */
export function isMailError(error: unknown): error is MailError {
  return error instanceof Error && error.name === 'MailError' && 'code' in error;
}

/** What the kernel answers for a plugin that did not: try again later. */
export function unavailableError(publicText: string, cause?: unknown): MailError {
  return new MailError('UNAVAILABLE', publicText, { cause });
}
