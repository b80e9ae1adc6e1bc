/** `/private/specialuse` (RFC 6154 §4). */
import { type MetadataEntry, ownerOf } from '@angarium/sdk';
import { checkPlace, holdersOf, knownUses } from './uses.js';

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
    const specialUse = usesIn(value);
    for (const holder of await holdersOf(call, mailbox.name, specialUse, mailbox)) {
      const rest = holder.specialUse.filter((use) => !specialUse.includes(use));
      await store.catalogue.change(holder.id, { specialUse: rest }, origin);
    }
    await store.catalogue.change(mailbox.id, { specialUse }, origin);
  },
};

function usesIn(value: string | undefined): readonly string[] {
  return knownUses((value ?? '').split(' ').filter((word) => word !== ''));
}
