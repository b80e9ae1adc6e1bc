/**
 * Files one message for all its recipients in a single write. A target that is not there is made when it may be,
 * else the copy goes to the INBOX; what goes to the same mailbox with the same flags is filed once.
 * Nothing is 'delivered' before the store has said that it is durable.
 */
import {
  type AccessPolicy,
  type AppendItem,
  type AppendOutcome,
  type AppendTarget,
  type DeliveryEnvelope,
  type DuplicateLedger,
  type FilingTarget,
  type InboxProvision,
  isMailError,
  type MailboxCatalogue,
  type MailboxEntry,
  type MailboxId,
  type MailboxName,
  MailError,
  type MailStore,
  mailboxKey,
  noFlags,
  type Origin,
  ownerOf,
  parentOf,
  personalMailbox,
  type Recipient,
  type Registry,
  type StagedMessage,
  unavailableError,
} from '@angarium/sdk';
import { Variants } from './variants.js';

export interface FilingEnvironment {
  readonly store: MailStore;
  readonly policy: AccessPolicy;
  /** INBOXes are made with the first mail. */
  readonly autocreateInbox: boolean;
  /** Makes them; undefined: they are made empty-handed. */
  readonly provisions: Registry<InboxProvision>;
  readonly ledger: DuplicateLedger | undefined;
}

export function createsInbox({ autocreateInbox, provisions }: FilingEnvironment): boolean {
  return autocreateInbox || provisions.items.length > 0;
}

/** One copy to be written, and who waits for it. */
interface Copy {
  readonly mailbox: MailboxEntry;
  readonly target: FilingTarget;
  readonly message: StagedMessage;
  readonly recipients: Set<Recipient>;
}

export class Filing implements AsyncDisposable {
  private readonly catalogue: MailboxCatalogue;
  private readonly origin: Origin;
  /** Lookups of this message, by mailbox key. */
  private readonly places = new Map<string, Promise<MailboxEntry | undefined>>();
  private readonly variants: Variants;
  private readonly filedFor = new Set<Recipient>();
  private readonly repeatedFor = new Set<Recipient>();

  constructor(
    private readonly environment: FilingEnvironment,
    message: StagedMessage,
    private readonly envelope: DeliveryEnvelope,
    private readonly internalDateMs: number,
  ) {
    this.catalogue = environment.store.catalogue;
    this.variants = new Variants(environment.store, message);
    this.origin = {
      identity: envelope.identity,
      via: envelope.via,
      session: envelope.session,
      operation: 'delivery',
    };
  }

  /** Gives every recipient an outcome. */
  async file(recipients: readonly Recipient[]): Promise<void> {
    const copies = await this.copiesFor(recipients);
    const lost = await this.write(copies);
    // A mailbox that vanished between lookup and write: the INBOX takes the copy.
    if (lost.length > 0) await this.write(await this.fallbacks(lost));
    for (const recipient of recipients) {
      const isRepeat = this.repeatedFor.has(recipient) && !this.filedFor.has(recipient);
      recipient.outcome ??= isRepeat ? { is: 'delivered', note: 'duplicate' } : { is: 'delivered' };
    }
  }

  /** Lets go of what was staged for it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.variants[Symbol.asyncDispose]();
  }

  private async copiesFor(recipients: readonly Recipient[]): Promise<Copy[]> {
    const copies = new Map<string, Copy>();
    await Promise.all(
      recipients.map(async (recipient) => {
        try {
          // All places first: a recipient who is refused has no copy anywhere.
          const places: MailboxEntry[] = [];
          for (const target of recipient.targets) places.push(await this.placeFor(recipient, target));
          const messages: StagedMessage[] = [];
          for (const target of recipient.targets)
            messages.push(await this.variants.messageFor(recipient, target));
          recipient.targets.forEach((target, i) => {
            addCopy(copies, places[i]!, target, messages[i]!, recipient);
          });
        } catch (error) {
          refuse(recipient, error);
        }
      }),
    );
    return [...copies.values()];
  }

  /** @throws MailError when there is no place for it. */
  private async placeFor(recipient: Recipient, target: FilingTarget): Promise<MailboxEntry> {
    const { user } = recipient;
    const name = user === undefined ? undefined : personalMailbox(user);
    const isInbox = name !== undefined && mailboxKey(name) === mailboxKey(target.mailbox);
    let reason = 'is not there';
    try {
      const wanted = await this.place(target.mailbox, target.create);
      if (wanted !== undefined) return wanted;
    } catch (error) {
      if (isInbox || !mayNotBeMade(error)) throw error;
      reason = `was not made, ${error.publicText}`;
    }
    if (name === undefined) throw noMailbox();
    const inbox = await this.place(name, createsInbox(this.environment));
    if (inbox === undefined) throw noMailbox();
    if (!isInbox) {
      recipient.trace.push({ stage: 'file', decision: `${shown(target.mailbox)} ${reason}: INBOX` });
    }
    return inbox;
  }

