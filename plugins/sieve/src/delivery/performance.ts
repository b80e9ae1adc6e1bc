/** Does what a script wants: sends on, decides where copies go, and answers what is left for after filing. */
import {
  type DeliveryEnvelope,
  type DuplicateLedger,
  type FilingTarget,
  type FlagSet,
  isMailError,
  type Logger,
  MailError,
  mailboxKey,
  noFlags,
  type Outbound,
  personalMailbox,
  type Recipient,
  type RecordSpace,
  type UserId,
  unavailableError,
} from '@angarium/sdk';
import type { VacationConfig } from '../config.js';
import { flagSet } from '../extensions/imap4flags.js';
import type { Action, Edits, FileInto } from '../runtime/actions.js';
import type { SieveMessage } from '../runtime/message.js';
import type { Run } from '../runtime/run.js';
import type { World } from '../runtime/world.js';
import { conflictOf } from './conflicts.js';
import { notify } from './notify.js';
import type { Places } from './places.js';
import { type Redirection, type RedirectOccasion, redirect, whyNotRedirected } from './redirect.js';
import { answer } from './vacation.js';

/** Something for after filing; answers a line for the trace. */
export type Deed = () => Promise<string>;

/** As Cyrus marks what a script failed on. */
const FAILED = '$SieveFailed';
const STAGE = 'sieve';
const MAX_REASON = 500;

export interface PerformanceEnvironment {
  readonly user: UserId;
  readonly recipient: Recipient;
  readonly envelope: DeliveryEnvelope;
  readonly message: SieveMessage;
  readonly places: Places;
  readonly world: World;
  readonly duplicates: RecordSpace;
  readonly redirects: DuplicateLedger | undefined;
  readonly ledger: RecordSpace;
  readonly outbound: Outbound | undefined;
  readonly vacation: VacationConfig;
  readonly detailSeparators: string;
  readonly serverName: string;
  readonly log: Logger;
}

export class Performance {
  readonly world: World;
  private readonly kept: readonly FilingTarget[];
  private readonly targets = new Map<string, FilingTarget>();

  constructor(private readonly env: PerformanceEnvironment) {
    this.world = env.world;
    this.kept = env.recipient.targets;
  }

  /** The implicit keep (RFC 5228 §2.10.6), marked. */
  fail(text: string): void {
    this.say(`${text}; the message is kept`);
    const { user, recipient } = this.env;
    // The text may be the script's own, made of the message.
    this.env.log.warn('a script failed, the delivery trace has the reason', { user });
    this.env.recipient.targets = recipient.targets.map((target) => ({
      ...target,
      flags: { ...target.flags, keywords: [...target.flags.keywords, FAILED] },
    }));
  }

  async perform(run: Run): Promise<readonly Deed[]> {
    const { actions } = run;
    const conflict = conflictOf(actions);
    if (conflict !== undefined) {
      this.fail(conflict);
      return [];
    }
    const rejection = actions.find((action) => action.is === 'reject');
    if (rejection !== undefined) {
      this.refuse(rejection.reason);
      return [];
    }
    try {
      const isRedirected = await this.sendOn(actions);
      await this.choose(run);
      this.decide(isRedirected);
    } catch (error) {
      this.defer(error);
      return [];
    }
    return actions.flatMap((action) => this.deedOf(action) ?? []);
  }

  /** Sends on before anything is filed: what cannot be sent is deferred as a whole. */
  private async sendOn(actions: readonly Action[]): Promise<boolean> {
    const addresses = new Map<string, Redirection>();
    for (const action of actions) {
      if (action.is === 'redirect') addresses.set(action.address.toLowerCase(), action);
    }
    if (addresses.size === 0) return false;
    const { outbound, redirects: ledger } = this.env;
    if (outbound === undefined) throw unavailableError('Mail cannot be sent now');
    const occasion = this.redirectOccasion();
    const obstacle = whyNotRedirected(occasion);
    if (obstacle !== undefined) {
      this.say(`redirect: not sent on, ${obstacle}; the message is kept`);
      this.keep(noFlags, {});
      return false;
    }
    for (const action of addresses.values()) {
      this.say(await redirect({ outbound, ledger }, occasion, action));
    }
    return true;
  }

  private redirectOccasion(): RedirectOccasion {
    const { user, recipient, message, envelope, serverName } = this.env;
    const { sender, isUtf8 } = envelope;
    return { user, recipient, message, sender, isUtf8, serverName };
  }

