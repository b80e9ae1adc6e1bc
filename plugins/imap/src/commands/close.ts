import { defineImapCommand, type ImapExtension, NumberSet, Right } from '@angarium/sdk';
import { ownSession } from '../session.js';

const ALL_UIDS = NumberSet.range(1, 0xffff_ffff);

/** RFC 3501 §6.4.2: expunges, if that is allowed, and says nothing of it. */
export const close = defineImapCommand({
  name: 'CLOSE',
  rfc: 'RFC 3501 §6.4.2',
  states: ['selected'],
  parse() {},
  async run({ session }) {
    const { mailbox, isReadOnly, rights } = session.selected;
    ownSession(session).unselect();
    if (isReadOnly || (rights & Right.expunge) === 0) return;
    await mailbox.expunge(ALL_UIDS, { onlyDeleted: true, origin: session.origin('CLOSE') });
  },
});

/** RFC 3691 §2. */
export const unselect = defineImapCommand({
  name: 'UNSELECT',
  rfc: 'RFC 3691 §2',
  states: ['selected'],
  parse() {},
  async run({ session }) {
    ownSession(session).unselect();
  },
});

export const unselectExtension: ImapExtension = {
  name: 'UNSELECT',
  capabilities: [{ word: 'UNSELECT', states: ['authenticated', 'selected'] }],
  commands: [unselect],
};
