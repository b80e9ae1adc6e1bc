import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ADDRESS_MAPS,
  type AddressOwner,
  anonymousIdentity,
  DELIVERY,
  DELIVERY_STAGES,
  type DeliveryEnvelope,
  MAIL_STORE,
  MailError,
  personalMailbox,
  type Recipient,
  type UserId,
} from '@angarium/sdk';
import { accountsOf, createTestKernel, ManualClock, memoryStore } from '@angarium/testing';
import fc from 'fast-check';

const users = ['fred', 'wilma', 'barney', 'betty'];

const accounts = accountsOf((user) => (users.includes(user) ? {} : undefined));

const envelope: Omit<DeliveryEnvelope, 'parameters'> = {
  sender: 'sender@example.com',
  identity: anonymousIdentity,
  via: 'lmtp',
  session: 's1',
  remoteAddress: '127.0.0.1',
  isUtf8: false,
};

type Fate =
  | 'fine'
  | 'defer early'
  | 'defer late'
  | 'defer filing'
  | 'refuse early'
  | 'refuse late'
  | 'discard';

async function setUp(lists: Record<string, readonly string[]>, withLedger = true) {
  const plugins = [accounts, memoryStore, 'delivery', ...(withLedger ? ['duplicate-suppression'] : [])];
  const kernel = await createTestKernel({ plugins, clock: new ManualClock() });
  const fates = new Map<string, Fate>();
  const owners = new Map<string, AddressOwner[]>(
    Object.entries(lists).map(([name, list]) => [name, list.map((user) => ({ user }))]),
  );
  kernel.get(ADDRESS_MAPS).add({
    name: 'lists',
    order: 50,
    find: async ({ localPart }) => owners.get(localPart),
  });
  const seen: string[] = [];
  const stage = (phase: 'admit' | 'filter', suffix: string) => ({
    name: phase,
    phase,
    order: 50,
    run: async ({ recipients }: { readonly recipients: readonly Recipient[] }) => {
      for (const recipient of recipients) {
        if (phase === 'filter') seen.push(recipient.user!);
        const fate = fates.get(recipient.user ?? '');
        if (fate === `defer ${suffix}`) {
          recipient.outcome = { is: 'refused', error: new MailError('UNAVAILABLE', 'Not now') };
        }
        if (fate === `refuse ${suffix}`) {
          recipient.outcome = {
            is: 'refused',
            error: new MailError('NOPERM', 'Never', { temporary: false }),
          };
        }
        if (fate === 'discard' && phase === 'filter')
          recipient.outcome = { is: 'discarded', note: 'by rule' };
      }
    },
  });
  kernel.get(DELIVERY_STAGES).add(stage('admit', 'early'), stage('filter', 'late'));
  const store = kernel.get(MAIL_STORE);
  const append = store.append.bind(store);
  store.append = async (targets, origin) => {
    const failing = new Set<string>();
    for (const [user, fate] of fates) {
      const entry = await store.catalogue.find(personalMailbox(user as UserId));
      if (fate === 'defer filing' && entry !== undefined) failing.add(entry.id);
    }
    const done = await append(
      targets.filter(({ mailbox }) => !failing.has(mailbox)),
      origin,
    );
    const outcomes = [...done];
    return targets.map(({ mailbox }) =>
      failing.has(mailbox) ? { ok: false as const, error: new Error('disk') } : outcomes.shift()!,
    );
  };
  const delivery = kernel.get(DELIVERY);
  /** One transaction: the answers, at RCPT or after DATA. */
  const send = async (...names: string[]): Promise<string[]> => {
    const transaction = { ...envelope, parameters: {} };
    const recipients: Recipient[] = [];
    for (const localPart of names) {
      const address = { address: localPart, localPart, domain: undefined, parameters: {} };
      recipients.push(await delivery.recipient(address, transaction));
    }
    const accepted = recipients.filter(({ outcome }) => outcome === undefined);
    const text = 'Message-ID: <1@x>\r\n\r\nbody\r\n';
    await using message = await store.stage([Buffer.from(text)], { maxBytes: 1000 });
    await delivery.deliver(message, transaction, accepted);
    return recipients.map(({ outcome }) => {
      assert.ok(outcome !== undefined);
      if (outcome.is !== 'refused') return outcome.is;
      return outcome.error.temporary ? 'deferred' : outcome.error.publicText;
    });
  };
  const copies = async (user: string): Promise<number> => {
    const entry = await store.catalogue.find(personalMailbox(user as UserId));
    return entry === undefined ? 0 : (await store.mailbox(entry.id).snapshot()).count;
  };
  const counts = () => Promise.all(users.map(copies));
  return { kernel, fates, seen, send, counts, [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose]() };
}

