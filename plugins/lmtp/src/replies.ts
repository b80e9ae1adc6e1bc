/** What went wrong, in the words of the protocol: one table for all errors (RFC 5321 §4.2, RFC 3463). */
import { isMailError, type MailError, type MailErrorCode } from '@angarium/sdk';
import { MAX_REPLY_TEXT } from './limits.js';

/** Reply code and enhanced status of each error; a second pair where the error may be of the other kind. */
const byCode: Readonly<Record<MailErrorCode, readonly [code: number, status: string]>> = {
  UNAVAILABLE: [451, '4.3.0'],
  AUTHENTICATIONFAILED: [535, '5.7.8'],
  AUTHORIZATIONFAILED: [535, '5.7.8'],
  EXPIRED: [535, '5.7.8'],
  PRIVACYREQUIRED: [538, '5.7.11'],
  CONTACTADMIN: [554, '5.3.0'],
  NOPERM: [550, '5.7.1'],
  INUSE: [451, '4.2.0'],
  EXPUNGEISSUED: [451, '4.2.0'],
  // A broken mailbox is for the operator to mend: the MTA keeps the mail meanwhile.
  CORRUPTION: [451, '4.2.0'],
  SERVERBUG: [451, '4.3.0'],
  CLIENTBUG: [501, '5.5.4'],
  CANNOT: [550, '5.2.0'],
  LIMIT: [452, '4.2.0'],
  OVERQUOTA: [452, '4.2.2'],
  ALREADYEXISTS: [451, '4.3.0'],
  NONEXISTENT: [550, '5.1.1'],
  TRYCREATE: [550, '5.1.1'],
  HASCHILDREN: [451, '4.3.0'],
  TOOBIG: [552, '5.2.3'],
  BADMESSAGE: [554, '5.6.0'],
  BADCHARSET: [554, '5.6.0'],
  'UNKNOWN-CTE': [554, '5.6.0'],
  USEATTR: [451, '4.3.0'],
  METADATA: [451, '4.3.0'],
};

/** Errors whose table entry is temporary although the code itself is not: for us they can be mended. */
const alwaysTemporary: ReadonlySet<MailErrorCode> = new Set([
  'CORRUPTION',
  'LIMIT',
  'ALREADYEXISTS',
  'HASCHILDREN',
  'USEATTR',
  'METADATA',
]);

export interface Reply {
  readonly code: number;
  readonly status: string;
  /** May have several lines. */
  readonly text: string;
}

export interface ReplyOptions {
  /** A full mailbox bounces. */
  readonly overQuotaPermFailure?: boolean;
}

/** An error that is none of ours says nothing of itself; it is logged by whoever caught it. */
export function replyTo(error: unknown, { overQuotaPermFailure = false }: ReplyOptions = {}): Reply {
  if (!isMailError(error)) return { code: 451, status: '4.3.0', text: 'Internal error, try again later' };
  if (error.code === 'OVERQUOTA' && overQuotaPermFailure) {
    return { code: 552, status: '5.2.2', text: error.publicText };
  }
  const [code, defaultStatus] = byCode[error.code];
  const isTemporary = isForLater(error);
  const status = statusOf(error.enhancedStatus ?? defaultStatus, isTemporary);
  return { code: codeOf(code, isTemporary), status, text: error.publicText };
}

/** An enhanced status says more exactly than the code whether to come again. */
function isForLater(error: MailError): boolean {
  if (error.enhancedStatus !== undefined) return error.enhancedStatus.startsWith('4');
  return error.temporary || alwaysTemporary.has(error.code);
}

function codeOf(code: number, isTemporary: boolean): number {
  if (isTemporary === code < 500) return code;
  if (code === 452) return 552;
  if (code === 552) return 452;
  return isTemporary ? 451 : 550;
}

function statusOf(status: string, isTemporary: boolean): string {
  return `${isTemporary ? '4' : '5'}${status.slice(1)}`;
}

/** The reply's lines with CRLF, latin1. @param isUtf8 may the text have more than ASCII (RFC 6531 §3.5)? */
export function formatReply({ code, status, text }: Reply, isUtf8 = false): string {
  const lines = text.split(/\r\n|\r|\n/).flatMap(pieces);
  const last = lines.length - 1;
  return lines
    .map((line, i) => `${code}${i < last ? '-' : ' '}${status} ${octets(line, isUtf8)}\r\n`)
    .join('');
}

function pieces(line: string): string[] {
  const found: string[] = [];
  for (let at = 0; at === 0 || at < line.length; at += MAX_REPLY_TEXT) {
    found.push(line.slice(at, at + MAX_REPLY_TEXT));
  }
  return found;
}

function octets(line: string, isUtf8: boolean): string {
  const printable = line.replace(/[\x00-\x1f\x7f]/g, ' ');
  return isUtf8 ? Buffer.from(printable, 'utf8').latin1Slice() : printable.replace(/[^\x20-\x7e]/g, '?');
}
