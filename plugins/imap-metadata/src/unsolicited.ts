/** METADATA lines that no command asked for (RFC 5464 §4.4.2), for sessions that have said ENABLE METADATA. */
import {
  type CatalogueChanged,
  type ImapSession,
  type MetadataChanged,
  metadataChangedBy,
} from '@angarium/sdk';
import { mayRead } from './access.js';
import { entryText } from './text.js';

/** Entries of a session that wait to be told; beyond this the client has stopped reading, and hears of no more until it reads. */
const MAX_WAITING = 1000;

export class Unsolicited {
  private readonly sessions = new Map<ImapSession, Set<string>>();

  /** ENABLE METADATA, or METADATA-SERVER. Ends with the connection. */
  enable(session: ImapSession): void {
    if (this.sessions.has(session)) return;
    this.sessions.set(session, new Set());
    session.connection.signal.addEventListener('abort', () => this.sessions.delete(session), { once: true });
  }

  changed(change: CatalogueChanged): void {
    if (this.sessions.size === 0) return;
    const told = metadataChangedBy(change);
    if (told === undefined) return;
    for (const [session, waiting] of this.sessions) {
      // Who has logged out, or somebody else who has logged in since.
      if (!session.enabled.has('METADATA') && !session.enabled.has('METADATA-SERVER')) {
        this.sessions.delete(session);
        continue;
      }
      const isIn = session.state === 'authenticated' || session.state === 'selected';
      if (!isIn || session.connection.id === change.session) continue;
      if (told.user !== undefined && told.user !== session.identity.user) continue;
      if (told.mailbox !== undefined && !mayRead(session, told.mailbox)) continue;
      this.tell(session, waiting, told);
    }
  }

  private tell(session: ImapSession, waiting: Set<string>, { mailbox, entries }: MetadataChanged): void {
    const isNew = waiting.size === 0;
    // Names only: the client fetches values that it wants.
    for (const entry of entries) {
      if (waiting.size < MAX_WAITING)
        waiting.add(`${mailbox === undefined ? '' : session.namespace.toClient(mailbox.name)}\0${entry}`);
    }
    if (!isNew) return;
    session.interject((reply) => {
      const byMailbox = new Map<string, string[]>();
      for (const one of waiting) {
        const [text = '', entry = ''] = one.split('\0');
        byMailbox.set(text, [...(byMailbox.get(text) ?? []), entryText(reply, entry)]);
      }
      waiting.clear();
      for (const [text, entriesOf] of byMailbox) {
        const shown = text === '' ? '""' : reply.mailbox(session.namespace.fromClient(text));
        reply.untagged(`METADATA ${shown} ${entriesOf.join(' ')}`);
      }
    });
  }
}
