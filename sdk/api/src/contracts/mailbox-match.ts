/** Finding a mailbox by a name that people have typed into an address (Cyrus: lmtp_fuzzy_mailbox_match). */
import { type MailboxName, ownerOf } from '../model/mailbox-name.js';
import type { MailboxCatalogue, MailboxEntry, MailboxListQuery } from './catalogue.js';

/** exact: as written. nocase: upper and lower case do not matter. fuzzy: nor do blanks, and a parent will do. */
export type MailboxMatch = 'exact' | 'nocase' | 'fuzzy';

/**
 * The mailbox of this name, or what comes nearest. Of several that match alike it is the first in `mailboxKey` order. Costs a
 * list of the owner's (or the domain's shared) mailboxes when there is none of exactly this name.
 */
export async function matchMailbox(
  catalogue: MailboxCatalogue,
  name: MailboxName,
  match: MailboxMatch,
): Promise<MailboxEntry | undefined> {
  const exact = await catalogue.find(name);
  if (exact !== undefined || match === 'exact') return exact;
  const fold = match === 'nocase' ? foldCase : foldAll;
  const levels = name.path.map(fold);
  let best: MailboxEntry | undefined;
  for (const entry of await catalogue.list(sameTree(name))) {
    const { path } = entry.name;
    const isLonger = path.length > (best?.name.path.length ?? 0) && path.length <= levels.length;
    if (!isLonger || (match === 'nocase' && path.length < levels.length)) continue;
    if (path.every((level, i) => fold(level) === levels[i])) best = entry;
  }
  return best;
}

function sameTree(name: MailboxName): MailboxListQuery {
  const owner = ownerOf(name);
  return owner === undefined ? { shared: true, domain: name.domain ?? '' } : { owner };
}

function foldCase(level: string): string {
  return level.normalize('NFC').toLowerCase();
}

function foldAll(level: string): string {
  return foldCase(level).replace(/\s+/gu, '');
}
