/** Renaming: the tree goes along, identities stay. */
import assert from 'node:assert/strict';
import { personalMailbox } from '@angarium/sdk';
import { failsWith, fill, fred, namesOf } from './fixtures.js';
import type { Check } from './under-test.js';

export function renameTests(check: Check): void {
  check('rename takes the tree along and keeps ids, UIDs and UIDVALIDITY', async ({ store }) => {
    const { catalogue } = store;
    const parent = await catalogue.create(personalMailbox(fred, ['a']));
    const child = await catalogue.create(personalMailbox(fred, ['a', 'b']));
    await catalogue.create(personalMailbox(fred, ['ab']));
    await fill(store, child.id, ['one']);
    const renamed = await catalogue.rename(personalMailbox(fred, ['a']), personalMailbox(fred, ['z']));
    assert.deepEqual(namesOf(renamed.map(({ entry }) => entry)), ['fred/z', 'fred/z/b']);
    assert.deepEqual(
      renamed.map(({ from }) => from.path),
      [['a'], ['a', 'b']],
    );
    assert.equal((await catalogue.find(personalMailbox(fred, ['z'])))?.id, parent.id);
    const moved = await catalogue.find(personalMailbox(fred, ['z', 'b']));
    assert.equal(moved?.id, child.id);
    assert.equal(moved.uidValidity, child.uidValidity);
    assert.equal((await store.mailbox(child.id).snapshot()).uidAt(0), 1);
    assert.equal(await catalogue.find(personalMailbox(fred, ['a'])), undefined);
    assert.ok(await catalogue.find(personalMailbox(fred, ['ab'])));
  });

  check('rename refuses taken and missing names and changes nothing', async ({ store: { catalogue } }) => {
    await catalogue.create(personalMailbox(fred, ['a']));
    await catalogue.create(personalMailbox(fred, ['a', 'x']));
    await catalogue.create(personalMailbox(fred, ['b', 'x']));
    await failsWith(
      'ALREADYEXISTS',
      catalogue.rename(personalMailbox(fred, ['a']), personalMailbox(fred, ['b'])),
    );
    await failsWith(
      'NONEXISTENT',
      catalogue.rename(personalMailbox(fred, ['q']), personalMailbox(fred, ['r'])),
    );
    assert.ok(await catalogue.find(personalMailbox(fred, ['a', 'x'])));
  });
}
