import {
  defineImapCommand,
  Flag,
  fetchHead,
  type ImapCommand,
  type ImapCommandContext,
  type ImapSession,
  NumberSet,
  Right,
  type SelectedMailbox,
} from '@angarium/sdk';
import { enableCondstore, type MessageEnvironment } from '../messages/environment.js';
import { newestIndexes, tellInPart } from '../messages/message-limit.js';
import { Output } from '../view/index.js';
import { type FetchArguments, parseFetch } from './items.js';
import { MessageWriter } from './message-writer.js';
import { changedSince, isRowsOnly, planFor } from './plan.js';
import { fetchRows } from './rows.js';

/** FETCH and UID FETCH: RFC 3501 §6.4.5, CHANGEDSINCE and MODSEQ of RFC 7162 §3.1.4. */
export function fetchCommand(environment: MessageEnvironment): ImapCommand<FetchArguments> {
  return defineImapCommand({
    name: 'FETCH',
    rfc: 'RFC 3501 §6.4.5',
    states: ['selected'],
    hasUidForm: true,
    usesNumbers: true,
    mayExpunge: false,
    parse: (line, isUid) => parseFetch(line, isUid, environment),
    run: (context, args) => runFetch(context, args, environment),
  });
}

async function runFetch(
  context: ImapCommandContext,
  args: FetchArguments,
  { limits }: MessageEnvironment,
): Promise<void> {
  const { session, reply, isUid } = context;
  const { selected } = session;
  const scope = { isUid, set: args.set, changedSince: args.changedSince };
  for (const { parameter, args: values } of args.parameters) parameter.check?.(session, values, scope);
  if (args.items.some((item) => item.label === 'MODSEQ')) enableCondstore(session, reply);
  const moment = { mayExpunge: isUid, withUid: isUid };
  await selected.sync(reply, moment);
  let indexes = selected.resolve(args.set, isUid);
  for (const { parameter, args: values } of args.parameters) {
    if (parameter.narrow !== undefined)
      indexes = await parameter.narrow(session, indexes, values, reply, scope);
  }
  // After them: a window (RFC 9394 §3.4) is one of the messages, not of the changes.
  if (args.changedSince !== undefined) indexes = changedSince(selected, indexes, args.changedSince);
  const limited = newestIndexes(limits?.messageLimit, indexes, selected);
  indexes = limited.left;
  let plan = planFor(session, args.items, args.asksUid);
  let seen = NumberSet.empty;
  if (plan.setsSeen && mayMarkSeen(selected)) {
    seen = await markSeen(session, selected, indexes);
    if (!seen.isEmpty) {
      // Sequence numbers stay: expunges that came in between wait as ghosts.
      await selected.sync(reply, { ...moment, mayExpunge: false });
      plan = planFor(session, args.items, args.asksUid);
    }
  }
  const out = new Output(reply);
  if (isRowsOnly(plan)) {
    await fetchRows(selected, indexes, plan.rows, out, fetchHead(session));
    tellInPart(reply, limited, false);
    return;
  }
  const writer = new MessageWriter(session, plan, seen, out);
  await writer.run(indexes);
  // RFC 2180 §4.1.2; UIDs that are gone are no error (RFC 3501 §6.4.8).
  const isSomeGone = writer.missing > 0 && !isUid;
  tellInPart(reply, limited, writer.hasUnknownEncoding || isSomeGone || writer.downgraded.length > 0);
  if (writer.hasUnknownEncoding) {
    reply.failed('Some part has a transfer encoding that cannot be undone', 'UNKNOWN-CTE');
  } else if (isSomeGone) {
    reply.failed('Some of the requested messages no longer exist', 'EXPUNGEISSUED');
  } else if (writer.downgraded.length > 0) {
    reply.completed('Completed', `DOWNGRADED ${NumberSet.fromAscending(writer.downgraded)}`);
  }
}

function mayMarkSeen(selected: SelectedMailbox): boolean {
  return !selected.isReadOnly && (selected.rights & Right.seen) !== 0;
}

/** One change for the whole set; messages that have \Seen already cost nothing. Answers those that have changed. */
async function markSeen(
  session: ImapSession,
  selected: SelectedMailbox,
  indexes: NumberSet,
): Promise<NumberSet> {
  const unseen: number[] = [];
  selected.view.eachRun(indexes, (chunk, from, to) => {
    for (let at = from; at < to; at++) if (!(chunk.flags[at]! & Flag.seen)) unseen.push(chunk.uids[at]!);
  });
  const uids = NumberSet.fromAscending(unseen).minus(selected.ghosts);
  if (uids.isEmpty) return uids;
  const change = { mode: 'add', system: Flag.seen, keywords: [] } as const;
  const update = await selected.mailbox.updateFlags(uids, change, { origin: session.origin('FETCH') });
  selected.ownFlagChange(update.changed, change, 'nothing', update.modSeq);
  return update.changed;
}
