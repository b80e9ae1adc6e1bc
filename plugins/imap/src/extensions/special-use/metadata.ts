/** `/private/specialuse` (RFC 6154 §4). */
import { type MetadataEntry, ownerOf } from '@angarium/sdk';
import { checkPlace, knownUses } from './uses.js';

export const specialUseEntry: MetadataEntry = {
  name: '/private/specialuse',
  of: 'mailbox',
  read({ mailbox, identity }) {
    if (mailbox === undefined || mailbox.specialUse.length === 0) return undefined;
    return ownerOf(mailbox.name) === identity.user ? mailbox.specialUse.join(' ') : undefined;
  },
  check(value, call) {
    if (call.mailbox === undefined || usesIn(value).length === 0) return;
    checkPlace(call, call.mailbox.name);
  },
  /** Another mailbox that has the use loses it, as in the RFC's example (RFC 6154 §5.4). */
  async write(value, call) {
    const { store, mailbox, origin } = call;
    if (mailbox === undefined) return;
    await store.catalogue.change(mailbox.id, { specialUse: usesIn(value), soleUse: true }, origin);
  },
};

function usesIn(value: string | undefined): readonly string[] {
  return knownUses((value ?? '').split(' ').filter((word) => word !== ''));
}
