/**
 * Addresses that stand for several users. The sender hears one answer, so it must hold for all: success when every member has the
 * message, else "try again" when that may help anybody, else the refusal. What a second try brings to those who have it already
 * is a duplicate by the ledger's marks; where there are none, nobody gets it before all can.
 */
import {
  type DeliveryEnvelope,
  MailError,
  type Recipient,
  type RecipientAddress,
  type RecipientOutcome,
  type StagedMessage,
} from '@angarium/sdk';
import type { Found } from './resolution.js';
import { withoutOutcome } from './stages.js';

type Members = readonly Recipient[];

export class Lists {
  private readonly members = new WeakMap<Recipient, Members>();
  /** Of one transaction: a user whom several of its addresses name is one member, so memory is bounded by users. */
  private readonly shared = new WeakMap<DeliveryEnvelope, Map<string, Promise<Recipient>>>();

  /** @param prepare resolves and admits a member whose `user` is set. */
  constructor(
    private readonly prepare: (recipient: Recipient, envelope: DeliveryEnvelope) => Promise<unknown>,
  ) {}

  /** Refused when each member is. */
  async open(list: Recipient, found: readonly Found[], envelope: DeliveryEnvelope): Promise<void> {
    let known = this.shared.get(envelope);
    if (known === undefined) this.shared.set(envelope, (known = new Map()));
    const members = new Set<Recipient>();
    for (const one of found) {
      const key = memberKey(list.address, one);
      let member = known.get(key);
      if (member === undefined) known.set(key, (member = this.member(list.address, one, envelope)));
      members.add(await member);
    }
    this.members.set(list, [...members]);
    if ([...members].every(({ outcome }) => outcome?.is === 'refused'))
      list.outcome = jointOutcome([...members]);
  }

  /** Each member once, and those who are no list. */
  expand(recipients: readonly Recipient[]): readonly Recipient[] {
    if (!recipients.some((each) => this.members.has(each))) return recipients;
    return [...new Set(recipients.flatMap((each) => this.members.get(each) ?? [each]))];
  }

  /** Without marks: defers whoever shares a list with somebody who is deferred already, before anything is filed. */
  holdBack(recipients: readonly Recipient[]): void {
    const lists = this.among(recipients);
    for (let isDone = false; !isDone; ) {
      isDone = true;
      for (const members of lists) {
        const error = errorOf(members, true);
        const others = error === undefined ? [] : withoutOutcome(members);
        for (const member of others) {
          member.outcome = { is: 'refused', error: error! };
          member.trace.push({ stage: 'file', decision: 'deferred: waits for others of the address' });
          isDone = false;
        }
      }
    }
  }

  /** The outcomes of the lists, when all members have theirs. */
  settle(recipients: readonly Recipient[]): void {
    for (const recipient of recipients) {
      const members = this.members.get(recipient);
      if (members !== undefined) recipient.outcome ??= jointOutcome(members);
    }
  }

  private among(recipients: readonly Recipient[]): Set<Members> {
    return new Set(recipients.flatMap((each) => [this.members.get(each) ?? []]));
  }

  private async member(
    address: RecipientAddress,
    found: Found,
    envelope: DeliveryEnvelope,
  ): Promise<Recipient> {
    const member = newRecipient(address);
    member.user = found.user;
    member.detail = found.detail;
    member.trace.push({ stage: 'resolve', decision: found.how });
    if (found.error !== undefined) member.outcome = { is: 'refused', error: found.error };
    await this.prepare(member, envelope);
    return member;
  }
}

export function newRecipient(address: RecipientAddress): Recipient {
  return {
    address,
    user: undefined,
    detail: undefined,
    targets: [],
    addedFields: [],
    outcome: undefined,
    notes: new Map(),
    trace: [],
  };
}

/** A second try of this message is known for what it is. */
export function isMarkable({ summary }: StagedMessage): boolean {
  return summary.messageId() !== '';
}

function memberKey({ parameters }: RecipientAddress, { user, detail, how }: Found): string {
  return JSON.stringify([user ?? how, detail ?? null, 'IGNOREQUOTA' in parameters]);
}

/** What one answer can say of all of them. */
function jointOutcome(members: Members): RecipientOutcome {
  const error = errorOf(members, true) ?? errorOf(members, false);
  if (error !== undefined) return { is: 'refused', error: forAll(error, members) };
  const delivered = members.find(({ outcome }) => outcome?.is === 'delivered');
  return delivered?.outcome ?? members[0]?.outcome ?? { is: 'discarded', note: 'an address of nobody' };
}

function errorOf(members: Members, isTemporary: boolean): MailError | undefined {
  for (const { outcome } of members) {
    if (outcome?.is === 'refused' && outcome.error.temporary === isTemporary) return outcome.error;
  }
  return undefined;
}

/** A bounce says that others have it. */
function forAll(error: MailError, members: Members): MailError {
  const done = members.filter(({ outcome }) => outcome?.is === 'delivered').length;
  if (done === 0 || error.temporary) return error;
  const text = `${error.publicText} (${done} of ${members.length} mailboxes of the address have the message)`;
  return new MailError(error.code, text, {
    cause: error,
    temporary: false,
    ...(error.enhancedStatus === undefined ? {} : { enhancedStatus: error.enhancedStatus }),
  });
}
