/** STORE_REPAIR: what administrators ask of single mailboxes and of quota roots while the server runs. */
import type { MailboxId, MailboxRepair, UsageFault } from '@angarium/sdk';
import type { StoreEngine } from '../engine.js';
import { nonexistent } from '../errors.js';

export async function reconstructMailbox(
  engine: StoreEngine,
  id: MailboxId,
  isDry: boolean,
): Promise<MailboxRepair> {
  const listed = engine.list.byId(id);
  if (listed === undefined) throw nonexistent();
  return await engine.writer.run('reconstruct', { ref: listed.ref, isFull: false, isDry });
}

/** Mailboxes whose change of root was cut off between list and shard are counted under the root that the list says. */
export async function recountUsage(engine: StoreEngine, isDry: boolean): Promise<readonly UsageFault[]> {
  const { writer, shards, catalogue } = engine;
  if (!isDry) {
    const all = catalogue.listed({});
    for (let from = 0; from < all.length; from += AT_ONCE) {
      await Promise.all(all.slice(from, from + AT_ONCE).map(({ ref }) => writer.run('syncMailbox', { ref })));
    }
  }
  const wrong = new Map<string, Use>();
  for (let shard = 0; shard < shards.length; shard++) {
    for (const { root, was, is } of await writer.run('repairUsage', { shard, isDry })) {
      const before = wrong.get(root) ?? { bytes: 0, messages: 0 };
      wrong.set(root, sum(sum(before, is, 1), was, -1));
    }
  }
  return [...wrong].map(([quotaRoot, difference]): UsageFault => {
    const now = recorded(engine, quotaRoot);
    return isDry
      ? { quotaRoot, was: sum(now, difference, 0), is: sum(now, difference, 1) }
      : { quotaRoot, was: sum(now, difference, -1), is: sum(now, difference, 0) };
  });
}

/** In all shards, also where the root has no mailbox. */
function recorded({ shards }: StoreEngine, root: string): Use {
  return shards.reduce<Use>(
    (total, shard) => {
      const [bytes = 0, messages = 0] = shard.usage(root) ?? [];
      return { bytes: total.bytes + bytes, messages: total.messages + messages };
    },
    { bytes: 0, messages: 0 },
  );
}

/** Mailboxes in one go: their shards commit them in groups. */
const AT_ONCE = 500;

interface Use {
  readonly bytes: number;
  readonly messages: number;
}

function sum(a: Use, b: Use, times: -1 | 0 | 1): Use {
  return { bytes: a.bytes + times * b.bytes, messages: a.messages + times * b.messages };
}
