/** What a long command costs those beside it: how long a NOOP takes while another session sorts or threads. */
import type { LoadClient } from './load.js';

/** Sessions that ask again and again; some are in the worker that sorts. */
const BESIDE = 4;

export interface Stall {
  readonly maxMs: number;
  readonly p99Ms: number;
  /** How long the command itself took. */
  readonly commandMs: number;
}

/** @param login makes a session; @param command to be run in a selected mailbox, and how its untagged answer begins. */
export async function stallOf(
  login: () => Promise<LoadClient>,
  { command, answer }: { readonly command: string; readonly answer: string },
): Promise<Stall> {
  const beside = await Promise.all(Array.from({ length: BESIDE }, login));
  const busy = await login();
  await busy.command('s', 'EXAMINE INBOX');
  let isOver = false;
  const waits: number[] = [];
  const asking = beside.map(async (client) => {
    while (!isOver) {
      const start = performance.now();
      await client.command('n', 'NOOP');
      waits.push(performance.now() - start);
    }
  });
  const start = performance.now();
  const text = await busy.command('b', command);
  const commandMs = performance.now() - start;
  isOver = true;
  await Promise.all(asking);
  for (const client of [...beside, busy]) client.end();
  if (!text.includes(`* ${answer}`)) throw new Error(`${command}: ${text.slice(0, 200)}`);
  waits.sort((a, b) => a - b);
  return { commandMs, maxMs: waits[waits.length - 1]!, p99Ms: waits[Math.floor(waits.length * 0.99)]! };
}
