import {
  type CommandLine,
  defineImapCommand,
  type FlagChange,
  type FlagSet,
  type ImapCommand,
  type ImapCommandContext,
  type ImapSession,
  MailError,
  NumberSet,
  noFlags,
  type SelectedMailbox,
  type SequenceSet,
  type StoreItem,
} from '@angarium/sdk';
import { numbersOf, touchableFlags } from '../view/index.js';
import { enableCondstore, type MessageEnvironment } from './environment.js';
import { type Limited, type MessageLimit, newestUids, tellInPart } from './message-limit.js';
import { requireWritable, type Targets, targetsOf } from './targets.js';

interface StoreArguments {
  readonly set: SequenceSet;
  readonly unchangedSince: number | undefined;
  readonly mode: FlagChange['mode'];
  readonly isSilent: boolean;
  /** Of FLAGS. */
  readonly flags: FlagSet;
  /** Something else than FLAGS. */
  readonly item: { readonly item: StoreItem; readonly args: unknown } | undefined;
}

/** STORE and UID STORE: RFC 3501 §6.4.6, UNCHANGEDSINCE of RFC 7162 §3.1.3. */
export function storeCommand(environment: MessageEnvironment): ImapCommand<StoreArguments> {
  return defineImapCommand({
    name: 'STORE',
    rfc: 'RFC 3501 §6.4.6',
    states: ['selected'],
    hasUidForm: true,
    usesNumbers: true,
    mayExpunge: false,
    parse: (line) => parseStore(line, environment),
    run: (context, args) => runStore(context, args, environment),
  });
}

function parseStore(line: CommandLine, environment: MessageEnvironment): StoreArguments {
  line.sp();
  const set = line.sequenceSet();
  line.sp();
  const unchangedSince = line.peek() === '(' ? storeModifiers(line, environment) : undefined;
  const mode = line.tryExpect('+') ? 'add' : line.tryExpect('-') ? 'remove' : 'replace';
  const name = line.itemName();
  if (name !== 'FLAGS' && name !== 'FLAGS.SILENT') {
    const item = storeItem(line, name, environment);
    return { set, unchangedSince, mode, flags: noFlags, ...item };
  }
  const isSilent = name === 'FLAGS.SILENT';
  line.sp();
  const flags = line.flags();
  line.end();
  return { set, unchangedSince, mode, isSilent, flags, item: undefined };
}

function storeItem(
  line: CommandLine,
  name: string,
  environment: MessageEnvironment,
): Pick<StoreArguments, 'isSilent' | 'item'> {
  const isSilent = name.endsWith('.SILENT');
  const plain = isSilent ? name.slice(0, -'.SILENT'.length) : name;
  const item = environment.storeItem?.(plain) ?? line.fail(`FLAGS instead of ${plain.slice(0, 40)}`);
  line.sp();
  const args = item.parse(line);
  line.end();
  return { isSilent, item: { item, args } };
}

/** store-modifiers (RFC 4466 §2.5) and the space behind them. */
function storeModifiers(line: CommandLine, environment: MessageEnvironment): number | undefined {
  let unchangedSince: number | undefined;
  line.list(() => {
    const name = line.itemName();
    if (name === 'UNCHANGEDSINCE') {
      line.sp();
      unchangedSince = line.number64();
      return;
    }
    const parameter = environment.parameter('STORE', name);
    if (parameter === undefined) line.fail(`a STORE modifier instead of ${name}`);
    else parameter.parse?.(line);
  });
  line.sp();
  return unchangedSince;
}

