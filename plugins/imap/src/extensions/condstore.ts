/** CONDSTORE (RFC 7162): what concerns the session; FETCH, SEARCH and STORE bring their parts. */
import type { ImapExtension, ImapSession } from '@angarium/sdk';

/** RFC 7162 §3.1: the first enabling command with a mailbox selected tells its HIGHESTMODSEQ. */
export function tellHighest(session: ImapSession): void {
  if (session.state !== 'selected') return;
  const highest = Math.max(1, session.selected.view.highestModSeq);
  session.connection.write(`* OK [HIGHESTMODSEQ ${highest}] Highest\r\n`);
}

export const condstoreExtension: ImapExtension = {
  name: 'CONDSTORE',
  capabilities: [{ word: 'CONDSTORE', states: ['authenticated', 'selected'] }],
  enable: [{ name: 'CONDSTORE', onEnable: tellHighest }],
  parameters: [
    {
      command: 'SELECT',
      name: 'CONDSTORE',
      // SELECT has told HIGHESTMODSEQ (RFC 7162 §3.1.8).
      async onSelect(session) {
        session.enable('CONDSTORE');
      },
    },
  ],
  statusItems: [
    {
      name: 'HIGHESTMODSEQ',
      // RFC 7162 §3.1.7; asking for it enables.
      value(session, _mailbox, { highestModSeq }) {
        if (!session.enabled.has('CONDSTORE')) {
          session.enable('CONDSTORE');
          tellHighest(session);
        }
        return `${Math.max(1, highestModSeq)}`;
      },
    },
  ],
};
