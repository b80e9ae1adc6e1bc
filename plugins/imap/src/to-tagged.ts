/** What went wrong, as a tagged reply: the one table (RFC 5530 and the extensions' response codes). */
import { ImapRefusal, ImapSyntaxError, isMailError, type Logger, type MailErrorCode } from '@angarium/sdk';
import { BadUrl } from './append/catenate.js';
import { TooManyMessages } from './messages/message-limit.js';
import { Referral } from './referral.js';
import type { TaggedReply } from './reply.js';
import { LiteralRefused } from './wire/index.js';

/** Codes that are response codes as they are, but these. */
const responseCodes: Partial<Record<MailErrorCode, string | undefined>> = {
  // No word of IMAP's: the text says it.
  BADMESSAGE: undefined,
  // RFC 5464 gives it arguments that only the command knows.
  METADATA: undefined,
};

/** @param context of the log line, for what is nobody's fault but ours. */
export function toTagged(
  error: unknown,
  log: Logger,
  context: Readonly<Record<string, unknown>>,
): TaggedReply {
  if (error instanceof ImapSyntaxError) {
    const where = error.position === undefined ? '' : ` at octet ${error.position}`;
    return { kind: 'BAD', code: error.code, text: `${sentence(error.message)}${where}` };
  }
  if (error instanceof Referral)
    return { kind: 'NO', code: `REFERRAL ${error.urls.join(' ')}`, text: error.message };
  if (error instanceof BadUrl) {
    // url-resp-text (RFC 4469 §5); of a very long one the beginning tells which it was.
    const url = error.url.slice(0, 1000).replace(/[^\x21-\x5b\x5e-\x7e]/g, '?');
    return { kind: 'NO', code: `BADURL ${url}`, text: error.message };
  }
  if (error instanceof TooManyMessages) return { kind: 'NO', code: error.code, text: error.message };
  if (error instanceof ImapRefusal) return { kind: error.kind, code: error.code, text: error.message };
  if (error instanceof LiteralRefused) return { kind: error.kind, code: 'TOOBIG', text: error.message };
  if (isMailError(error)) {
    if (error.cause !== undefined)
      log.info('command refused', { ...context, code: error.code, err: error.cause });
    const { code } = error;
    return { kind: 'NO', code: code in responseCodes ? responseCodes[code] : code, text: error.publicText };
  }
  log.error('command failed', { ...context, err: error });
  return { kind: 'NO', code: 'SERVERBUG', text: 'Internal error, the server log has the details' };
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