  private async choose({ actions, hasImplicitKeep, flags, edits }: Run): Promise<void> {
    for (const action of actions) {
      if (action.is === 'keep') this.keep(action.flags, action);
      else if (action.is === 'fileinto') await this.file(action);
    }
    if (hasImplicitKeep) this.keep(flagSet(flags), edits);
  }

  private keep(flags: FlagSet, edits: Edits): void {
    for (const target of this.kept)
      this.add({ ...target, flags: joined(target.flags, flags), ...this.headerOf(edits) });
  }

  private headerOf({ header }: Edits): Pick<FilingTarget, 'header'> {
    return header === undefined
      ? {}
      : { header: { octets: header.octets, end: this.env.message.bodyOffset } };
  }

  /** RFC 5228 §4.1: what cannot be filed there is kept. */
  private async file(action: FileInto): Promise<void> {
    const place = await this.env.places.placeOf(action);
    const { flags } = action;
    const header = this.headerOf(action);
    if (place.mailbox === undefined) {
      this.say(`fileinto: ${place.note}: INBOX`);
      return this.add({ mailbox: personalMailbox(this.env.user), flags, create: true, by: STAGE, ...header });
    }
    this.say(`fileinto ${JSON.stringify(action.mailbox)}`);
    this.add({ mailbox: place.mailbox, flags, create: place.create, by: STAGE, ...header });
  }

  /** Once a mailbox (RFC 5228 §2.10.3); flags of several actions are joined. */
  private add(target: FilingTarget): void {
    const key = mailboxKey(target.mailbox);
    const before = this.targets.get(key);
    if (before === undefined) this.targets.set(key, target);
    else this.targets.set(key, { ...before, flags: joined(before.flags, target.flags) });
  }

  private decide(isRedirected: boolean): void {
    const { recipient } = this.env;
    recipient.targets = [...this.targets.values()];
    if (recipient.targets.length > 0) return;
    recipient.outcome = isRedirected
      ? { is: 'delivered', note: 'sent on by the user’s script' }
      : { is: 'discarded', note: 'discarded by the user’s script' };
    this.say(isRedirected ? 'sent on, not kept' : 'discard');
  }

  /** RFC 5429 §2.1: in the protocol, so that no bounce goes to somebody who has sent nothing. */
  private refuse(reason: string): void {
    const line = reason
      .replace(/[\x00-\x20\x7f]+/g, ' ')
      .trim()
      .slice(0, MAX_REASON);
    const text = /^[\x20-\x7e]+$/.test(line) ? line : 'The recipient does not want this message';
    const error = new MailError('NOPERM', text, { enhancedStatus: '5.7.1' });
    this.env.recipient.outcome = { is: 'refused', error };
    this.say(`reject: ${line}`);
  }

  private defer(error: unknown): void {
    const { recipient, log } = this.env;
    if (!isMailError(error)) log.error('what a script wanted could not be done', { err: error });
    // Whatever the smarthost says of one address, the sender's MTA must not take for a refusal of this user.
    const text = isMailError(error) ? error.publicText : 'Delivery is not possible now';
    if (isMailError(error) && !error.temporary) {
      this.say(`redirect: ${text}; the message is kept`);
      recipient.targets = this.kept;
      return;
    }
    recipient.outcome = { is: 'refused', error: unavailableError(text, error) };
    this.say(`deferred: ${text}`);
  }

  private deedOf(action: Action): Deed | undefined {
    const { duplicates, user, world } = this.env;
    if (action.is === 'remember') {
      const expiresMs = world.nowMs + action.seconds * 1000;
      return async () => {
        await duplicates.write(user, [{ key: action.key, value: Buffer.from('seen'), expiresMs }]);
        return 'duplicate: remembered';
      };
    }
    if (action.is !== 'vacation' && action.is !== 'notify') return undefined;
    const { outbound, ledger, vacation, detailSeparators, serverName, recipient, message, envelope } =
      this.env;
    if (outbound === undefined) return undefined;
    const occasion = { user, recipient, message, sender: envelope.sender, nowMs: world.nowMs };
    if (action.is === 'notify') return () => notify({ outbound, serverName, ...occasion }, action);
    return () =>
      answer({ outbound, ledger, config: vacation, detailSeparators, serverName }, occasion, action);
  }

  private say(decision: string): void {
    this.env.recipient.trace.push({ stage: STAGE, decision });
  }
}

function joined(a: FlagSet, b: FlagSet): FlagSet {
  if (b === noFlags || a === b) return a;
  return { system: a.system | b.system, keywords: [...new Set([...a.keywords, ...b.keywords])] };
}
