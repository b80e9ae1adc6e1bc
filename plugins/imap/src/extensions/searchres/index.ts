/** SEARCHRES (RFC 5182): SAVE keeps what was found, `$` stands for it. Expunged messages leave it where they are told. */
import type { ImapExtension, ReturnOption } from '@angarium/sdk';

const save: ReturnOption = {
  name: 'SAVE',
  commands: ['SEARCH', 'SORT', 'ESEARCH'],
  isSilent: true,
  after({ session, covered }) {
    session.selected.savedResult = session.selected.view.uidsAt(covered);
  },
};

export const searchresExtension: ImapExtension = {
  name: 'SEARCHRES',
  capabilities: [{ word: 'SEARCHRES', states: ['authenticated', 'selected'] }],
  returnOptions: [save],
};
