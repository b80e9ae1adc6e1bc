/** The list of mailboxes: made, found, listed, changed. */
import assert from 'node:assert/strict';
import type { MailboxId, MailboxName, UserId } from '@angarium/sdk';
import { personalMailbox, sharedMailbox } from '@angarium/sdk';
import { failsWith, fred, joe, namesOf } from './fixtures.js';
import type { Check } from './under-test.js';

export function catalogueTests(check: Check): void {
  check('a new mailbox is found by name and id, with what it was made with', async ({ store, now }) => {
    const { catalogue } = store;
    const made = await catalogue.create(personalMailbox(fred, ['Sent']), {
      acl: { fred: 'lrs' },
      specialUse: ['\\Sent'],
      attributes: { 'x/y': '1' },
    });
    assert.match(made.id, /^[A-Za-z0-9_-]{1,255}$/);
    assert.deepEqual(made.acl, { fred: 'lrs' });
    assert.equal(made.partition, store.partitions[0]);
    assert.equal(made.sharedSeen, false);
    assert.equal(made.createdMs, now());
    assert.ok(made.uidValidity > 0 && made.uidValidity < 2 ** 32);
    assert.deepEqual(await catalogue.find(personalMailbox(fred, ['Sent'])), made);
    assert.deepEqual(await catalogue.byId(made.id), made);
    assert.equal(await catalogue.find(personalMailbox(fred, ['sent'])), undefined);
    const snapshot = await store.mailbox(made.id).snapshot();
    assert.deepEqual([snapshot.count, snapshot.head.uidNext], [0, 1]);
    assert.ok(snapshot.head.highestModSeq >= 1, 'RFC 7162 §3.1.2.1 wants a positive HIGHESTMODSEQ');
  });

  check('the same name twice is refused', async ({ store: { catalogue } }) => {
    await catalogue.create(personalMailbox(fred));
    await failsWith('ALREADYEXISTS', catalogue.create(personalMailbox(fred)));
  });

  check('an unknown partition is refused', async ({ store: { catalogue } }) => {
    await failsWith('CANNOT', catalogue.create(personalMailbox(fred), { partition: 'nowhere' }));
    assert.equal(await catalogue.find(personalMailbox(fred)), undefined);
  });

  check(
    'list has parents right before their children, by owner, domain, tree',
    async ({ store: { catalogue } }) => {
      const all: MailboxName[] = [
        personalMailbox(fred, ['a b']),
        personalMailbox(fred, ['a', 'c']),
        personalMailbox(fred, ['a']),
        personalMailbox(fred),
        personalMailbox('freddy' as UserId),
        sharedMailbox(['news']),
        sharedMailbox(['news', 'today']),
        personalMailbox('fred@example.org' as UserId),
      ];
      for (const name of all) await catalogue.create(name);
      assert.deepEqual(namesOf(await catalogue.list({ owner: fred })), [
        'fred',
        'fred/a',
        'fred/a/c',
        'fred/a b',
      ]);
      assert.deepEqual(namesOf(await catalogue.list({ shared: true })), ['/news', '/news/today']);
      assert.deepEqual(namesOf(await catalogue.list({ below: personalMailbox(fred, ['a']) })), [
        'fred/a',
        'fred/a/c',
      ]);
      assert.equal((await catalogue.list({ domain: 'example.org' })).length, 1);
      assert.equal((await catalogue.list({ domain: '' })).length, 7);
      assert.equal((await catalogue.list({})).length, 8);
    },
  );

  check('grantedTo: whom ACLs name, whenever they came to', async ({ store: { catalogue } }) => {
    const list = async (...grantedTo: string[]) => namesOf(await catalogue.list({ grantedTo }));
    const { id } = await catalogue.create(personalMailbox(fred, ['a']), { acl: { fred: 'lr', '-joe': 'w' } });
    await catalogue.create(sharedMailbox(['news']), { acl: { anyone: 'lr', joe: 'w' } });
    await catalogue.create(personalMailbox('ann@example.org' as UserId), {
      acl: { 'ann@example.org': 'lr', "it's": 'l' },
    });
    for (const isAgain of [false, true]) {
      assert.deepEqual(await list(), [], `${isAgain}`);
      assert.deepEqual(await list('joe'), ['/news']);
      assert.deepEqual(await list('joe', 'anyone', '-joe'), ['/news', 'fred/a']);
      assert.deepEqual(await list('fred'), [], 'his own entry on his own mailbox');
      assert.deepEqual(await list('ann@example.org', 'constructor', 'ann'), []);
      assert.equal((await catalogue.list({ grantedTo: ["it's"] })).length, 1);
    }
    await catalogue.change(id, { acl: { joe: 'lr' } });
    assert.deepEqual(await list('joe'), ['/news', 'fred/a']);
    assert.deepEqual(namesOf(await catalogue.list({ grantedTo: ['joe'], shared: true })), ['/news']);
    assert.deepEqual(namesOf(await catalogue.list({ grantedTo: ['joe'], owner: fred })), ['fred/a']);
    await catalogue.rename(personalMailbox(fred, ['a']), personalMailbox(fred, ['b']));
    assert.deepEqual(await list('joe'), ['/news', 'fred/b']);
    await catalogue.rename(personalMailbox(fred, ['b']), personalMailbox(joe, ['b']));
    assert.deepEqual(await list('joe'), ['/news'], 'it is his own now');
    await catalogue.delete(sharedMailbox(['news']));
    assert.deepEqual(await list('joe', 'anyone'), []);
  });

  check('whoever listed before sees what was made since', async ({ store: { catalogue } }) => {
    assert.deepEqual(await catalogue.list({}), []);
    assert.deepEqual(await catalogue.list({ owner: fred }), []);
    await catalogue.create(personalMailbox(fred));
    assert.deepEqual(namesOf(await catalogue.list({})), ['fred']);
    assert.deepEqual(namesOf(await catalogue.list({ owner: fred })), ['fred']);
    await catalogue.rename(personalMailbox(fred), personalMailbox(joe));
    assert.deepEqual(namesOf(await catalogue.list({})), ['joe']);
    assert.deepEqual(await catalogue.list({ owner: fred }), []);
  });

  check(
    'a special use that shall be the only one is so, also at the same instant',
    async ({ store: { catalogue } }) => {
      const folder = (name: string, owner = fred) => personalMailbox(owner, [name]);
      await catalogue.create(folder('Other', joe), { specialUse: ['\\Sent'] });
      const options = { specialUse: ['\\Sent', '\\Junk'], soleUse: true };
      const made = await Promise.allSettled(
        ['A', 'B', 'C'].map((name) => catalogue.create(folder(name), options)),
      );
      assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 1);
      await failsWith('USEATTR', catalogue.create(folder('D'), { specialUse: ['\\Junk'], soleUse: true }));
      const more = await Promise.all(['E', 'F', 'G'].map((name) => catalogue.create(folder(name))));
      const changes = { specialUse: ['\\Sent'], soleUse: true };
      await Promise.all(more.map(({ id }) => catalogue.change(id, changes)));
      const own = await catalogue.list({ owner: fred });
      assert.deepEqual(own.flatMap(({ specialUse }) => specialUse).sort(), ['\\Junk', '\\Sent']);
      assert.ok(more.some(({ id }) => own.find((entry) => entry.id === id)!.specialUse.includes('\\Sent')));
      assert.deepEqual((await catalogue.find(folder('Other', joe)))!.specialUse, ['\\Sent']);
    },
  );

  check('change replaces what is given and merges attributes', async ({ store: { catalogue } }) => {
    const made = await catalogue.create(sharedMailbox(['news']), {
      attributes: { a: '1', b: '2' },
      acl: { anyone: 'lrs' },
    });
    const changed = await catalogue.change(made.id, {
      acl: { anyone: 'l' },
      sharedSeen: true,
      specialUse: ['\\Archive'],
      attributes: { a: undefined, c: '3' },
    });
    assert.deepEqual(changed.attributes, { b: '2', c: '3' });
    assert.deepEqual(changed.acl, { anyone: 'l' });
    assert.equal(changed.sharedSeen, true);
    assert.deepEqual(await catalogue.find(sharedMailbox(['news'])), changed);
    const { acl } = changed;
    const again = { acl: { 7: 'l', anyone: 'l', b: 'r' }, expectedAcl: acl, sharedSeen: false };
    const twice = await catalogue.change(made.id, again);
    await failsWith('INUSE', catalogue.change(made.id, again));
    assert.deepEqual(await catalogue.find(sharedMailbox(['news'])), twice);
    await catalogue.change(made.id, { acl: {}, expectedAcl: twice.acl });
    await failsWith('NONEXISTENT', catalogue.change('nobody' as MailboxId, {}));
  });
}
