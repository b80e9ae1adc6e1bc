import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type MailboxEntry, ownerOf, personalMailbox, sharedMailbox, type UserId } from '@angarium/sdk';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { openTestEngine } from '../engine.test.support.js';
import { ListCache } from './list-cache.js';

test('a list that was made before it was kept whom ACLs name learns it at the next start', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-store-'));
  const first = await openTestEngine({ dir });
  await first.engine.catalogue.create(sharedMailbox(['news']), { acl: { anyone: 'lr', joe: 'w' } });
  await first.engine.catalogue.create(personalMailbox('joe@example.org' as UserId), {
    acl: { 'joe@example.org': 'lr', fred: 'l' },
  });
  await first.close();
  const db = new Database(join(dir, 'meta', 'mboxlist.db'));
  db.exec(`DROP TRIGGER grantee_new; DROP TRIGGER grantee_changed; DROP TRIGGER grantee_gone;
    DROP VIEW grant_of_mailbox; DROP TABLE grantee`);
  db.exec(`UPDATE mailbox SET acl = '{"ann":"l"}' WHERE acl LIKE '%anyone%'`);
  db.close();
  const second = await openTestEngine({ dir });
  const { catalogue } = second.engine;
  assert.equal((await catalogue.list({ grantedTo: ['ann'] })).length, 1);
  assert.equal((await catalogue.list({ grantedTo: ['fred'] })).length, 1);
  assert.equal((await catalogue.list({ grantedTo: ['anyone', 'joe', 'joe@example.org'] })).length, 0);
  await second.close();
  rmSync(dir, { recursive: true });
});

/** What is done to the list, by numbers of users and mailboxes. */
type Step =
  | { readonly is: 'create' | 'delete'; readonly box: number; readonly acl: readonly number[] }
  | { readonly is: 'acl'; readonly box: number; readonly acl: readonly number[] }
  | { readonly is: 'rename'; readonly box: number; readonly to: number }
  | { readonly is: 'look'; readonly who: number };

const users = ['u0', 'u1', 'u2', 'u3@example.org', 'anyone'];
const names = [
  ...users.slice(0, 4).map((user) => personalMailbox(user as UserId, ['a'])),
  sharedMailbox(['a']),
  sharedMailbox(['b']),
];
const someBox = fc.nat(names.length - 1);
const someUser = fc.nat(users.length - 1);
const acl = fc.uniqueArray(someUser, { maxLength: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ is: fc.constantFrom('create' as const, 'delete' as const), box: someBox, acl }),
  fc.record({ is: fc.constant('acl' as const), box: someBox, acl }),
  fc.record({ is: fc.constant('rename' as const), box: someBox, to: someBox }),
  fc.record({ is: fc.constant('look' as const), who: someUser }),
);

test('grants are those of the ACLs, whatever was changed, in caches of every size', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const { engine, dir, close } = await openTestEngine({ config: { shards: 1 } });
      const { catalogue } = engine;
      const path = join(dir, 'meta', 'mboxlist.db');
      const caches = [1, 3, 1000].map((size) => new ListCache(path, [], size));
      const grants = (entry: MailboxEntry, who: string) =>
        Object.hasOwn(entry.acl, who) && ownerOf(entry.name) !== who;
      try {
        for (const one of steps) {
          if (one.is === 'look') {
            const who = [users[one.who]!, 'anyone'];
            const all = await catalogue.list({});
            const expected = all
              .filter((entry) => who.some((user) => grants(entry, user)))
              .map(({ id }) => id);
            for (const cache of caches)
              assert.deepEqual(
                cache.listGranted(who).map(({ entry }) => entry.id),
                expected,
              );
          } else await perform(catalogue, one).catch(() => undefined);
        }
      } finally {
        for (const cache of caches) cache.close();
        await close();
      }
    }),
    { numRuns: 8 },
  );
});

async function perform(
  catalogue: Awaited<ReturnType<typeof openTestEngine>>['engine']['catalogue'],
  one: Exclude<Step, { is: 'look' }>,
): Promise<unknown> {
  const name = names[one.box]!;
  if (one.is === 'rename') return catalogue.rename(name, names[one.to]!);
  const list = Object.fromEntries(one.acl.map((who) => [users[who]!, 'lr']));
  if (one.is === 'create') return catalogue.create(name, { acl: list });
  if (one.is === 'delete') return catalogue.delete(name);
  const entry = await catalogue.find(name);
  return entry === undefined ? undefined : catalogue.change(entry.id, { acl: list });
}
