/**
 * A process that writes to a store, for tests with several of them. Arguments: data folder, name, mode.
 * Reports each acknowledged change as a line of JSON on stdout, after it was acknowledged.
 */
import { writeSync } from 'node:fs';
import { type MailboxId, MailError, NumberSet } from '@angarium/sdk';
import type { StoreEngine } from './engine.js';
import { openTestEngine } from './engine.test.support.js';

export type WorkerLine =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'appended';
      readonly mailbox: string;
      readonly uid: number;
      readonly modSeq: number;
      readonly subject: string;
    }
  | {
      readonly kind: 'flagged';
      readonly mailbox: string;
      readonly uid: number;
      readonly modSeq: number;
      readonly keyword: string;
    }
  | { readonly kind: 'expunged'; readonly mailbox: string; readonly uid: number; readonly modSeq: number };

export function workerMail(subject: string): Buffer {
  return Buffer.from(`Subject: ${subject}\r\n\r\n${'a line of text\r\n'.repeat(40)}`, 'latin1');
}

/** A worker whose name begins with `move` has these, and moves its mailboxes between them without end. */
export const movingPartitions = {
  default: 'packs',
  secret: { path: 'secret', compression: 'zstd' as const, keys: ['env:ANGARIUM_TEST_MOVE_KEY'] },
};

async function moveForever({ catalogue }: StoreEngine, mailboxes: readonly MailboxId[]): Promise<never> {
  for (;;) {
    for (const partition of ['secret', 'default']) {
      for (const id of mailboxes) {
        const { name } = (await catalogue.byId(id))!;
        await catalogue.rename(name, name, { partition }).catch((error: unknown) => {
          // There already, when a worker before was killed in between.
          if (!(error instanceof MailError)) throw error;
        });
      }
    }
  }
}

/** Synchronous, so that nothing acknowledged is forgotten when the process is killed. */
function say(line: WorkerLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

async function main(): Promise<void> {
  const [dir, name, count, ...mailboxes] = process.argv.slice(2) as [string, string, string, ...MailboxId[]];
  const isMoving = name.startsWith('move');
  const { engine, close } = await openTestEngine(
    isMoving ? { dir, config: { partitions: movingPartitions } } : { dir },
  );
  say({ kind: 'ready' });
  if (isMoving) void moveForever(engine, mailboxes);
  const appender = async (lane: number): Promise<void> => {
    for (let i = 0; i < Number(count); i++) {
      const mailbox = mailboxes[(i + lane) % mailboxes.length]!;
      const subject = `${name} ${lane} ${i}`;
      await using message = await engine.stage([workerMail(subject)], { maxBytes: 1e6 });
      const flags = { system: 0, keywords: [] };
      const [outcome] = await engine.append([{ mailbox, items: [{ message, flags, internalDateMs: 0 }] }]);
      if (outcome?.ok !== true) throw outcome?.error ?? new Error('no outcome');
      const [uid] = outcome.uids;
      say({ kind: 'appended', mailbox, uid: uid!, modSeq: outcome.modSeq, subject });
      const keyword = `from-${name}-${lane}`;
      const uids = NumberSet.of(uid!);
      const flagged = await engine
        .mailbox(mailbox)
        .updateFlags(uids, { mode: 'add', system: 1, keywords: [keyword] });
      say({ kind: 'flagged', mailbox, uid: uid!, modSeq: flagged.modSeq, keyword });
      if (i % 5 !== 4) continue;
      const expunged = await engine.mailbox(mailbox).expunge(uids, { onlyDeleted: false });
      say({ kind: 'expunged', mailbox, uid: uid!, modSeq: expunged.modSeq });
    }
  };
  await Promise.all([0, 1, 2, 3].map(appender));
  await close();
}

if (process.argv[2] !== undefined && process.argv[1]?.endsWith('worker.test.support.js') === true)
  await main();
