import {
  defineImapCommand,
  Flag,
  type ImapCommand,
  type ImapReply,
  type MailboxEntry,
  type MailboxSnapshot,
  Right,
} from '@angarium/sdk';
import { tellSelected } from '../listing/normalised.js';
import type { Features } from '../registry.js';
import { ownSession, type Session } from '../session.js';
import { canChange, flagsLine, openSelected, permanentFlags, type SelectedView } from '../view/index.js';
import { type GivenParameter, parseParameters } from './parameters.js';

interface SelectArguments {
  readonly mailbox: string;
  readonly parameters: readonly GivenParameter[];
}

/** SELECT and EXAMINE, RFC 3501 §6.3.1, §6.3.2; parameters RFC 4466 §2.1. */
export function selectCommands(features: Features): ImapCommand<SelectArguments>[] {
  return (['SELECT', 'EXAMINE'] as const).map((name) =>
    defineImapCommand({
      name,
      rfc: name === 'SELECT' ? 'RFC 3501 §6.3.1' : 'RFC 3501 §6.3.2',
      states: ['authenticated', 'selected'],
      parse(line) {
        line.sp();
        return { mailbox: line.mailbox(), parameters: parseParameters(line, features, 'SELECT') };
      },
      async run({ session, reply }, { mailbox, parameters }) {
        const own = ownSession(session);
        for (const { parameter, args } of parameters) parameter.check?.(own, args, undefined);
        deselect(own, reply);
        const entry = await own.findByText(mailbox, { rights: Right.read });
        const box = await open(own, entry, name === 'EXAMINE');
        tellMailbox(own, box, reply);
        if (own.enabled.has('IMAP4REV2')) tellSelected(own, reply, entry, mailbox);
        own.select(box);
        try {
          for (const extension of features.extensions) await extension.onSelect?.(own, reply);
          for (const { parameter, args } of parameters) await parameter.onSelect?.(own, reply, args);
        } catch (error) {
          own.unselect();
          throw error;
        }
        reply.completed('Completed', box.isReadOnly ? 'READ-ONLY' : 'READ-WRITE');
      },
    }),
  );
}

/** Also when the new one cannot be selected (RFC 3501 §6.3.1). */
function deselect(session: Session, reply: ImapReply): void {
  if (session.state !== 'selected') return;
  session.unselect();
  // What follows is about the new mailbox. Whatever is enabled: CONDSTORE is offered (RFC 7162 §3.2.11).
  reply.status('OK', 'Previous mailbox closed', 'CLOSED');
}

async function open(session: Session, entry: MailboxEntry, isExamine: boolean): Promise<SelectedView> {
  const mailbox = session.store.mailbox(entry.id, session.identity.user);
  const rights = session.rightsOn(entry);
  const isReadOnly = isExamine || !canChange(rights);
  const recentFrom = await (isReadOnly ? mailbox.recentFrom() : mailbox.claimRecent());
  const snapshot = await mailbox.snapshot();
  const updateFilters = () => session.services.features.updateFilters;
  return openSelected({ session, entry, mailbox, snapshot, recentFrom, isReadOnly, rights, updateFilters });
}

function tellMailbox(session: Session, box: SelectedView, reply: ImapReply): void {
  const { view, rights, isReadOnly } = box;
  const { keywordNames, uidValidity, uidNext, highestModSeq } = view.head;
  const isRev2 = session.enabled.has('IMAP4REV2');
  reply.untagged(flagsLine(keywordNames));
  reply.status('OK', 'Flags permitted', permanentFlags(keywordNames, rights, isReadOnly));
  reply.untagged(`${view.count} EXISTS`);
  if (!isRev2) {
    reply.untagged(`${box.recentCount} RECENT`);
    // A message number, which UIDONLY has no place for (RFC 9586 §3).
    const unseen = session.enabled.has('UIDONLY') ? 0 : firstUnseen(view);
    if (unseen > 0) reply.status('OK', 'First unseen', `UNSEEN ${unseen}`);
  }
  reply.status('OK', 'UIDs valid', `UIDVALIDITY ${uidValidity}`);
  reply.status('OK', 'Next UID', `UIDNEXT ${uidNext}`);
  reply.status('OK', 'Highest', `HIGHESTMODSEQ ${Math.max(1, highestModSeq)}`);
}

/** Sequence number; 0 when everything has been seen. */
function firstUnseen({ chunks }: MailboxSnapshot): number {
  let before = 0;
  for (const { count, flags } of chunks) {
    for (let at = 0; at < count; at++) if ((flags[at]! & Flag.seen) === 0) return before + at + 1;
    before += count;
  }
  return 0;
}
