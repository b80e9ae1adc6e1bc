import {
  type FetchHead,
  type FlagChange,
  fetchHead,
  type ImapReply,
  type ImapSession,
  type Mailbox,
  type MailboxEntry,
  type MailboxSnapshot,
  NumberSet,
  Right,
  type Rights,
  type SelectedMailbox,
  type SelectedNews,
  type SequenceSet,
  type UpdateFilter,
} from '@angarium/sdk';
import { withChange, withoutNew } from './chunks.js';
import { FlagsText, flagsLine, permanentFlags } from './flags-text.js';
import { countOf, expungeNumbers, resolveSet } from './numbers.js';
import { nextTurn, Output } from './output.js';
import { compareViews, type Updates } from './updates.js';

export interface OpenSelected {
  readonly session: ImapSession;
  readonly entry: MailboxEntry;
  readonly mailbox: Mailbox;
  /** What SELECT told: EXISTS, FLAGS … are those of this one. */
  readonly snapshot: MailboxSnapshot;
  /** Answer of `claimRecent` (SELECT) or `recentFrom` (EXAMINE). */
  readonly recentFrom: number;
  readonly isReadOnly: boolean;
  readonly rights: Rights;
  /** Asked at each use, so that extensions may come and go. */
  readonly updateFilters: () => readonly UpdateFilter[];
}

interface OwnChange {
  readonly uids: NumberSet;
  readonly change: FlagChange;
  readonly toldModSeq: number | undefined;
}

/** `sync` must not run twice at the same time; the session's commands and IDLE take turns. */
export class SelectedView implements SelectedMailbox {
  entry: MailboxEntry;
  readonly mailbox: Mailbox;
  readonly isReadOnly: boolean;
  rights: Rights;
  readonly recentFrom: number;
  ghosts = NumberSet.empty;
  savedResult = NumberSet.empty;
  private told: MailboxSnapshot;
  private recent: NumberSet;
  private flagsText: FlagsText;
  private ownChanges: OwnChange[] = [];
  /** UIDs whose flags or mod-sequences are told at the next sync whatever they are. */
  private owedFlags = NumberSet.empty;
  private owedModSeqs = NumberSet.empty;

  constructor(private readonly options: OpenSelected) {
    this.entry = options.entry;
    this.mailbox = options.mailbox;
    this.isReadOnly = options.isReadOnly;
    this.rights = options.rights;
    this.recentFrom = options.recentFrom;
    this.told = options.snapshot;
    this.recent = NumberSet.range(options.recentFrom, options.snapshot.head.uidNext - 1);
    this.flagsText = new FlagsText(options.snapshot.head.keywordNames);
  }

  get view(): MailboxSnapshot {
    return this.told;
  }

  /** Flags texts of `view`, cached. */
  get flags(): FlagsText {
    return this.flagsText;
  }

  get recentCount(): number {
    return countOf(this.told, this.recent);
  }

  /** RFC 9051 knows no \Recent. */
  isRecent(uid: number): boolean {
    return uid >= this.recentFrom && this.recent.has(uid) && !this.options.session.enabled.has('IMAP4REV2');
  }

  resolve(set: SequenceSet, isUid: boolean): NumberSet {
    return resolveSet(this.told, set, isUid, this.savedResult);
  }

  uids(set: SequenceSet, isUid: boolean): NumberSet {
    return this.told.uidsAt(this.resolve(set, isUid));
  }

  ownFlagChange(
    uids: NumberSet,
    change: FlagChange,
    tell: 'flags' | 'modSeq' | 'nothing',
    toldModSeq?: number,
  ): void {
    this.ownChanges.push({ uids, change, toldModSeq });
    if (tell === 'flags') this.owedFlags = this.owedFlags.union(uids);
    if (tell === 'modSeq') this.owedModSeqs = this.owedModSeqs.union(uids);
  }

  /**
   * Looks at the mailbox's name and ACL again: what the user may do from here on is what they say now, and the client is told of
   * flags that it may change no more, or now. False: it may not even be read any more (RFC 4314 §5.1.1).
   */
  async refreshRights(reply: ImapReply): Promise<boolean> {
    const { session } = this.options;
    const entry = await session.store.catalogue.byId(this.entry.id);
    // That it is gone is for `sync` to find out.
    if (entry === undefined) return true;
    const rights = entry === this.entry ? this.rights : session.access.rights(session.identity, entry);
    this.entry = entry;
    if (rights === this.rights) return (rights & Right.read) !== 0;
    const names = this.flagsText.keywordNames;
    const told = permanentFlags(names, this.rights, this.isReadOnly);
    this.rights = rights;
    if ((rights & Right.read) === 0) return false;
    const permanent = permanentFlags(names, rights, this.isReadOnly);
    if (permanent !== told) {
      reply.untagged(flagsLine(names));
      reply.status('OK', 'Flags permitted', permanent);
    }
    return true;
  }

