/** SAVEDATE (RFC 8514): when a message came into this mailbox. Days are those that SAVEDATE shows: UTC. */
import {
  type CommandLine,
  formatInternalDate,
  type ImapExtension,
  type SearchKey,
  SummaryView,
} from '@angarium/sdk';

const MS_A_DAY = 86_400_000;

function parseDay(line: CommandLine): number {
  line.sp();
  const { year, month, day } = line.date();
  return Math.floor(Date.UTC(year, month - 1, day) / MS_A_DAY);
}

/** A message that was rebuilt without its records has no save date: the internal date stands for it (RFC 8514 §4.3). */
function savedDay({ saveDateMs, internalDateMs }: SummaryView): number {
  return Math.floor((saveDateMs > 0 ? saveDateMs : internalDateMs) / MS_A_DAY);
}

function key(name: string, matches: (saved: number, day: number) => boolean): SearchKey {
  return {
    name,
    needs: 'summary',
    parse: parseDay,
    matchSummary: (_session, summary, day) => matches(savedDay(summary), day as number),
  };
}

export const saveDateExtension: ImapExtension = {
  name: 'SAVEDATE',
  capabilities: [{ word: 'SAVEDATE', states: ['authenticated', 'selected'] }],
  fetchItems: [
    {
      name: 'SAVEDATE',
      needs: 'summary',
      run: ({ summaries }) =>
        summaries!.records.map((record) => {
          const { saveDateMs } = new SummaryView(record);
          return saveDateMs > 0 ? `SAVEDATE "${formatInternalDate(saveDateMs)}"` : 'SAVEDATE NIL';
        }),
    },
  ],
  searchKeys: [
    key('SAVEDBEFORE', (saved, day) => saved < day),
    key('SAVEDON', (saved, day) => saved === day),
    key('SAVEDSINCE', (saved, day) => saved >= day),
    { name: 'SAVEDATESUPPORTED', needs: 'index', parse: () => undefined, matchIndex: () => true },
  ],
};
