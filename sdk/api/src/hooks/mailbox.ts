/** Family `mailbox.*`: the mailbox list. Called by the MailStore provider. */
import type { CreateMailbox, MailboxChanges, MailboxEntry, Renamed } from '../contracts/catalogue.js';
import type { Origin } from '../contracts/origin.js';
import { declareHooks } from '../kernel/hooks.js';
import type { MailboxName } from '../model/mailbox-name.js';

/** What a tap of `mailbox.creating` may change: the options. */
export interface MailboxCreation {
  readonly name: MailboxName;
  options: CreateMailbox;
  readonly origin: Origin | undefined;
}

declare module '../kernel/hooks.js' {
  interface Hooks {
    'mailbox.creating': VetoHook<[creation: MailboxCreation]>;
    'mailbox.created': ObserveHook<[mailbox: MailboxEntry, origin: Origin | undefined]>;
    'mailbox.renaming': VetoHook<[from: MailboxEntry, to: MailboxName, origin: Origin | undefined]>;
    'mailbox.renamed': ObserveHook<[renamed: readonly Renamed[], origin: Origin | undefined]>;
    'mailbox.deleting': VetoHook<[mailbox: MailboxEntry, origin: Origin | undefined]>;
    'mailbox.deleted': ObserveHook<[mailbox: MailboxEntry, origin: Origin | undefined]>;
    'mailbox.changed': ObserveHook<
      [mailbox: MailboxEntry, changes: MailboxChanges, origin: Origin | undefined]
    >;
  }
}

declareHooks({
  'mailbox.creating': {
    kind: 'veto',
    summary: 'before a mailbox is created; may change its options or refuse',
  },
  'mailbox.created': { kind: 'observe', summary: 'a mailbox was created' },
  'mailbox.renaming': {
    kind: 'veto',
    summary: 'before a mailbox and those below it are renamed or moved',
  },
  'mailbox.renamed': { kind: 'observe', summary: 'mailboxes were renamed' },
  'mailbox.deleting': { kind: 'veto', summary: 'before a mailbox is deleted' },
  'mailbox.deleted': { kind: 'observe', summary: 'a mailbox was deleted' },
  'mailbox.changed': {
    kind: 'observe',
    summary: 'ACL, quota root, special use or attributes changed',
  },
});
