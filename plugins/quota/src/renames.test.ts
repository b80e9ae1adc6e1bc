/** Mailboxes that go from one root to another, and come back from deletion, while mail comes in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isMailError,
  type MailboxId,
  type MailboxName,
  mailboxKey,
  NumberSet,
  personalMailbox,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import { letter, QuotaServer } from './server.test.support.js';

const roots = [sharedMailbox(['a']), sharedMailbox(['b'])];
const moving = (root: MailboxName, ...rest: string[]): MailboxName => ({
  ...root,
  path: [...root.path, 'x', ...rest],
});

async function nothingToFix(server: QuotaServer): Promise<void> {
  const options = { fix: true, dryRun: true, quiet: true };
  assert.equal((await server.command('quota', [], options)).trim(), '');
}

/** Files as long as `isOn`, several at a time, until it is through. Answers how many were filed. */
async function storm(server: QuotaServer, ids: readonly MailboxId[], isOn: () => boolean): Promise<number> {
  const { store } = server;
  let filed = 0;
  const one = async (worker: number): Promise<void> => {
    for (let i = 0; isOn(); i++) {
      await using message = await store.stage([Buffer.from(letter(100 + ((7 * i + worker) % 50)))], {
        maxBytes: 1000,
      });
      const item = { message, flags: { system: 0, keywords: [] }, internalDateMs: 0 };
      const outcomes = await store.append(ids.map((mailbox) => ({ mailbox, items: [item] })));
      for (const outcome of outcomes) {
        if (outcome.ok) filed++;
        // Deleted at the moment: the MTA would try again.
        else
          assert.ok(isMailError(outcome.error) && outcome.error.code === 'NONEXISTENT', `${outcome.error}`);
      }
      if (i % 5 !== 4) continue;
      const box = store.mailbox(ids[worker % ids.length]!);
      const snapshot = await box.snapshot().catch(() => undefined);
      if (snapshot === undefined || snapshot.count === 0) continue;
      await box.expunge(NumberSet.of(snapshot.uidAt(0)), { onlyDeleted: false }).catch((error: unknown) => {
        assert.ok(isMailError(error) && error.code === 'NONEXISTENT', `${error}`);
      });
    }
  };
  await Promise.all(Array.from({ length: 6 }, (_, worker) => one(worker)));
  return filed;
}

async function during(
  server: QuotaServer,
  ids: readonly MailboxId[],
  work: () => Promise<void>,
): Promise<number> {
  let isOn = true;
  const stormed = storm(server, ids, () => isOn);
  try {
    await work();
  } finally {
    isOn = false;
  }
  return await stormed;
}

test('renames between roots under a storm of deliveries: quota -f finds nothing to fix', async () => {
  await using server = await QuotaServer.start();
  const { catalogue } = server.store;
  for (const root of roots) {
    await catalogue.create(root);
    await server.ledger.setLimits(mailboxKey(root), { bytes: 1e9, messages: 1e6 });
  }
  const ids = [
    (await catalogue.create(moving(roots[0]!))).id,
    (await catalogue.create(moving(roots[0]!, 'y'))).id,
    (await catalogue.create(moving(roots[0]!, 'y', 'own'))).id,
  ];
  await server.ledger.setLimits(mailboxKey(moving(roots[0]!, 'y', 'own')), { messages: 1e6 });
  const filed = await during(server, ids, async () => {
    for (let i = 0; i < 10; i++) await catalogue.rename(moving(roots[i % 2]!), moving(roots[(i + 1) % 2]!));
  });
  assert.ok(filed > 0);
  await nothingToFix(server);
  const own = mailboxKey(moving(roots[0]!, 'y', 'own'));
  assert.deepEqual(await server.ledger.limits(own), { messages: 1e6 }, 'a root that moved along');
  const there = await Promise.all([mailboxKey(roots[0]!), own].map((root) => server.ledger.usage(root)));
  const status = await server.store.status(ids);
  const messages = status.map((each) => each!.messages);
  assert.deepEqual(
    there.map((each) => each.messages),
    [messages[0]! + messages[1]!, messages[2]!],
  );
  assert.deepEqual(await server.ledger.usage(mailboxKey(roots[1]!)), {
    ...there[0]!,
    bytes: 0,
    messages: 0,
    mailboxes: 1,
  });
});

test('whose root changes between the look at the limits and the write is held to the new one', async () => {
  await using server = await QuotaServer.start();
  const { store } = server;
  for (const root of roots) await store.catalogue.create(root);
  await server.ledger.setLimits(mailboxKey(roots[0]!), { messages: 100 });
  await server.ledger.setLimits(mailboxKey(roots[1]!), { messages: 1 });
  const { id } = await store.catalogue.create(moving(roots[0]!));
  const { ledger } = server;
  const limits = ledger.limits.bind(ledger);
  let isFirst = true;
  ledger.limits = async (root) => {
    const found = await limits(root);
    if (isFirst) {
      isFirst = false;
      await store.catalogue.rename(moving(roots[0]!), moving(roots[1]!));
    }
    return found;
  };
  await using message = await store.stage([Buffer.from(letter(100))], { maxBytes: 1000 });
  const item = { message, flags: { system: 0, keywords: [] }, internalDateMs: 0 };
  const [first] = await store.append([{ mailbox: id, items: [item, item] }]);
  assert.ok(first?.ok === false && isMailError(first.error) && first.error.code === 'OVERQUOTA');
  const [second] = await store.append([{ mailbox: id, items: [item] }]);
  assert.equal(second?.ok, true);
  assert.equal((await server.ledger.usage(mailboxKey(roots[1]!))).messages, 1);
});

test('deletion and undelete elsewhere, and a user who is renamed, under a storm: the same', async () => {
  await using server = await QuotaServer.start({ user: { storage: '100MB' } });
  const { catalogue } = server.store;
  for (const root of roots) {
    await catalogue.create(root);
    await server.ledger.setLimits(mailboxKey(root), { bytes: 1e9 });
  }
  const { id } = await catalogue.create(moving(roots[0]!));
  const [from, to] = [personalMailbox('fred' as UserId), personalMailbox('frederic' as UserId)];
  const ids = [id, (await catalogue.find(from))!.id];
  const filed = await during(server, ids, async () => {
    for (let i = 0; i < 6; i++) {
      await catalogue.delete(moving(roots[i % 2]!));
      await catalogue.undelete(id, moving(roots[(i + 1) % 2]!));
      await (i % 2 === 0 ? catalogue.rename(from, to) : catalogue.rename(to, from));
    }
  });
  assert.ok(filed > 0);
  await nothingToFix(server);
});
