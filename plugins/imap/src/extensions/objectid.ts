/** OBJECTID (RFC 8474). CREATE tells the MAILBOXID itself. */
import { type CommandLine, type ImapExtension, SummaryView, threadIdOf } from '@angarium/sdk';

/** Of the 256 bits of a message's hash: nobody finds two messages with the same 160. */
const EMAIL_ID_BYTES = 20;

/** `M…`: of the content, so that copies have the same (RFC 8474 §5.1). */
function emailIdOf({ guid }: SummaryView): string {
  return `M${guid.subarray(0, EMAIL_ID_BYTES).toString('base64url')}`;
}

/** `T…`: never equal to an EMAILID (RFC 8474 §5.2). */
function threadIdText(summary: SummaryView): string {
  return `T${threadIdOf(summary).toString('base64url')}`;
}

function parseObjectId(line: CommandLine): string {
  line.sp();
  return line.atom();
}

export const objectIdExtension: ImapExtension = {
  name: 'OBJECTID',
  capabilities: [{ word: 'OBJECTID', states: ['authenticated', 'selected'] }],
  onSelect({ selected }, reply) {
    reply.status('OK', 'Ok', `MAILBOXID (${selected.entry.id})`);
  },
  statusItems: [{ name: 'MAILBOXID', value: (_session, { id }) => `(${id})` }],
  fetchItems: [
    {
      name: 'EMAILID',
      needs: 'summary',
      run: ({ summaries }) =>
        summaries!.records.map((record) => `EMAILID (${emailIdOf(new SummaryView(record))})`),
    },
    {
      name: 'THREADID',
      needs: 'summary',
      run: ({ summaries }) =>
        summaries!.records.map((record) => `THREADID (${threadIdText(new SummaryView(record))})`),
    },
  ],
  searchKeys: [
    {
      name: 'EMAILID',
      needs: 'summary',
      parse: parseObjectId,
      matchSummary: (_session, summary, id) => emailIdOf(summary) === id,
    },
    {
      name: 'THREADID',
      needs: 'summary',
      parse: parseObjectId,
      matchSummary: (_session, summary, id) => threadIdText(summary) === id,
    },
  ],
};
