/** Coming back to a big mailbox. */
import { type BenchCase, bigUser, login, type Scale } from './cases.js';
import type { BenchServer } from './servers.js';

const CHANGES = 100;

/** Where the mailbox stood before so many messages were flagged, one here and one there. */
async function changed(server: BenchServer, scale: Scale): Promise<string> {
  const client = await login(server, bigUser(scale));
  await client.command('e', 'ENABLE QRESYNC');
  const told = await client.command('s', 'SELECT INBOX');
  const [, uidValidity] = /UIDVALIDITY (\d+)/.exec(told) ?? [];
  const [, modseq] = /HIGHESTMODSEQ (\d+)/.exec(told) ?? [];
  const step = Math.floor(scale.mailbox / CHANGES);
  const numbers = Array.from({ length: CHANGES }, (_, i) => 1 + i * step);
  await client.command('f', `STORE ${numbers.join(',')} -FLAGS.SILENT (\\Flagged)`);
  await client.command('f', `STORE ${numbers.join(',')} +FLAGS.SILENT (\\Flagged)`);
  client.end();
  return `SELECT INBOX (QRESYNC (${uidValidity} ${modseq}))`;
}

/** They need the big mailbox, which an earlier case has made. */
export const bigCases: readonly BenchCase[] = [
  {
    name: `SELECT of the big mailbox with QRESYNC after ${CHANGES} changes`,
    unit: 'ms',
    figure: 'ms',
    async run(server, scale) {
      const times: number[] = [];
      for (let run = 0; run < 5; run++) {
        const command = await changed(server, scale);
        const client = await login(server, bigUser(scale));
        await client.command('e', 'ENABLE QRESYNC');
        const start = performance.now();
        const told = await client.command('s', command);
        times.push(performance.now() - start);
        const lines = told.match(/^\* \d+ FETCH /gm)?.length ?? 0;
        if (lines !== CHANGES) throw new Error(`${lines} changes of ${CHANGES}`);
        client.end();
      }
      return times.sort((a, b) => a - b)[2]!;
    },
  },
];
