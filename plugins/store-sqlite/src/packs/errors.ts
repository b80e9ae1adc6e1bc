/**
 * Why an operation on packs failed, as the caller must tell it apart:
 * - `missing`: no such pack (compacted away: look the place up again).
 * - `locked`: encrypted with a key that is not configured.
 * - `offline`: the partition is not there: its disk is not mounted, or its folder is lost.
 * - `short`: the pack ends before the record does.
 * - `corrupt`: header or body check failed, or the record there has another GUID.
 * - `unsupported`: written by a newer format, or with a codec this version does not have.
 * - `no-space`: ENOSPC, EDQUOT or EFBIG; the writer goes on by itself once there is room.
 * - `io`: any other failure of the file system.
 * - `too-big`: a body exceeds the limit given.
 * - `spool`: a spool file vanished or does not match its check sum; only that record failed.
 * - `busy`: the pack is still being written.
 * - `closed`: the writer or reader was closed.
 */
export type PackErrorCode =
  | 'missing'
  | 'locked'
  | 'offline'
  | 'short'
  | 'corrupt'
  | 'unsupported'
  | 'no-space'
  | 'io'
  | 'too-big'
  | 'spool'
  | 'busy'
  | 'closed';

export class PackError extends Error {
  readonly code: PackErrorCode;

  constructor(code: PackErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'PackError';
    this.code = code;
  }

  /** The error as a PackError: errno becomes the code, a PackError stays what it is. */
  static from(error: unknown, what: string): PackError {
    if (error instanceof PackError) return error;
    const errno = errnoOf(error);
    const code = errno === undefined ? 'io' : (CODE_OF_ERRNO[errno] ?? 'io');
    return new PackError(code, `${what}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

const CODE_OF_ERRNO: Readonly<Record<string, PackErrorCode>> = {
  ENOENT: 'missing',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'no-space',
};

/** The `code` of a Node system error, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
