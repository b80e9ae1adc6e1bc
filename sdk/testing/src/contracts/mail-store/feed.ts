/** CHANGE_FEED: who watches is told. */
import assert from 'node:assert/strict';
import type { MailboxChanged, MailboxName } from '@angarium/sdk';
import { anonymousIdentity, Flag, NumberSet, personalMailbox } from '@angarium/sdk';
import { addFlags, fill, fred, joe } from './fixtures.js';
import type { Check } from './under-test.js';

export function feedTests(check: Check): void {
  check('changes are told to who watches', async ({ store, feed }) => {
    const { id } = await store.catalogue.create(personalMailbox(fred));
    const other = await store.catalogue.create(personalMailbox(joe));
    const told: MailboxChanged[] = [];
    const all: MailboxChanged[] = [];
    const watch = feed.watch(id, (change) => told.push(change));
    feed.watchAll((change) => all.push(change));
    await fill(store, id, ['one']);
    const { modSeq } = await store.mailbox(id).updateFlags(NumberSet.of(1), addFlags(Flag.seen));
    await store.mailbox(id).expunge(NumberSet.of(1), { onlyDeleted: false });
    await fill(store, other.id, ['two']);
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['appended', 'flags', 'expunged'],
    );
    assert.deepEqual(told[1], { mailbox: id, kind: 'flags', modSeq });
    watch[Symbol.dispose]();
    await store.catalogue.change(id, { acl: { anyone: 'l' } });
    await store.catalogue.delete(personalMailbox(fred));
    assert.equal(told.length, 3);
    const kinds = all.map(({ mailbox, kind }) => (mailbox === id ? kind : `other ${kind}`));
    assert.deepEqual(kinds, ['appended', 'flags', 'expunged', 'other appended', 'catalogue', 'deleted']);
  });

  check('what becomes of the mailbox list is told, with who did it', async ({ store, feed }) => {
    const { catalogue } = store;
    const told: string[] = [];
    const origin = { identity: anonymousIdentity, via: 'test', session: 's1' };
    const nameOf = (name: MailboxName) => name.path.join('.');
    using _watch = feed.watchCatalogue((change) => {
      const by = change.session ?? 'nobody';
      switch (change.kind) {
        case 'renamed':
          told.push(`${change.kind} ${nameOf(change.from)} ${nameOf(change.mailbox.name)} ${by}`);
          break;
        case 'changed':
          told.push(`${change.kind} ${change.before.specialUse} ${change.mailbox.specialUse} ${by}`);
          break;
        case 'subscribed':
        case 'unsubscribed':
          told.push(`${change.kind} ${change.user} ${nameOf(change.name)} ${by}`);
          break;
        case 'metadata':
          told.push(
            `${change.kind} ${change.mailbox?.id === undefined ? 'server' : 'mailbox'} ${change.user} ${change.entries}`,
          );
          break;
        default:
          told.push(`${change.kind} ${nameOf(change.mailbox.name)} ${by}`);
      }
    });
    const a = personalMailbox(fred, ['a']);
    const b = personalMailbox(fred, ['b']);
    const { id } = await catalogue.create(a, {}, origin);
    await catalogue.create(personalMailbox(fred, ['a', 'below']));
    await catalogue.rename(a, b, {}, origin);
    await catalogue.change(id, { specialUse: ['\\Sent'] }, origin);
    for (let i = 0; i < 2; i++) await catalogue.subscribe(fred, b, origin);
    for (let i = 0; i < 2; i++) await catalogue.unsubscribe(fred, b, origin);
    await catalogue.setMetadata(id, fred, new Map([['/private/comment', Buffer.from('x')]]), origin);
    await catalogue.setMetadata('server', undefined, new Map([['/shared/comment', undefined]]));
    await catalogue.delete(b, {}, origin);
    await catalogue.undelete(id, a);
    assert.deepEqual(told, [
      'created a s1',
      'created a.below nobody',
      'renamed a b s1',
      'changed  \\Sent s1',
      'subscribed fred b s1',
      'unsubscribed fred b s1',
      'metadata mailbox fred /private/comment',
      'metadata server undefined /shared/comment',
      'deleted b s1',
      'created a nobody',
    ]);
  });

  check(
    'a move is told to both ends, a message that comes back as one that has come',
    async ({ store, feed }) => {
      const from = await store.catalogue.create(personalMailbox(fred));
      const to = await store.catalogue.create(personalMailbox(joe));
      await fill(store, from.id, ['one']);
      const told: string[] = [];
      feed.watchAll(({ mailbox, kind }) => told.push(`${mailbox === to.id ? 'to' : 'from'} ${kind}`));
      await store.mailbox(from.id).moveTo(NumberSet.of(1), to.id);
      assert.deepEqual(told.splice(0).sort(), ['from expunged', 'to appended']);
      await store.mailbox(from.id).unexpunge(NumberSet.of(1));
      assert.deepEqual(told, ['from appended']);
    },
  );
}
