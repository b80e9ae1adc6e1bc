/** QRESYNC (RFC 7162 §3.2): a client that comes back is told what has changed, and pays for nothing else. */
import {
  type CommandScope,
  fetchHead,
  type ImapExtension,
  type ImapReply,
  type ImapSession,
  ImapSyntaxError,
  NumberSet,
  type SequenceSet,
  STAR,
  type UpdateFilter,
} from '@angarium/sdk';
import { indexPart } from '../../fetch/index-parts.js';
import { changedSince } from '../../fetch/plan.js';
import { fetchRows } from '../../fetch/rows.js';
import { Output } from '../../view/index.js';
import { tellHighest } from '../condstore.js';
import { uidRequired } from '../uidonly/index.js';
import { type KnownState, lastMatch, parseKnownState } from './parameter.js';
import { tellEarlier, vanishedLines, vanishedSince } from './vanished.js';

/** RFC 7162 §3.2.5, §3.2.6: BAD without it. */
function requireEnabled(session: ImapSession): void {
  if (!session.enabled.has('QRESYNC')) throw new ImapSyntaxError('QRESYNC has not been enabled');
}

function checkKnown(session: ImapSession, args: unknown): void {
  requireEnabled(session);
  const { matches } = args as KnownState;
  // RFC 9586 §3.7.
  if (matches.length > 0 && session.enabled.has('UIDONLY'))
    throw uidRequired('Message numbers have no meaning with UIDONLY');
}

/** RFC 7162 §3.2.5.1: expunges, then flags, of what the client knows. */
async function resynchronise(session: ImapSession, reply: ImapReply, known: KnownState): Promise<void> {
  const { selected } = session;
  const { view } = selected;
  if (known.uidValidity !== view.head.uidValidity) return;
  const uids = known.uids ?? NumberSet.range(1, view.head.uidNext - 1);
  const unknown = NumberSet.range(lastMatch(view, known.matches) + 1, 0xffff_ffff);
  await tellEarlier(reply, await vanishedSince(selected, known.modSeq, uids.intersect(unknown)));
  const changed = changedSince(selected, view.indexesOf(uids), known.modSeq);
  const names = session.enabled.has('UIDONLY')
    ? (['FLAGS', 'MODSEQ'] as const)
    : (['UID', 'FLAGS', 'MODSEQ'] as const);
  const parts = names.map((name) => indexPart(name, selected));
  await fetchRows(selected, changed, parts, new Output(reply), fetchHead(session));
}

/** RFC 7162 §3.2.6. */
function checkVanished(session: ImapSession, _args: unknown, scope: CommandScope | undefined): void {
  if (scope?.isUid !== true) throw new ImapSyntaxError('VANISHED is of UID FETCH only');
  requireEnabled(session);
  if (scope.changedSince === undefined) throw new ImapSyntaxError('VANISHED needs CHANGEDSINCE');
}

/** `*` is the last UID that was ever given, so that what vanished from the end is told too. */
function askedUids(session: ImapSession, set: SequenceSet): NumberSet {
  const { view, savedResult } = session.selected;
  if (set.isSaved) return savedResult;
  const last = Math.max(1, view.head.uidNext - 1);
  const number = (of: number): number => (of === STAR ? last : of);
  return NumberSet.fromRanges(set.ranges.map(([a, b]) => [number(a), number(b)] as const));
}

async function narrowToChanged(
  session: ImapSession,
  indexes: NumberSet,
  _args: unknown,
  reply: ImapReply,
  { set, changedSince: modSeq }: CommandScope,
): Promise<NumberSet> {
  if (set === undefined || modSeq === undefined) return indexes;
  await tellEarlier(reply, await vanishedSince(session.selected, modSeq, askedUids(session, set)));
  return indexes;
}

/** RFC 7162 §3.2.10.2; RFC 9586 §3.4 for clients without sequence numbers. */
const vanishedInsteadOfExpunge: UpdateFilter = {
  isActive: ({ enabled }) => enabled.has('QRESYNC') || enabled.has('UIDONLY'),
  expunged(_session, reply, uids) {
    for (const line of vanishedLines(uids, false)) reply.untagged(line);
    return true;
  },
};

export const qresyncExtension: ImapExtension = {
  name: 'QRESYNC',
  capabilities: [{ word: 'QRESYNC', states: ['authenticated', 'selected'] }],
  enable: [
    {
      name: 'QRESYNC',
      // RFC 7162 §3.2.3: CONDSTORE is in it.
      onEnable(session) {
        if (session.enabled.has('CONDSTORE')) return;
        session.enable('CONDSTORE');
        tellHighest(session);
      },
    },
  ],
  parameters: [
    {
      command: 'SELECT',
      name: 'QRESYNC',
      parse: parseKnownState,
      check: checkKnown,
      onSelect: (session, reply, args) => resynchronise(session, reply, args as KnownState),
    },
    { command: 'FETCH', name: 'VANISHED', check: checkVanished, narrow: narrowToChanged },
  ],
  updateFilters: [vanishedInsteadOfExpunge],
};