async function runStore(
  context: ImapCommandContext,
  args: StoreArguments,
  { limits }: MessageEnvironment,
): Promise<void> {
  const { session, reply, isUid } = context;
  const { selected } = session;
  requireWritable(selected);
  const { item, unchangedSince } = args;
  const limit = limits?.messageLimit;
  if (item?.item.store !== undefined) return storeOther(context, args, item.item, item.args, limit);
  const asked: readonly FlagChange[] =
    item === undefined
      ? [{ mode: args.mode, ...args.flags }]
      : (item.item.changes?.(session, args.mode, item.args) ?? []);
  const changes = asked.map((change) => permitted(selected, change));
  if (unchangedSince !== undefined) enableCondstore(session, reply);
  const targets = await targetsOf(selected, reply, args.set, isUid);
  const limited = newestUids(limit, targets.uids);
  const uids = limited.left;
  const modified = await applyChanges(session, uids, changes, unchangedSince);
  // What the client believes is what it has asked for: flags that its rights do not allow are told then.
  const tell = args.isSilent ? (unchangedSince === undefined ? 'nothing' : 'modSeq') : 'flags';
  for (const change of asked) selected.ownFlagChange(uids.minus(modified), change, tell);
  await selected.sync(reply, { mayExpunge: isUid, withUid: isUid });
  answer(context, args, targets, modified, limited);
}

/** Answers those that failed the UNCHANGEDSINCE test. */
async function applyChanges(
  session: ImapSession,
  uids: NumberSet,
  changes: readonly FlagChange[],
  unchangedSince: number | undefined,
): Promise<NumberSet> {
  const origin = session.origin('STORE');
  let modified = NumberSet.empty;
  for (const [at, change] of changes.entries()) {
    const left = uids.minus(modified);
    if (left.isEmpty) break;
    // The first change gives them a new mod-sequence.
    const options = unchangedSince === undefined || at > 0 ? { origin } : { origin, unchangedSince };
    const update = await session.selected.mailbox.updateFlags(left, change, options);
    modified = modified.union(update.modified);
  }
  return modified;
}

/** What is no flag: nothing is told but mod-sequences (RFC 5257 §4.5). */
async function storeOther(
  context: ImapCommandContext,
  args: StoreArguments,
  item: StoreItem,
  value: unknown,
  limit: MessageLimit,
): Promise<void> {
  const { session, reply, isUid } = context;
  const { selected } = session;
  const { unchangedSince } = args;
  if (unchangedSince !== undefined) enableCondstore(session, reply);
  const targets = await targetsOf(selected, reply, args.set, isUid);
  const limited = newestUids(limit, targets.uids);
  const uids = limited.left;
  const modified = uids.isEmpty
    ? NumberSet.empty
    : await item.store!(context, uids, args.mode, value, unchangedSince);
  await selected.sync(reply, { mayExpunge: isUid, withUid: isUid });
  answer(context, { ...args, isSilent: true }, targets, modified, limited);
}

function answer(
  { session, reply, isUid }: ImapCommandContext,
  args: StoreArguments,
  targets: Targets,
  modified: NumberSet,
  limited: Limited,
): void {
  const { view } = session.selected;
  const failed = isUid ? modified : numbersOf(view.indexesOf(modified));
  const code = modified.isEmpty ? undefined : `MODIFIED ${failed}`;
  // RFC 2180 §4.2.1 to 4.2.3; a UID that is not there is no error (RFC 3501 §6.4.8).
  const isSomeGone = !targets.gone.isEmpty && !isUid && !args.isSilent;
  tellInPart(reply, limited, isSomeGone || code !== undefined);
  if (isSomeGone) {
    const text = targets.uids.isEmpty
      ? 'The messages have been expunged'
      : 'Some of the messages no longer exist';
    reply.failed(text, code ?? 'EXPUNGEISSUED');
  } else if (code !== undefined) reply.completed('Conditional STORE failed for some', code);
}

/**
 * What the rights leave of the change: flags that may not be touched are dropped from + and -, an error only when none is
 * left; a replacement with such a flag fails as a whole, and otherwise leaves them as they are (RFC 4314 §4).
 * @throws MailError NOPERM
 */
function permitted(selected: SelectedMailbox, { mode, ...flags }: FlagChange): FlagChange {
  const touchable = touchableFlags(selected.rights);
  const system = flags.system & touchable.system;
  const keywords = touchable.keywords ? flags.keywords : [];
  const isWhole = system === flags.system && keywords.length === flags.keywords.length;
  const isNothing = system === 0 && keywords.length === 0;
  if (touchable.system === 0 || (!isWhole && (mode === 'replace' || isNothing))) {
    throw new MailError('NOPERM', 'Permission denied');
  }
  return mode === 'replace' ? { mode, system, keywords, touchable } : { mode, system, keywords };
}
