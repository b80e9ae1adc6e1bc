/** What a script may ask of the server while it runs. */
import type { Program } from '../compiler/compiler.js';
import type { SieveMessage } from './message.js';

/** Who it runs for, and what is known of the transaction. */
export interface World {
  readonly message: SieveMessage;
  /** Header fields that other stages add in front, for this recipient. */
  readonly addedFields: readonly { readonly name: string; readonly value: string }[];
  /** Reverse path; '' is the null sender. */
  readonly sender: string;
  /** The address that this delivery is for, as the protocol received it. */
  readonly recipient: string;
  /** What separates user and detail; '' when addresses have no details. */
  readonly detailSeparators: string;
  readonly nowMs: number;
  readonly zoneMinutes: number;
  /** Items of `environment` (RFC 5183 §4); undefined: unknown. */
  environment(item: string): string | undefined;
  /** May the user file into all of them (RFC 5490 §3.1)? */
  mailboxExists(name: string): Promise<boolean>;
  /** RFC 8579 §3: is there a mailbox with this use, or is this mailbox one? */
  specialUseExists(mailbox: string | undefined, uses: readonly string[]): Promise<boolean>;
  /** RFC 9042 §4. */
  mailboxIdExists(id: string): Promise<boolean>;
  /** RFC 5490 §3.3; `mailbox` undefined: the server. Undefined: there is no such annotation. */
  metadata(mailbox: string | undefined, entry: string): Promise<string | undefined>;
  /** RFC 7352 §3: has this key been seen within the time? */
  wasSeen(key: string): Promise<boolean>;
  /** RFC 6609: an included script; undefined: there is none. @throws SieveRuntimeError when it has mistakes. */
  program(location: 'personal' | 'global', name: string): Promise<Program | undefined>;
}