  async sync(
    reply: ImapReply,
    options: { readonly mayExpunge: boolean; readonly withUid?: boolean },
  ): Promise<void> {
    const wants = this.wanted();
    let newest = await this.mailbox.snapshot();
    if (!wants.messages) newest = withoutNew(newest, this.told);
    else if (newest.head.uidNext > this.told.head.uidNext) newest = await this.claimRecent();
    this.tellKeywords(newest, reply);
    const listeners = this.listeners();
    const own = listeners.length === 0 ? NumberSet.empty : unionOf(this.ownChanges);
    this.applyOwnChanges(newest);
    const before = this.told;
    const updates = compareViews(before, newest, options.mayExpunge && wants.expunges);
    if (updates !== undefined) {
      if (!updates.expungedUids.isEmpty)
        for (const { expunging } of listeners) expunging?.(this.options.session, reply, updates.expungedUids);
      this.told = updates.next;
      this.ghosts = updates.ghosts;
      this.savedResult = this.savedResult.minus(updates.expungedUids);
      const out = new Output(reply);
      await this.tellExpunged(updates, reply, out);
      if (updates.appended > 0) this.tellAppended(out);
      await out.pass();
    }
    await this.tellFlags(wants.flags ? updates : undefined, reply, options.withUid ?? false);
    if (updates !== undefined && updates.appended > 0) await this.tellMoreOfAppended(reply, updates.appended);
    if (listeners.length > 0 && (updates !== undefined || !own.isEmpty))
      await this.tellListeners(listeners, reply, updates, own);
  }

  /** Filters that follow changes themselves (contexts); mostly none. */
  private listeners(): readonly UpdateFilter[] {
    const { session, updateFilters } = this.options;
    return updateFilters().filter((filter) => filter.told !== undefined && filter.isActive(session));
  }

  private async tellListeners(
    listeners: readonly UpdateFilter[],
    reply: ImapReply,
    updates: Updates | undefined,
    own: NumberSet,
  ): Promise<void> {
    const { told } = this;
    let changed = told.indexesOf(own);
    if (updates !== undefined) {
      const appended = NumberSet.range(told.count - updates.appended, told.count - 1);
      changed = changed.union(updates.flags).union(updates.modSeqs).union(appended);
    }
    for (const listener of listeners) await listener.told!(this.options.session, reply, changed);
  }

  private wanted(): SelectedNews {
    const { session, updateFilters } = this.options;
    for (const filter of updateFilters()) {
      if (filter.wants !== undefined && filter.isActive(session)) return filter.wants(session);
    }
    return everything;
  }

  private async tellMoreOfAppended(reply: ImapReply, count: number): Promise<void> {
    const { session, updateFilters } = this.options;
    const filters = updateFilters().filter((one) => one.appended !== undefined && one.isActive(session));
    if (filters.length === 0) return;
    const { count: all } = this.told;
    const uids = this.told.uidsAt(NumberSet.range(all - count, all - 1));
    for (const filter of filters) await filter.appended!(session, reply, uids);
  }

  /** New messages are recent in the first session that tells of them (RFC 3501 §2.3.2). */
  private async claimRecent(): Promise<MailboxSnapshot> {
    const from = await (this.isReadOnly ? this.mailbox.recentFrom() : this.mailbox.claimRecent());
    const newest = await this.mailbox.snapshot();
    const first = Math.max(from, this.told.head.uidNext);
    this.recent = this.recent.union(NumberSet.range(first, newest.head.uidNext - 1));
    return newest;
  }

  /** A keyword is announced before a FETCH shows it (RFC 3501 §7.2.6). */
  private tellKeywords(newest: MailboxSnapshot, reply: ImapReply): void {
    const old = this.flagsText.keywordNames;
    const names = newest.head.keywordNames;
    if (names === old) return;
    if (names.length === old.length && names.every((name, bit) => name === old[bit])) return;
    this.flagsText = new FlagsText(names);
    if (names.every((name) => name === '' || old.includes(name))) return;
    reply.untagged(flagsLine(names));
    reply.status('OK', 'Flags', permanentFlags(names, this.rights, this.isReadOnly));
  }

  private applyOwnChanges(newest: MailboxSnapshot): void {
    for (const { uids, change, toldModSeq } of this.ownChanges) {
      this.told = withChange(this.told, uids, change, newest.head.keywordNames, toldModSeq);
    }
    this.ownChanges = [];
  }