test('one address, several users: each gets it once, by whatever address', async () => {
  await using it = await setUp({ all: ['fred', 'wilma', 'fred'], some: ['wilma', 'barney'] });
  assert.deepEqual(await it.send('all', 'some', 'all', 'betty'), [
    'delivered',
    'delivered',
    'delivered',
    'delivered',
  ]);
  assert.deepEqual(await it.counts(), [1, 1, 1, 1]);
  assert.deepEqual(it.seen.sort(), ['barney', 'betty', 'fred', 'wilma'], 'stages see users, each once');
});

test('one who cannot now defers the address; the next try is no duplicate for the others', async () => {
  for (const fate of ['defer early', 'defer late', 'defer filing'] as const) {
    await using it = await setUp({ all: ['fred', 'wilma'] });
    // The mailbox is there, so that writing to it can fail.
    assert.deepEqual(await it.send('all'), ['delivered']);
    await it.kernel.get(MAIL_STORE).catalogue.delete(personalMailbox('wilma' as UserId));
    await it.kernel.get(MAIL_STORE).catalogue.create(personalMailbox('wilma' as UserId));
    it.fates.set('wilma', fate);
    assert.deepEqual(await it.send('all'), ['deferred'], fate);
    assert.deepEqual(await it.counts(), [1, 0, 0, 0]);
    it.fates.clear();
    assert.deepEqual(await it.send('all'), ['delivered']);
    assert.deepEqual(await it.counts(), [1, 1, 0, 0]);
  }
});

test('without marks nobody has it before all can', async () => {
  for (const fate of ['defer early', 'defer late'] as const) {
    await using it = await setUp({ all: ['fred', 'wilma'], some: ['fred', 'barney'] }, false);
    it.fates.set('wilma', fate);
    assert.deepEqual(await it.send('some', 'all', 'betty'), ['deferred', 'deferred', 'delivered']);
    assert.deepEqual(await it.counts(), [0, 0, 0, 1]);
    it.fates.clear();
    assert.deepEqual(await it.send('all'), ['delivered']);
    assert.deepEqual(await it.counts(), [1, 1, 0, 1]);
  }
});

test('who is refused for good is told to the sender, once the others have it', async () => {
  for (const fate of ['refuse early', 'refuse late'] as const) {
    await using it = await setUp({ all: ['fred', 'wilma', 'barney'] });
    it.fates.set('wilma', fate);
    assert.deepEqual(await it.send('all'), ['Never (2 of 3 mailboxes of the address have the message)']);
    assert.deepEqual(await it.counts(), [1, 0, 1, 0]);
  }
});

test('all refused: at RCPT; nobody whom an alias names exists: later', async () => {
  await using it = await setUp({
    all: ['fred', 'wilma'],
    lost: ['nobody', 'noone'],
    half: ['fred', 'noone'],
  });
  it.fates.set('fred', 'refuse early').set('wilma', 'refuse early');
  assert.deepEqual(await it.send('all'), ['Never']);
  assert.deepEqual(await it.send('lost'), ['deferred']);
  it.fates.clear();
  assert.deepEqual(await it.send('half'), ['deferred']);
  assert.deepEqual(await it.counts(), [1, 0, 0, 0], 'fred need not wait for the operator');
});

test('an alias of a thousand too many defers', async () => {
  await using it = await setUp({ all: Array.from({ length: 1001 }, (_, i) => `u${i}`) });
  assert.deepEqual(await it.send('all'), ['deferred']);
});

test('whatever fails, whoever is not refused has one copy when the sender is through', async () => {
  const fate = fc.constantFrom<Fate>(
    'fine',
    'defer early',
    'defer late',
    'defer filing',
    'refuse early',
    'refuse late',
    'discard',
  );
  const list = fc.array(fc.constantFrom(...users), { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), list, { minKeys: 1, noNullPrototype: true }),
      fc.array(fc.tuple(fc.constantFrom(...users), fate), { maxLength: 8 }),
      async (lists, fates) => {
        await using it = await setUp(lists);
        let waiting = Object.keys(lists);
        const named = new Set(Object.values(lists).flat());
        for (const [user, next] of fates) {
          it.fates.set(user, next);
          const answers = await it.send(...waiting);
          for (const copies of await it.counts()) assert.ok(copies <= 1);
          waiting = waiting.filter((_, i) => answers[i] === 'deferred');
        }
        const lost = new Set(fates.filter(([, each]) => /refuse|discard/.test(each)).map(([user]) => user));
        it.fates.clear();
        const last = await it.send(...waiting);
        assert.ok(last.every((answer) => answer === 'delivered'));
        const counts = await it.counts();
        users.forEach((user, i) => {
          if (!named.has(user)) assert.equal(counts[i], 0);
          else if (!lost.has(user)) assert.equal(counts[i], 1, user);
          else assert.ok(counts[i]! <= 1);
        });
      },
    ),
    { numRuns: 60 },
  );
});
