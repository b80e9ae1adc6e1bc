/** One error type for what can go wrong with mail; each protocol maps the codes to its own replies in one table. */

/**
 * Codes are the words of RFC 5530 and of the extensions' response codes (RFC 4469, 3516, 6154, 7889, 9051).
 * Each says whether trying the same again later may succeed.
 */
const temporaryByCode = {
  UNAVAILABLE: true,
  AUTHENTICATIONFAILED: false,
  AUTHORIZATIONFAILED: false,
  EXPIRED: false,
  PRIVACYREQUIRED: false,
  CONTACTADMIN: false,
  NOPERM: false,
  INUSE: true,
  EXPUNGEISSUED: true,
  CORRUPTION: false,
  SERVERBUG: true,
  CLIENTBUG: false,
  CANNOT: false,
  LIMIT: false,
  OVERQUOTA: true,
  ALREADYEXISTS: false,
  NONEXISTENT: false,
  TRYCREATE: false,
  HASCHILDREN: false,
  TOOBIG: false,
  BADMESSAGE: false,
  BADCHARSET: false,
  'UNKNOWN-CTE': false,
  USEATTR: false,
  METADATA: false,
} as const;

export type MailErrorCode = keyof typeof temporaryByCode;

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
