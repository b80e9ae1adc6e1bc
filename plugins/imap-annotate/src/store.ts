/** STORE ANNOTATION (RFC 5257 §4.5), and what its APPEND may set (RFC 5257 §4.7). */
import {
  type AppendItem,
  type ImapCommandContext,
  type ImapSession,
  ImapSyntaxError,
  type MailboxEntry,
  MailError,
  NumberSet,
  Right,
  type StoreItem,
  SummaryView,
} from '@angarium/sdk';
import { Annotations, annotator, slices } from './annotations.js';
import type { AnnotateConfig } from './config.js';
import { type Entries, parseEntries, partOf, type Scope } from './grammar.js';
import type { Unsolicited } from './unsolicited.js';

/** A tagged NO whose code has an argument. */
class AnnotateRefused extends Error {
  constructor(
    readonly code: 'ANNOTATE TOOBIG' | 'ANNOTATE TOOMANY',
    text: string,
  ) {
    super(text);
  }
}

const scopes: readonly Scope[] = ['shared', 'priv'];

/** @param unsolicited hears of what the session has done itself */
export function storeItem(config: AnnotateConfig, unsolicited: Unsolicited): StoreItem {
  return {
    name: 'ANNOTATION',
    parse: parseEntries,
    async store(context, uids, mode, args, unchangedSince) {
      if (mode !== 'replace') throw new ImapSyntaxError('expected ANNOTATION without + or -');
      try {
        const { modSeq, modified } = await store(context, uids, args as Entries, config, unchangedSince);
        unsolicited.own(context.session, modSeq);
        return modified;
      } catch (error) {
        if (!(error instanceof AnnotateRefused)) throw error;
        context.reply.failed(error.message, error.code);
        return NumberSet.empty;
      }
    },
  };
}

/**
 * Everything is looked at before anything is done. The first change is the conditional one: it gives those that pass a new
 * mod-sequence, so nobody else's condition holds for them any more, and the second is theirs without asking again.
 */
async function store(
  { session }: ImapCommandContext,
  uids: NumberSet,
  entries: Entries,
  config: AnnotateConfig,
  unchangedSince: number | undefined,
): Promise<{ readonly modSeq: number; readonly modified: NumberSet }> {
  const { mailbox, rights } = session.selected;
  checkRights(session, rights, entries);
  checkSizes(entries, config);
  await checkParts(session, uids, entries);
  for await (const slice of slices(uids)) {
    const there = await Annotations.of(session, slice);
    for (const uid of slice) {
      for (const scope of scopes) checkCount(there.values(uid, scope), entries[scope], config);
    }
  }
  const options = { origin: session.origin('STORE') };
  const conditional = unchangedSince === undefined ? options : { ...options, unchangedSince };
  const user = annotator(session);
  if (entries.shared.size === 0) return mailbox.setAnnotations(uids, user, entries.priv, conditional);
  const first = await mailbox.setAnnotations(uids, undefined, entries.shared, conditional);
  const left = uids.minus(first.modified);
  if (entries.priv.size === 0 || left.isEmpty) return first;
  const { modSeq } = await mailbox.setAnnotations(left, user, entries.priv, options);
  return { modSeq, modified: first.modified };
}

/** What APPEND adds to a message. @throws MailError */
export function annotated(
  session: ImapSession,
  mailbox: MailboxEntry,
  item: AppendItem,
  entries: Entries,
  config: AnnotateConfig,
): AppendItem {
  checkRights(session, session.access.rights(session.identity, mailbox), entries);
  for (const scope of scopes) {
    const values = [...entries[scope].values()];
    // MailError has no code with arguments: the text says it.
    if (values.some((value) => (value?.length ?? 0) > config.maxValueBytes))
      throw new MailError('LIMIT', 'The annotation is too big');
    if (values.length > config.maxEntries) throw new MailError('LIMIT', 'There are too many annotations');
    for (const entry of entries[scope].keys()) {
      const part = partOf(entry);
      if (part !== undefined && !hasPart(item.message.summary, part)) throw noPart();
    }
  }
  return { ...item, annotations: withValues(entries.shared), privateAnnotations: withValues(entries.priv) };
}

function withValues(entries: ReadonlyMap<string, Uint8Array | undefined>): ReadonlyMap<string, Uint8Array> {
  return new Map(
    [...entries].flatMap(([entry, value]) => (value === undefined ? [] : [[entry, value] as const])),
  );
}

/** RFC 5257 §3.4: `r` for one's own, `n` for what is shared. @throws MailError NOPERM */
function checkRights(session: ImapSession, rights: number, { priv, shared }: Entries): void {
  const isPrivateAllowed = (rights & Right.read) !== 0 && annotator(session) !== undefined;
  if ((priv.size > 0 && !isPrivateAllowed) || (shared.size > 0 && (rights & Right.annotate) === 0)) {
    throw new MailError('NOPERM', 'Permission denied');
  }
}

function checkSizes(entries: Entries, { maxValueBytes }: AnnotateConfig): void {
  for (const scope of scopes) {
    for (const value of entries[scope].values()) {
      if ((value?.length ?? 0) > maxValueBytes)
        throw new AnnotateRefused('ANNOTATE TOOBIG', 'The annotation is too big');
    }
  }
}

function checkCount(
  there: ReadonlyMap<string, Uint8Array>,
  coming: ReadonlyMap<string, Uint8Array | undefined>,
  { maxEntries }: AnnotateConfig,
): void {
  let count = there.size;
  for (const [entry, value] of coming) {
    if (value !== undefined && !there.has(entry)) count++;
    else if (value === undefined && there.has(entry)) count--;
  }
  if (count > there.size && count > maxEntries)
    throw new AnnotateRefused('ANNOTATE TOOMANY', 'There are too many annotations');
}

/** A part that the message has not is BAD (RFC 5257 §3.2.1). */
async function checkParts(session: ImapSession, uids: NumberSet, entries: Entries): Promise<void> {
  const parts = scopes.flatMap((scope) =>
    [...entries[scope].keys()].flatMap((entry) => [partOf(entry) ?? []]),
  );
  const asked = parts.filter((part) => part.length > 0);
  if (asked.length === 0) return;
  for await (const { records } of session.selected.mailbox.summaries(uids)) {
    for (const record of records) {
      const summary = new SummaryView(record);
      if (asked.some((part) => !hasPart(summary, part))) throw noPart();
    }
  }
}

/** A message with more parts than its summary has is taken at its word. */
function hasPart(summary: SummaryView, part: readonly number[]): boolean {
  return !summary.sectionsStored || summary.section(part) !== undefined;
}

function noPart(): ImapSyntaxError {
  return new ImapSyntaxError('a message has no such part');
}
