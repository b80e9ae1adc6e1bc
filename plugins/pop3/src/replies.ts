/** What went wrong, as a response code: the one table (RFC 2449 §8, RFC 3206 §4, RFC 6856 §5). */
import { isMailError, type MailErrorCode } from '@angarium/sdk';

/** The response codes that this server gives. */
export type ResponseCode = 'AUTH' | 'IN-USE' | 'LOGIN-DELAY' | 'SYS/TEMP' | 'SYS/PERM' | 'UTF8';

/** A refusal of POP3's own. */
export class Pop3Refusal extends Error {
  override readonly name = 'Pop3Refusal';
  constructor(
    readonly code: ResponseCode | undefined,
    text: string,
  ) {
    super(text);
  }
}

/** Those whose class `temporary` alone does not tell. */
const codes: Partial<Record<MailErrorCode, ResponseCode | undefined>> = {
  AUTHENTICATIONFAILED: 'AUTH',
  AUTHORIZATIONFAILED: 'AUTH',
  EXPIRED: 'AUTH',
  PRIVACYREQUIRED: 'AUTH',
  INUSE: 'IN-USE',
  CLIENTBUG: undefined,
  CANNOT: undefined,
  EXPUNGEISSUED: undefined,
};

/** An -ERR reply; `isFault`: it is ours, and belongs into the log. */
export interface ErrorReply {
  readonly code: ResponseCode | undefined;
  readonly text: string;
  readonly isFault: boolean;
}

export function replyTo(error: unknown): ErrorReply {
  if (error instanceof Pop3Refusal) return { code: error.code, text: error.message, isFault: false };
  if (!isMailError(error)) {
    return { code: 'SYS/TEMP', text: 'Internal error, the server log has the details', isFault: true };
  }
  const { code, publicText: text, temporary } = error;
  const otherwise = temporary ? 'SYS/TEMP' : 'SYS/PERM';
  return {
    code: code in codes ? codes[code] : otherwise,
    text,
    isFault: code === 'UNAVAILABLE' || code === 'SERVERBUG' || code === 'CORRUPTION',
  };
}