  private async fallbacks(lost: readonly Copy[]): Promise<Copy[]> {
    const copies = new Map<string, Copy>();
    this.places.clear();
    for (const { recipients, message } of lost) {
      for (const recipient of recipients) {
        try {
          const { user } = recipient;
          if (user === undefined) throw noMailbox();
          const target = { mailbox: personalMailbox(user), flags: noFlags, create: false, by: 'fallback' };
          addCopy(copies, await this.placeFor(recipient, target), target, message, recipient);
        } catch (error) {
          refuse(recipient, error);
        }
      }
    }
    return [...copies.values()];
  }

  /** One write for all. Answers the copies whose mailbox is gone. */
  private async write(copies: readonly Copy[]): Promise<Copy[]> {
    if (copies.length === 0) return [];
    const targets = await Promise.all(copies.map((copy) => this.appendTarget(copy)));
    const outcomes = await this.append(targets);
    const lost: Copy[] = [];
    const unmarked: Copy[] = [];
    copies.forEach((copy, i) => {
      const outcome = outcomes[i];
      if (outcome?.ok === true) this.noteFiled(copy, outcome.uids[0]);
      else if (outcome?.isRepeat === true) this.noteRepeat(copy);
      else if (isGone(outcome) && copy.target.by !== 'fallback') lost.push(copy);
      else if (hasNoRoomForKeywords(outcome, copy)) unmarked.push(withoutKeywords(copy));
      else for (const recipient of copy.recipients) refuse(recipient, outcome?.error);
    });
    return [...lost, ...(await this.write(unmarked))];
  }

  private async append(targets: readonly AppendTarget[]): Promise<readonly AppendOutcome[]> {
    try {
      return await this.environment.store.append(targets, this.origin);
    } catch (error) {
      return targets.map(() => ({ ok: false, error: error as Error }));
    }
  }

  private async appendTarget({ mailbox, target, message, recipients }: Copy): Promise<AppendTarget> {
    const { internalDateMs } = this;
    const item: AppendItem = { message, flags: target.flags, internalDateMs };
    const viewer = [...recipients].find(({ user }) => user !== undefined)?.user;
    // RCPT's IGNOREQUOTA: what goes to several recipients goes if it may for one.
    const ignoresQuota = [...recipients].some(({ address }) => 'IGNOREQUOTA' in address.parameters);
    const once = await this.environment.ledger?.mark(message, mailbox);
    return {
      mailbox: mailbox.id,
      items: [item],
      ...(viewer === undefined ? {} : { viewer }),
      ...(ignoresQuota ? { ignoresQuota } : {}),
      ...(once === undefined ? {} : { once }),
    };
  }

  private noteFiled({ mailbox, recipients }: Copy, uid: number | undefined): void {
    for (const recipient of recipients) {
      this.filedFor.add(recipient);
      recipient.trace.push({ stage: 'file', decision: `${shown(mailbox.name)}, UID ${uid}` });
    }
  }

