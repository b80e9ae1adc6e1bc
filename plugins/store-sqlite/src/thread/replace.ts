/** REPLACE (RFC 8508): messages that go where an append comes. */
import { MailError } from '@angarium/sdk';
import { unflatten } from '../model/ids.js';
import type { WriteContext } from './context.js';
import { type ExpungeOutcome, removeMessages } from './expunge.js';
import type { Replaced } from './protocol.js';
import type { ShardWriter } from './shard.js';
import { tellExpunged } from './transfer.js';

/**
 * In the transaction of the append, before it, so that the quota root has the room. Undefined: nothing to replace, or it is
 * in another shard. @throws MailError EXPUNGEISSUED
 */
export function removeReplaced(
  context: WriteContext,
  shard: ShardWriter,
  replaces: Replaced | undefined,
  nowMs: number,
): ExpungeOutcome | undefined {
  if (replaces === undefined || context.shard(replaces.ref.shard).shard !== shard) return undefined;
  return remove(shard, replaces, nowMs);
}

function remove(shard: ShardWriter, { ref, uids }: Replaced, nowMs: number): ExpungeOutcome {
  const outcome = removeMessages(shard, shard.mailbox(ref), uids, false, nowMs);
  if (unflatten(outcome.result.uids).size < unflatten(uids).size) {
    throw new MailError('EXPUNGEISSUED', 'The message to be replaced is gone');
  }
  return outcome;
}

/**
 * After the append, in the other shard; tells of it. The new message is durable: what has gone meanwhile is no error any
 * more.
 */
export async function removeElsewhere(
  context: WriteContext,
  { ref, uids }: Replaced,
  nowMs: number,
): Promise<ExpungeOutcome> {
  const { queue, shard } = context.shard(ref.shard);
  const outcome = await queue.run(() => removeMessages(shard, shard.mailbox(ref), uids, false, nowMs));
  tellExpunged(context, ref, shard, outcome);
  return outcome;
}
