/** What went wrong, in the words of the protocol: one table for all errors (RFC 3977 §3.2.1). */
import { isMailError, type MailErrorCode } from '@angarium/sdk';

/** Generic codes; commands that have codes of their own (POST, IHAVE, AUTHINFO) say them themselves. */
const byCode: Partial<Readonly<Record<MailErrorCode, number>>> = {
  AUTHENTICATIONFAILED: 481,
  AUTHORIZATIONFAILED: 481,
  EXPIRED: 481,
  PRIVACYREQUIRED: 483,
  NOPERM: 502,
  NONEXISTENT: 411,
  EXPUNGEISSUED: 423,
  CLIENTBUG: 501,
};

export interface Reply {
  readonly code: number;
  readonly text: string;
}

/** An error that is none of ours says nothing of itself; it is logged by whoever caught it. */
export function replyTo(error: unknown): Reply {
  if (!isMailError(error)) return { code: 403, text: 'Internal error, try again later' };
  return { code: byCode[error.code] ?? 403, text: error.publicText };
}

/** RFC 3977 §3.1: one line; what could break it is taken out, and it has at most 512 octets. */
export function formatReply(code: number, text: string): string {
  const line = text.replace(/[\x00-\x1f\x7f]+/g, ' ').slice(0, 500);
  return `${code} ${Buffer.from(line, 'utf8').latin1Slice().slice(0, 500)}`;
}