  private async tellExpunged(updates: Updates, reply: ImapReply, out: Output): Promise<void> {
    if (updates.expunged.isEmpty) return;
    const { session } = this.options;
    for (const filter of this.options.updateFilters()) {
      if (filter.isActive(session) && filter.expunged?.(session, reply, updates.expungedUids)) return;
    }
    for (const number of expungeNumbers(updates.expunged)) {
      out.text += `* ${number} EXPUNGE\r\n`;
      if (out.hasEnough) await out.pass();
    }
  }

  private tellAppended(out: Output): void {
    out.text += `* ${this.told.count} EXISTS\r\n`;
    if (!this.options.session.enabled.has('IMAP4REV2')) out.text += `* ${this.recentCount} RECENT\r\n`;
  }

  private async tellFlags(updates: Updates | undefined, reply: ImapReply, withUid: boolean): Promise<void> {
    const { session } = this.options;
    const tellsModSeq = session.enabled.has('CONDSTORE') || session.enabled.has('QRESYNC');
    const owed = this.told.indexesOf(this.owedFlags.minus(this.ghosts));
    const owedModSeqs = this.told.indexesOf(this.owedModSeqs.minus(this.ghosts));
    this.owedFlags = NumberSet.empty;
    this.owedModSeqs = NumberSet.empty;
    const flags = updates === undefined ? owed : owed.union(updates.flags);
    const modSeqs = tellsModSeq
      ? (updates === undefined ? owedModSeqs : owedModSeqs.union(updates.modSeqs)).minus(flags)
      : NumberSet.empty;
    if (flags.isEmpty && modSeqs.isEmpty) return;
    const filters = this.options
      .updateFilters()
      .filter((filter) => filter.flagsChanged !== undefined && filter.isActive(session));
    // RFC 7162 §3.2.4: UID and MODSEQ go together, for the sake of QRESYNC.
    const isUidOnly = session.enabled.has('UIDONLY');
    // RFC 9051 §7.5.2: UID in every unsolicited FETCH. A UIDFETCH line has it already.
    const wantsUid = withUid || tellsModSeq || session.enabled.has('IMAP4REV2');
    const lines = { withUid: wantsUid && !isUidOnly, tellsModSeq, filters, head: fetchHead(session) };
    const out = new Output(reply);
    await this.writeFetches(flags, out, { ...lines, tellsFlags: true });
    await this.writeFetches(modSeqs, out, { ...lines, tellsFlags: false });
    await out.pass();
  }

  private async writeFetches(indexes: NumberSet, out: Output, items: FetchLines): Promise<void> {
    const { told, flagsText } = this;
    const { session } = this.options;
    for (const [first, last] of indexes.ranges()) {
      for (let index = first; index <= last; ) {
        const c = told.chunkIndexOf(index);
        const chunk = told.chunks[c]!;
        const start = told.startOf(c);
        const end = Math.min(last, start + chunk.count - 1);
        for (; index <= end; index++) {
          const at = index - start;
          const uid = chunk.uids[at]!;
          let text = '';
          if (items.tellsFlags) text = ` FLAGS ${flagsText.of(chunk, at, this.isRecent(uid))}`;
          if (items.withUid) text += ` UID ${uid}`;
          if (items.tellsModSeq) text += ` MODSEQ (${chunk.modseqs[at]})`;
          for (const filter of items.filters) {
            const more = filter.flagsChanged!(session, chunk, at);
            if (more !== '') text += ` ${more}`;
          }
          out.text += `${items.head(index + 1, uid)}${text.slice(1)})\r\n`;
        }
        if (out.hasEnough) {
          await out.pass();
          await nextTurn();
        }
      }
    }
  }
}

const everything: SelectedNews = { messages: true, expunges: true, flags: true };

/** Whoever holds one of these can change something. */
const changingRights =
  Right.seen | Right.write | Right.insert | Right.deleteMessages | Right.expunge | Right.annotate;

export function canChange(rights: Rights): boolean {
  return (rights & changingRights) !== 0;
}

function unionOf(changes: readonly OwnChange[]): NumberSet {
  return changes.reduce((all, { uids }) => all.union(uids), NumberSet.empty);
}

interface FetchLines {
  readonly tellsFlags: boolean;
  readonly withUid: boolean;
  readonly tellsModSeq: boolean;
  readonly filters: readonly UpdateFilter[];
  readonly head: FetchHead;
}

export function openSelected(options: OpenSelected): SelectedView {
  return new SelectedView(options);
}