  private noteRepeat({ mailbox, message, recipients }: Copy): void {
    const { sender, session } = this.envelope;
    for (const recipient of recipients) {
      this.repeatedFor.add(recipient);
      recipient.trace.push({ stage: 'file', decision: `${shown(mailbox.name)}: a duplicate, not filed` });
      const { address } = recipient.address;
      this.environment.ledger?.suppressed({ message, mailbox, recipient: address, sender, session });
    }
  }

  private place(name: MailboxName, create: boolean): Promise<MailboxEntry | undefined> {
    const key = `${create ? '+' : '-'}${mailboxKey(name)}`;
    let place = this.places.get(key);
    if (place === undefined) {
      place = this.findOrCreate(name, create);
      this.places.set(key, place);
    }
    return place;
  }

  private async findOrCreate(name: MailboxName, create: boolean): Promise<MailboxEntry | undefined> {
    const found = await this.catalogue.find(name);
    if (found !== undefined || !create) return found;
    const owner = name.path.length === 0 ? ownerOf(name) : undefined;
    const [provision] = this.environment.provisions.items;
    if (owner !== undefined && provision !== undefined) {
      return provision.ensure(owner, 'delivery', this.origin);
    }
    const parentName = parentOf(name);
    const parent = parentName === undefined ? undefined : await this.place(parentName, true);
    const acl = this.environment.policy.initialAcl(this.origin.identity, name, parent);
    try {
      return await this.catalogue.create(name, inherited(acl, parent), this.origin);
    } catch (error) {
      if (isMailError(error) && error.code === 'ALREADYEXISTS') return this.catalogue.find(name);
      throw error;
    }
  }
}

function inherited(acl: Readonly<Record<string, string>>, parent: MailboxEntry | undefined) {
  if (parent === undefined) return { acl };
  const { quotaRoot, partition } = parent;
  return { acl, partition, ...(quotaRoot === undefined ? {} : { quotaRoot }) };
}

function addCopy(
  copies: Map<string, Copy>,
  mailbox: MailboxEntry,
  target: FilingTarget,
  message: StagedMessage,
  by: Recipient,
): void {
  const key = copyKey(mailbox.id, target, message);
  const copy = copies.get(key);
  if (copy === undefined) copies.set(key, { mailbox, target, message, recipients: new Set([by]) });
  else copy.recipients.add(by);
}

function copyKey(id: MailboxId, { flags }: FilingTarget, { guid }: StagedMessage): string {
  return `${id} ${guid.latin1Slice()} ${flags.system} ${[...flags.keywords].sort().join(' ')}`;
}

function isGone(outcome: AppendOutcome | undefined): boolean {
  return outcome?.ok === false && isMailError(outcome.error) && outcome.error.code === 'NONEXISTENT';
}

/** RFC 5232 §5: a message is filed whatever becomes of its flags. */
function hasNoRoomForKeywords(outcome: AppendOutcome | undefined, { target }: Copy): boolean {
  const isFull = outcome?.ok === false && isMailError(outcome.error) && outcome.error.code === 'LIMIT';
  return isFull && target.flags.keywords.length > 0;
}

function withoutKeywords(copy: Copy): Copy {
  const { target } = copy;
  return { ...copy, target: { ...target, flags: { ...target.flags, keywords: [] } } };
}

/** Trying again would not help: a limit, a rule, a name. */
function mayNotBeMade(error: unknown): error is MailError {
  return isMailError(error) && (!error.temporary || error.code === 'OVERQUOTA');
}

function refuse(recipient: Recipient, error: unknown): void {
  const refusal = isMailError(error) ? error : unavailableError('Delivery is not possible now', error);
  recipient.outcome = { is: 'refused', error: refusal };
  const decision = `${refusal.temporary ? 'deferred' : 'refused'}: ${refusal.publicText}`;
  recipient.trace.push({ stage: 'file', decision });
}

function noMailbox(): MailError {
  return new MailError('NONEXISTENT', 'Mailbox does not exist', { enhancedStatus: '5.1.1' });
}

/** For the trace: an operator reads it. */
function shown(name: MailboxName): string {
  const owner = ownerOf(name);
  return [owner === undefined ? 'shared' : `INBOX of ${owner}`, ...name.path].join(' / ');
}
