/** What goes wrong in the engine, as MailError; and errors on their way between threads. */
import { isMailError, MailError, type MailErrorCode } from '@angarium/sdk';
import { ChunkError } from './model/chunk.js';
import { PackError } from './packs/index.js';

/** Refuses a data folder at start: one sentence for the operator. */
export class StoreFolderError extends Error {
  override readonly name = 'StoreFolderError';
}

export function nonexistent(cause?: unknown): MailError {
  return new MailError('NONEXISTENT', 'Mailbox does not exist', cause === undefined ? {} : { cause });
}

/** A partition that is lost: its disk is not there. @param reason for the log */
export function notAvailable(reason: string): MailError {
  return new MailError('UNAVAILABLE', 'The partition of this mailbox is not available', {
    cause: new Error(reason),
  });
}

function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

export function isBusy(error: unknown): boolean {
  return errorCode(error).startsWith('SQLITE_BUSY') || errorCode(error) === 'SQLITE_LOCKED';
}

/** SQLite, pack and chunk errors by what the client can do about them; a MailError stays what it is. */
export function toMailError(error: unknown): MailError {
  if (isMailError(error)) return error;
  const cause = error;
  if (error instanceof ChunkError) return new MailError('CORRUPTION', 'Mailbox index is damaged', { cause });
  if (error instanceof PackError) return packToMailError(error);
  const code = errorCode(error);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT') {
    return new MailError('UNAVAILABLE', 'No room left for mail', { cause });
  }
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')) {
    return new MailError('CORRUPTION', 'Mail store is damaged', { cause });
  }
  if (code.startsWith('SQLITE_CONSTRAINT')) {
    return new MailError('SERVERBUG', 'Mail store refused the change', { cause });
  }
  if (code.startsWith('SQLITE_'))
    return new MailError('UNAVAILABLE', 'Mail store is not available', { cause });
  return new MailError('SERVERBUG', 'Internal error in the mail store', { cause });
}

function packToMailError(error: PackError): MailError {
  const cause = error;
  switch (error.code) {
    case 'no-space':
      return new MailError('UNAVAILABLE', 'No room left for mail', { cause });
    case 'locked':
      return new MailError('UNAVAILABLE', 'The key of this message is not available', { cause });
    case 'offline':
      return new MailError('UNAVAILABLE', 'The partition of this mailbox is not available', { cause });
    case 'too-big':
      return new MailError('TOOBIG', 'Message is too big', { cause });
    case 'missing':
    case 'short':
    case 'corrupt':
    case 'unsupported':
      return new MailError('CORRUPTION', 'Message content is damaged', { cause });
    default:
      return new MailError('UNAVAILABLE', 'Mail store is not available', { cause });
  }
}

/** A MailError as a value that a message between threads carries. */
export interface ErrorValue {
  readonly code: MailErrorCode;
  readonly text: string;
  readonly temporary: boolean;
  /** For the log. */
  readonly reason: string | undefined;
}

export function errorToValue(error: unknown): ErrorValue {
  const { code, message, temporary, cause } = toMailError(error);
  const reason =
    cause instanceof Error ? `${errorCode(cause)} ${cause.stack ?? cause.message}`.trim() : undefined;
  return { code, text: message, temporary, reason };
}

export function valueToError({ code, text, temporary, reason }: ErrorValue): MailError {
  return new MailError(
    code,
    text,
    reason === undefined ? { temporary } : { temporary, cause: new Error(reason) },
  );
}
