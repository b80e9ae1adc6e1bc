/**
 * Delivery: one message, its recipients, stages. Each stage is a plugin's; every decision lands in the recipient's trace.
 * Order of phases: resolve (whose is it) → admit (rights, quota) → suppress (duplicates) → filter (Sieve, spam) → file.
 * resolve and admit run when the recipient is named (RCPT), the others when the message is there.
 */
import { type Contract, contract, type RegistryContract, registry } from '../di.js';
import type { MailError } from '../errors.js';
import type { FlagSet } from '../model/flags.js';
import type { Identity, UserId } from '../model/identity.js';
import type { MailboxName } from '../model/mailbox-name.js';
import type { StagedMessage } from './mail-store.js';

export const DELIVERY: Contract<Delivery> = contract('delivery', 1);

export interface Delivery {
  /**
   * RCPT: resolve and admit. A refusal is in `outcome`; a tap's or stage's MailError becomes one. An address of several
   * users (`AddressMap`) is one recipient here, without `user` and `targets`; stages, traces and `delivery.filed` see each
   * user's own, and its outcome is 'delivered' only when that of each is.
   */
  recipient(address: RecipientAddress, envelope: DeliveryEnvelope): Promise<Recipient>;
  /**
   * The message for the recipients that have no outcome yet. When it resolves, every recipient has one, and whatever is
   * 'delivered' is durable. Never rejects for a recipient's sake.
   */
  deliver(
    message: StagedMessage,
    envelope: DeliveryEnvelope,
    recipients: readonly Recipient[],
  ): Promise<void>;
}

/** What is known of a transaction before its recipients. */
export interface DeliveryEnvelope {
  /** Reverse path without <>; '' for the null sender. */
  readonly sender: string;
  /**
   * Whose rights count: who the MTA says has sent it (AUTH of MAIL), else who has authenticated, else `anonymousIdentity`.
   */
  readonly identity: Identity;
  readonly via: string;
  readonly session: string;
  readonly remoteAddress: string;
  /** Where the MTA says that it has the mail from (Postfix's XFORWARD), when the MTA is trusted. */
  readonly forwardedFor?: ForwardedClient;
  /** RFC 6531. */
  readonly isUtf8: boolean;
  /** MAIL parameters not understood by the protocol itself (ENVID, RET, …). */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A client as an MTA describes it; nothing here is proven. */
export interface ForwardedClient {
  readonly name?: string;
  readonly address?: string;
  readonly port?: number;
  /** `SMTP`, `ESMTP`. */
  readonly protocol?: string;
  readonly helo?: string;
  /** The MTA's own name for the message (queue id). */
  readonly ident?: string;
  readonly source?: 'local' | 'remote';
}

/** A recipient as the protocol received it. */
export interface RecipientAddress {
  /** As given, without <> and source route. */
  readonly address: string;
  readonly localPart: string;
  readonly domain: string | undefined;
  /** RCPT parameters (NOTIFY, ORCPT, IGNOREQUOTA). */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Where a copy goes. Stages of 'filter' replace the list. */
export interface FilingTarget {
  readonly mailbox: MailboxName;
  readonly flags: FlagSet;
  /** Create it when absent (Sieve :create, autocreate). Otherwise fall back to the INBOX. */
  readonly create: boolean;
  /** Who put it here, for the trace and for duplicate keys: '' is implicit keep. */
  readonly by: string;
  /** What this copy has in the place of the message's first `end` octets: its whole header with the blank line. Absent: as it came. */
  readonly header?: { readonly octets: Uint8Array; readonly end: number };
}

/** A field for the header; the value is Unicode without line ends, folded and encoded when it is filed. */
export interface AddedField {
  readonly name: string;
  readonly value: string;
}

/** How it ended for a recipient. A refusal's error says whether trying again may help. */
export type RecipientOutcome =
  | { readonly is: 'delivered'; readonly note?: string }
  | { readonly is: 'discarded'; readonly note: string }
  | { readonly is: 'refused'; readonly error: MailError };

/** One recipient through the stages; stages write its fields. */
export interface Recipient {
  readonly address: RecipientAddress;
  /** Set by a 'resolve' stage; undefined for shared mailboxes. */
  user: UserId | undefined;
  /** The part after `+`, set by a 'resolve' stage. */
  detail: string | undefined;
  targets: readonly FilingTarget[];
  /**
   * Header fields that this recipient's copies get in front (X-Spam-Score: …); stages of 'suppress' and 'filter' add to
   * them. They are not in `DeliveryBatch.message`: stages that look at the header look here too. Recipients with the same
   * fields share one stored message. Names and values that are no header field are left out, with a trace line.
   */
  readonly addedFields: AddedField[];
  /** Set: nothing more happens for this recipient. */
  outcome: RecipientOutcome | undefined;
  /** Stages keep what they must remember from one phase to the next under their own name. */
  readonly notes: Map<string, unknown>;
  readonly trace: DeliveryTraceLine[];
}

/** One decision, for `delivery` traces and logs. */
export interface DeliveryTraceLine {
  readonly stage: string;
  readonly decision: string;
}

/** When a stage runs; filing follows after the last. */
export type DeliveryPhase = 'resolve' | 'admit' | 'suppress' | 'filter';

/** What a stage looks at. */
export interface DeliveryBatch {
  readonly envelope: DeliveryEnvelope;
  /** Absent in 'resolve' and 'admit'. */
  readonly message: StagedMessage | undefined;
  /** Those still without outcome when the stage begins. */
  readonly recipients: readonly Recipient[];
}

/** One step of the pipeline; added to DELIVERY_STAGES by the plugin that brings it. */
export interface DeliveryStage {
  readonly name: string;
  readonly phase: DeliveryPhase;
  /** Lower runs earlier within a phase; the built-in address resolution is 100. */
  readonly order: number;
  /**
   * A MailError thrown refuses all recipients of the batch; any other error defers them (temporary).
   * What it returns is called once filing is through: ledgers confirm or let go there.
   */
  run(batch: DeliveryBatch): Promise<DeliveryCompletion | void>;
}
/** Called with all recipients of the message once each has its outcome. */
export type DeliveryCompletion = (recipients: readonly Recipient[]) => Promise<void>;

/**
 * A message's octets in order, from `from` on, in pieces of at most `pieceBytes` (at most 1 MB): for stages that hand it to a scanner. Nothing is
 * read ahead of the consumer.
 */
export async function* readStaged(
  message: StagedMessage,
  pieceBytes = 256 * 1024,
  from = 0,
): AsyncGenerator<Buffer> {
  const step = Math.max(1, Math.min(pieceBytes, 1024 * 1024));
  for (let at = from; at < message.size; at += step) {
    yield await message.read(at, Math.min(message.size, at + step));
  }
}

/** All stages, whatever plugin they come from. */
export const DELIVERY_STAGES: RegistryContract<DeliveryStage> = registry('delivery-stages', 1);
