/** What a script wants to be done; done only when the whole script has run. */
import type { FlagSet } from '@angarium/sdk';
import type { Header } from './header.js';

/** RFC 5293 §7: what is done is done with the header of that moment. */
export interface Edits {
  /** Absent: as it came. */
  readonly header?: Header;
}

/** Where `fileinto` files (RFC 5228 §4.1, with what extensions add). */
export interface FileInto extends Edits {
  readonly is: 'fileinto';
  readonly mailbox: string;
  readonly flags: FlagSet;
  /** RFC 5490 §3.2. */
  readonly create: boolean;
  /** RFC 8579 §4, first choice before the name. */
  readonly specialUse: string | undefined;
  /** RFC 9042 §3, first choice before the name. */
  readonly mailboxId: string | undefined;
}

/** An automatic answer (RFC 5230 §4). */
export interface Vacation extends Edits {
  readonly is: 'vacation';
  readonly seconds: number;
  readonly subject: string | undefined;
  readonly from: string | undefined;
  readonly addresses: readonly string[];
  /** The reason is a MIME entity with its header (RFC 5230 §4.4). */
  readonly isMime: boolean;
  readonly reason: string;
  /** What tells one answer from another (RFC 5230 §4.2). */
  readonly handle: string;
}

/** A notification by mail (RFC 5435 §3, RFC 5436). */
export interface Notify extends Edits {
  readonly is: 'notify';
  readonly method: string;
  readonly from: string | undefined;
  readonly importance: '1' | '2' | '3';
  readonly message: string | undefined;
}

export type Action =
  | (Edits & { readonly is: 'keep'; readonly flags: FlagSet })
  | { readonly is: 'discard' }
  | FileInto
  | (Edits & { readonly is: 'redirect'; readonly address: string })
  | { readonly is: 'reject'; readonly reason: string; readonly isExtended: boolean }
  | Vacation
  | Notify
  /** RFC 7352 §3: remembered when the script has come to its end. */
  | { readonly is: 'remember'; readonly key: string; readonly seconds: number };
