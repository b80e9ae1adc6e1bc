import { defineImapCommand, type ImapExtension, MailError, NumberSet, Right } from '@angarium/sdk';
import { appendLimitOf } from '../append/limit.js';
import { mayKnowUids, parseOptions, permitted, withMore } from '../append/options.js';
import { stageMessage } from '../append/stage.js';
import { requireWritable } from '../messages/targets.js';
import type { Features } from '../registry.js';
import { ownSession } from '../session.js';

/** What STORE +FLAGS \Deleted and UID EXPUNGE need (RFC 8508 §4.1). */
const neededRights = Right.deleteMessages | Right.expunge;

/** REPLACE and UID REPLACE: RFC 8508 §3. The message that goes and the one that comes are one change of the store. */
function replaceCommand(features: Features) {
  return defineImapCommand({
    name: 'REPLACE',
    rfc: 'RFC 8508 §3.2',
    states: ['selected'],
    hasUidForm: true,
    usesNumbers: true,
    streaming: true,
    parse(line) {
      line.sp();
      const number = line.nzNumber();
      line.sp();
      return { number, mailbox: line.mailbox(), options: parseOptions(line, features) };
    },
    async run({ session: client, reply, line, isUid }, { number, mailbox, options }) {
      const session = ownSession(client);
      const { selected } = session;
      requireWritable(selected);
      if ((selected.rights & neededRights) !== neededRights)
        throw new MailError('NOPERM', 'Permission denied');
      const entry = await session.findByText(mailbox, { rights: Right.insert, tryCreate: true });
      await selected.sync(reply, { mayExpunge: false, withUid: isUid });
      const set = { ranges: [[number, number]] as const, isSaved: false };
      const uids = selected.uids(set, isUid);
      if (uids.isEmpty) throw new MailError('NONEXISTENT', 'There is no such message');
      if (!uids.intersect(selected.ghosts).isEmpty)
        throw new MailError('EXPUNGEISSUED', 'The message has been expunged');
      const rights = session.rightsOn(entry);
      const maxBytes = appendLimitOf(entry, session.services.config);
      await using message = await stageMessage(session, line, options.form, maxBytes);
      line.end();
      const internalDateMs = options.internalDateMs ?? session.services.clock.now();
      const flags = permitted(options.flags, rights);
      const items = [withMore(session, entry, options, { message, flags, internalDateMs })];
      const replaces = { mailbox: selected.mailbox.id, uids };
      const target = { mailbox: entry.id, items, viewer: session.identity.user, replaces };
      const [outcome] = await session.store.append([target], session.origin('REPLACE'));
      if (!outcome?.ok)
        throw outcome?.error ?? new Error('the store has not said what became of the message');
      // Ahead of the EXPUNGE (RFC 8508 §4.3).
      const appended = NumberSet.fromAscending(outcome.uids);
      if (mayKnowUids(rights))
        reply.status('OK', 'Replacement ready', `APPENDUID ${outcome.uidValidity} ${appended}`);
      await selected.sync(reply, { mayExpunge: true, withUid: isUid });
      // As UID EXPUNGE does it (RFC 8508 §4.5, RFC 7162 §3.2.9).
      if (session.enabled.has('CONDSTORE'))
        reply.completed('Completed', `HIGHESTMODSEQ ${outcome.expungeModSeq}`);
    },
  });
}

const states = ['authenticated', 'selected'] as const;

export function replaceExtension(features: Features): ImapExtension {
  return {
    name: 'REPLACE',
    capabilities: [{ word: 'REPLACE', states }],
    commands: [replaceCommand(features)],
  };
}

/** The grammar is that of APPEND (RFC 4469 §5) and of REPLACE (RFC 8508 §4.2); byte ranges in URLs RFC 5550 §5.7.1. */
export const catenateExtension: ImapExtension = {
  name: 'CATENATE',
  capabilities: [
    { word: 'CATENATE', states },
    { word: 'URL-PARTIAL', states },
  ],
};
