/** Subscriptions, and mailbox annotations (RFC 5464). */
import assert from 'node:assert/strict';
import type { MailboxId, UserId } from '@angarium/sdk';
import { personalMailbox, sharedMailbox } from '@angarium/sdk';
import { fred, joe } from './fixtures.js';
import type { Check } from './under-test.js';

export function metadataTests(check: Check): void {
  check('subscriptions need no mailbox and come in order', async ({ store: { catalogue } }) => {
    await catalogue.subscribe(fred, sharedMailbox(['z']));
    await catalogue.subscribe(fred, personalMailbox(fred));
    await catalogue.subscribe(fred, sharedMailbox(['b']));
    await catalogue.subscribe(fred, sharedMailbox(['b']));
    await catalogue.unsubscribe(fred, sharedMailbox(['z']));
    assert.deepEqual(
      (await catalogue.subscriptions(fred)).map(({ path }) => path),
      [['b'], []],
    );
    assert.deepEqual(await catalogue.subscriptions(joe), []);
  });

  check('metadata is kept per mailbox, user and entry', async ({ store: { catalogue } }) => {
    const { id } = await catalogue.create(personalMailbox(fred));
    await catalogue.setMetadata(id, undefined, new Map([['/shared/comment', Buffer.from('for all')]]));
    await catalogue.setMetadata(id, fred, new Map([['/private/comment', Buffer.from('mine')]]));
    await catalogue.setMetadata('server', undefined, new Map([['/shared/admin', Buffer.from('root')]]));
    const text = async (target: MailboxId | 'server', user: UserId | undefined) =>
      [...(await catalogue.metadata(target, user))].map(
        ([entry, value]) => `${entry}=${Buffer.from(value).toString()}`,
      );
    assert.deepEqual(await text(id, undefined), ['/shared/comment=for all']);
    assert.deepEqual(await text(id, fred), ['/private/comment=mine']);
    assert.deepEqual(await text(id, joe), []);
    assert.deepEqual(await text('server', undefined), ['/shared/admin=root']);
    await catalogue.setMetadata(id, undefined, new Map([['/shared/comment', undefined]]));
    assert.deepEqual(await text(id, undefined), []);
  });
}
