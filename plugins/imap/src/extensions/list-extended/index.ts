/** LIST-EXTENDED (RFC 5258): the options that it brings; the grammar is LIST's own. */
import type { ImapExtension, ImapSession, MailboxName } from '@angarium/sdk';

function subscriptions({ store, identity }: ImapSession): Promise<readonly MailboxName[]> {
  return store.catalogue.subscriptions(identity.user);
}

export const listExtendedExtension: ImapExtension = {
  name: 'LIST-EXTENDED',
  // Before login too: cyradm looks there and nowhere else.
  capabilities: [{ word: 'LIST-EXTENDED' }],
  listOptions: [
    { name: 'SUBSCRIBED', place: 'selection', names: subscriptions, mark: '\\Subscribed' },
    // Expands the list by mailboxes of other servers, of which there are none.
    { name: 'REMOTE', place: 'selection', kind: 'independent' },
    { name: 'RECURSIVEMATCH', place: 'selection', kind: 'modifier' },
    { name: 'SUBSCRIBED', place: 'return', names: subscriptions, mark: '\\Subscribed' },
    // \HasChildren and \HasNoChildren are in every LIST line.
    { name: 'CHILDREN', place: 'return' },
  ],
};
