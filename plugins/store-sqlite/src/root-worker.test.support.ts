/**
 * A process that files into mailboxes of a limited root until nothing fits. Arguments: data folder, limit, mailboxes.
 * Prints how many messages it filed.
 */
import { writeSync } from 'node:fs';
import { isMailError, type MailboxId } from '@angarium/sdk';
import { openTestEngine } from './engine.test.support.js';

async function main(): Promise<void> {
  const [dir, limit, ...mailboxes] = process.argv.slice(2) as [string, string, ...MailboxId[]];
  const { engine, close } = await openTestEngine({ dir });
  await using message = await engine.stage([Buffer.from('Subject: x\r\n\r\nx\r\n')], { maxBytes: 1e6 });
  const item = { message, flags: { system: 0, keywords: [] }, internalDateMs: 0 };
  const limits = [{ quotaRoot: '\u001f', messages: Number(limit) }];
  let filed = 0;
  const lane = async (at: number): Promise<void> => {
    for (let i = at; ; i++) {
      const mailbox = mailboxes[i % mailboxes.length]!;
      const [outcome] = await engine.append([{ mailbox, items: [item], limits }]);
      if (outcome?.ok === true) filed++;
      else if (outcome?.ok === false && isMailError(outcome.error) && outcome.error.code === 'OVERQUOTA')
        return;
      else throw outcome?.error ?? new Error('no outcome');
    }
  };
  await Promise.all([0, 1, 2, 3, 4, 5].map(lane));
  writeSync(1, `${filed}\n`);
  await close();
}

if (process.argv[2] !== undefined && process.argv[1]?.endsWith('root-worker.test.support.js') === true)
  await main();
