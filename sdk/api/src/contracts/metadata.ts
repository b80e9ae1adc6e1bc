/** Entries of METADATA (RFC 5464) that mean something to somebody: who declares one decides what it says and what it may be set to. */
import { type RegistryContract, registry } from '../di.js';
import type { Identity } from '../model/identity.js';
import { ownerOf } from '../model/mailbox-name.js';
import type { MailboxEntry } from './catalogue.js';
import type { CatalogueChanged } from './change-feed.js';
import type { MailStore } from './mail-store.js';
import type { Origin } from './origin.js';

const SETTING_PREFIX = 'setting.';

/** Where Cyrus has its own entries. */
export const CYRUS_ENTRIES = '/shared/vendor/cmu/cyrus-imapd/';

/** Who asks, and where. */
export interface MetadataCall {
  readonly identity: Identity;
  readonly store: MailStore;
  readonly origin: Origin;
  /** Undefined: an entry of the server. */
  readonly mailbox: MailboxEntry | undefined;
}

/** One entry. Values are text in UTF-8; what nobody declares is kept as octets. */
export interface MetadataEntry {
  /** With its scope, lower case: `/shared/vendor/cmu/cyrus-imapd/expire`. */
  readonly name: string;
  readonly of: 'mailbox' | 'server';
  /** Who may set it: whoever may change the mailbox's shared entries (default), who administers it (the right `a`), nobody. */
  readonly writers?: 'users' | 'administrators' | 'nobody';
  /** Undefined: it has no value. Absent: what was set. */
  read?(call: MetadataCall): string | undefined | Promise<string | undefined>;
  /** Before anything of the command is done; `value` undefined: to be removed. @throws MailError to refuse */
  check?(value: string | undefined, call: MetadataCall): void | Promise<void>;
  /** Instead of keeping it; the mailbox is as it was when `check` looked at it. @throws MailError */
  write?(value: string | undefined, call: MetadataCall): Promise<void>;
}

/** Read by the plugin `imap-metadata`. */
export const METADATA_ENTRIES: RegistryContract<MetadataEntry> = registry('metadata-entries', 1);

/**
 * What operators set on a mailbox by a word of Cyrus's (`expire`, `squat`, `duplicatedeliver`, `news2mail`, `sieve`, `pop3showafter`,
 * …): in the mailbox list, so that looking at it costs nothing. Undefined: not set.
 */
export function mailboxSetting(mailbox: MailboxEntry, word: string): string | undefined {
  return mailbox.attributes[mailboxSettingKey(word)];
}

/** The key of such a setting in `MailboxEntry.attributes`. */
export function mailboxSettingKey(word: string): string {
  return `${SETTING_PREFIX}${word}`;
}

/** What of a change concerns entries. */
export type MetadataChanged = Extract<CatalogueChanged, { kind: 'metadata' }>;

/** Entries that a change has changed: a special use and what operators set are entries too. Undefined: none. */
export function metadataChangedBy(change: CatalogueChanged): MetadataChanged | undefined {
  if (change.kind === 'metadata') return change;
  if (change.kind !== 'changed') return undefined;
  const { before, mailbox, session } = change;
  const entries: string[] = [];
  for (const key of new Set([...Object.keys(before.attributes), ...Object.keys(mailbox.attributes)])) {
    if (key.startsWith(SETTING_PREFIX) && before.attributes[key] !== mailbox.attributes[key])
      entries.push(CYRUS_ENTRIES + key.slice(SETTING_PREFIX.length));
  }
  if (before.sharedSeen !== mailbox.sharedSeen) entries.push(`${CYRUS_ENTRIES}sharedseen`);
  if (entries.length > 0) return { kind: 'metadata', mailbox, user: undefined, entries, session };
  if (before.specialUse.join() === mailbox.specialUse.join()) return undefined;
  const user = ownerOf(mailbox.name);
  return { kind: 'metadata', mailbox, user, entries: ['/private/specialuse'], session };
}
