/** Family `message.*`: changes of messages, always in batches. Called by the MailStore provider. */
import type { MailboxEntry, MailboxId } from '../contracts/catalogue.js';
import type { AppendItem, UsageLimit } from '../contracts/mail-store.js';
import type { Origin } from '../contracts/origin.js';
import { declareHooks } from '../kernel/hooks.js';
import type { FlagChange } from '../model/flags.js';
import type { UserId } from '../model/identity.js';
import type { NumberSet } from '../model/number-set.js';

/** One target of an append, copy or move. A tap may add limits; a throw refuses this target alone. */
export interface AppendBatch {
  readonly mailbox: MailboxEntry;
  /** Messages and octets to come. */
  readonly messages: number;
  readonly bytes: number;
  /** Absent for copies and moves. */
  readonly items: readonly AppendItem[] | undefined;
  readonly source:
    | {
        readonly mailbox: MailboxId;
        readonly uids: NumberSet;
        readonly isMove: boolean;
      }
    | undefined;
  limits: readonly UsageLimit[];
  /** As the target said (AppendTarget.ignoresQuota). */
  readonly ignoresQuota?: boolean;
  readonly origin: Origin | undefined;
}

/** Message annotations (RFC 5257) that are to be set or removed. A tap may add limits; a throw refuses them all. */
export interface AnnotationBatch {
  readonly mailbox: MailboxEntry;
  readonly uids: NumberSet;
  /** Whose they are; undefined: shared. */
  readonly user: UserId | undefined;
  /** An undefined value removes the entry. */
  readonly entries: ReadonlyMap<string, Uint8Array | undefined>;
  limits: readonly UsageLimit[];
  readonly origin: Origin | undefined;
}

/** Messages that have come into a mailbox. */
export interface AppendedBatch {
  readonly mailbox: MailboxEntry;
  readonly uids: NumberSet;
  readonly modSeq: number;
  /** Set for copies and moves. */
  readonly source:
    | {
        readonly mailbox: MailboxId;
        readonly uids: NumberSet;
        readonly isMove: boolean;
      }
    | undefined;
  readonly origin: Origin | undefined;
}

/** Messages whose flags were changed by one command. */
export interface FlagsBatch {
  readonly mailbox: MailboxId;
  readonly uids: NumberSet;
  readonly change: FlagChange;
  readonly modSeq: number;
  readonly origin: Origin | undefined;
}

/** Messages that have left a mailbox. */
export interface ExpungeBatch {
  readonly mailbox: MailboxId;
  readonly uids: NumberSet;
  readonly modSeq: number;
  /** True: the messages went to another mailbox. */
  readonly isMove: boolean;
  readonly origin: Origin | undefined;
}

declare module '../kernel/hooks.js' {
  interface Hooks {
    'message.appending': VetoHook<[batch: AppendBatch]>;
    'message.appended': ObserveHook<[batch: AppendedBatch]>;
    'message.flagged': ObserveHook<[batch: FlagsBatch]>;
    'message.annotating': VetoHook<[batch: AnnotationBatch]>;
    'message.expunging': VetoHook<[mailbox: MailboxId, uids: NumberSet, origin: Origin | undefined]>;
    'message.expunged': ObserveHook<[batch: ExpungeBatch]>;
  }
}

declareHooks({
  'message.appending': {
    kind: 'veto',
    summary: 'before messages come into a mailbox; may add usage limits or refuse',
  },
  'message.appended': {
    kind: 'observe',
    summary: 'messages have come into a mailbox and are durable',
  },
  'message.flagged': {
    kind: 'observe',
    summary: 'flags or keywords were changed',
  },
  'message.annotating': {
    kind: 'veto',
    summary: 'before message annotations are set; may add usage limits or refuse',
  },
  'message.expunging': {
    kind: 'veto',
    summary: 'before messages leave a mailbox (legal hold)',
  },
  'message.expunged': {
    kind: 'observe',
    summary: 'messages have left a mailbox',
  },
});
