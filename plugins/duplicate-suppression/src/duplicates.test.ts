import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  COMMANDS,
  type CommandContext,
  DELIVERY,
  DELIVERY_STAGES,
  DUPLICATE_LEDGER,
  JOBS,
  MAIL_STORE,
  type MailboxName,
  NumberSet,
  noFlags,
  personalMailbox,
  RECORDS,
  type Recipient,
  STATUS_SOURCES,
  type UserId,
} from '@angarium/sdk';
import { accountsOf, createTestKernel, ManualClock, memoryStore, testEnvelope } from '@angarium/testing';

const fred = 'fred' as UserId;
const DAY = 86_400_000;

const accounts = accountsOf(() => ({}));

async function setUp(config: Record<string, unknown> = {}) {
  const clock = new ManualClock();
  const kernel = await createTestKernel({
    plugins: [accounts, memoryStore, 'delivery', { name: 'duplicate-suppression', config }],
    clock,
  });
  const store = kernel.get(MAIL_STORE);
  const delivery = kernel.get(DELIVERY);
  const deliver = async (header: string, ...users: string[]): Promise<(string | undefined)[]> => {
    const recipients: Recipient[] = [];
    for (const localPart of users) {
      const address = { address: localPart, localPart, domain: undefined, parameters: {} };
      recipients.push(await delivery.recipient(address, testEnvelope));
    }
    await using message = await store.stage([Buffer.from(`${header}\r\nbody\r\n`)], { maxBytes: 10_000 });
    await delivery.deliver(message, testEnvelope, recipients);
    return recipients.map(({ outcome }) =>
      outcome?.is === 'delivered' ? (outcome.note ?? 'filed') : outcome?.is,
    );
  };
  const count = async (name: MailboxName) => {
    const entry = await store.catalogue.find(name);
    return entry === undefined ? 0 : (await store.mailbox(entry.id).snapshot()).count;
  };
  const command = async (name: string, options: CommandContext['options'] = {}, args: string[] = []) => {
    const found = kernel.get(COMMANDS).items.find((each) => each.name === name)!;
    return found.text(await found.run({ options, args } as unknown as CommandContext));
  };
  const counts = () =>
    kernel
      .get(STATUS_SOURCES)
      .items.find(({ name }) => name === 'duplicates')!
      .read();
  return {
    kernel,
    clock,
    store,
    deliver,
    count,
    command,
    counts,
    ledger: kernel.get(DUPLICATE_LEDGER),
    inbox: personalMailbox(fred),
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

const first = 'Message-ID: <1@x>\r\nDate: Mon, 01 Jan 2024 00:00:00 +0000\r\n';

test('the same Message-ID and Date in the same mailbox is filed once, within the window', async () => {
  await using it = await setUp();
  assert.deepEqual(await it.deliver(`${first}Subject: one\r\n`, 'fred'), ['filed']);
  assert.deepEqual(await it.deliver(`Received: other\r\n${first}`, 'fred'), ['duplicate']);
  assert.deepEqual(await it.deliver(first, 'fred', 'wilma'), ['duplicate', 'filed']);
  assert.deepEqual(
    await it.deliver('Message-ID: <1@x>\r\nDate: Tue, 02 Jan 2024 00:00:00 +0000\r\n', 'fred'),
    ['filed'],
  );
  assert.deepEqual(await it.deliver('Message-ID: <1@x>\r\n', 'fred'), ['filed']);
  assert.deepEqual(await it.deliver('Message-ID: <1@x>\r\n', 'fred'), ['duplicate']);
  assert.deepEqual(await it.deliver('Subject: none\r\n', 'fred'), ['filed']);
  assert.deepEqual(await it.deliver('Subject: none\r\n', 'fred'), ['filed']);
  assert.equal(await it.count(it.inbox), 5);
  await it.clock.advance(3 * DAY);
  assert.deepEqual(await it.deliver(first, 'fred'), ['filed']);
});

test('it outlives what was expunged; INBOX and folder are two', async () => {
  await using it = await setUp();
  const work = personalMailbox(fred, ['Work']);
  let target = it.inbox;
  it.kernel.get(DELIVERY_STAGES).add({
    name: 'sort',
    phase: 'filter',
    order: 1,
    async run({ recipients }) {
      for (const recipient of recipients) {
        recipient.targets = [{ mailbox: target, flags: noFlags, create: true, by: 'sort' }];
      }
    },
  });
  assert.deepEqual(await it.deliver(first, 'fred'), ['filed']);
  const { id } = (await it.store.catalogue.find(it.inbox))!;
  const box = it.store.mailbox(id);
  await box.expunge(NumberSet.of(1), { onlyDeleted: false });
  assert.deepEqual(await it.deliver(first, 'fred'), ['duplicate']);
  target = work;
  assert.deepEqual(await it.deliver(first, 'fred'), ['filed']);
  assert.equal(await it.count(work), 1);
  assert.equal(await it.count(it.inbox), 0);
});

test('many copies at the same instant: one is filed, none is lost or put off', async () => {
  await using it = await setUp();
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, i) => it.deliver(`X-Copy: ${i}\r\n${first}`, 'fred')),
  );
  assert.equal(results.flat().filter((result) => result === 'filed').length, 1);
  assert.equal(results.flat().filter((result) => result === 'duplicate').length, 19);
  assert.equal(await it.count(it.inbox), 1);
});

test('what is not filed is not remembered', async () => {
  await using it = await setUp();
  await it.deliver('Subject: makes the INBOX\r\n', 'fred');
  const append = it.store.append.bind(it.store);
  it.store.append = (targets, origin) => {
    it.store.append = append;
    return append(
      targets.map((target) => ({
        ...target,
        items: [...target.items, { ...target.items[0]!, flags: keywords(200) }],
      })),
      origin,
    );
  };
  assert.deepEqual(await it.deliver(first, 'fred'), ['refused']);
  assert.deepEqual(await it.deliver(first, 'fred'), ['filed']);
});

function keywords(count: number) {
  return { system: 0, keywords: Array.from({ length: count }, (_, i) => `k${i}`) };
}

test('a mailbox may take duplicates, by annotation or attribute', async () => {
  await using it = await setUp();
  await it.deliver('Subject: makes the INBOX\r\n', 'fred', 'wilma');
  const { id } = (await it.store.catalogue.find(it.inbox))!;
  await it.store.catalogue.setMetadata(
    id,
    undefined,
    new Map([['/shared/vendor/cmu/cyrus-imapd/duplicatedeliver', Buffer.from('true')]]),
  );
  const wilma = (await it.store.catalogue.find(personalMailbox('wilma' as UserId)))!;
  await it.store.catalogue.change(wilma.id, { attributes: { duplicatedeliver: 'true' } });
  for (let i = 0; i < 2; i++) assert.deepEqual(await it.deliver(first, 'fred', 'wilma'), ['filed', 'filed']);
});

test('a ledger that cannot be asked lets everything in', async () => {
  await using it = await setUp();
  await it.deliver('Subject: makes the INBOX\r\n', 'fred');
  it.store.catalogue.metadata = () => Promise.reject(new Error('disk'));
  for (let i = 0; i < 2; i++) assert.deepEqual(await it.deliver(first, 'fred'), ['filed']);
  assert.equal(((await it.counts()) as { unknown: number }).unknown, 2);
  const space = it.kernel.get(RECORDS).space('duplicate-suppression/holds');
  space.write = () => Promise.reject(new Error('disk'));
  await using hold = await it.ledger.hold([{ messageId: '1', target: 'script', date: '' }]);
  assert.deepEqual(hold.verdicts, ['unknown']);
  await hold.confirm();
});

test('hold, confirm, let go, run out', async () => {
  await using it = await setUp({ holdSeconds: 60 });
  const key = { messageId: '<1@x>', target: '.fred.sieve.', date: 'd', owner: fred };
  const other = { ...key, target: '.wilma.sieve.' };
  const verdicts = async (...keys: (typeof key)[]) => {
    await using hold = await it.ledger.hold(keys);
    return hold.verdicts;
  };
  {
    await using hold = await it.ledger.hold([key, other]);
    assert.deepEqual(hold.verdicts, ['first', 'first']);
    assert.deepEqual(await verdicts(key), ['busy']);
  }
  assert.deepEqual(await verdicts(key), ['first'], 'what was let go is free');
  {
    await using hold = await it.ledger.hold([key]);
    await hold.confirm();
  }
  assert.deepEqual(await verdicts(key, other), ['repeat', 'first']);
  await it.clock.advance(3 * DAY);
  assert.deepEqual(await verdicts(key), ['first'], 'the window is over');
  const lost = await it.ledger.hold([key]);
  await it.clock.advance(60_000);
  assert.deepEqual(await verdicts(key), ['first'], 'a crash ends a hold');
  await using next = await it.ledger.hold([key]);
  await lost.confirm();
  assert.deepEqual(await verdicts(key), ['busy'], "and a late confirm does not touch another's");
  assert.ok(it.kernel.log.lines.some(({ text }) => text.includes('ran out')));
  await next.confirm();
});

test('many at once hold a key: one is first', async () => {
  await using it = await setUp();
  const key = { messageId: '1', target: 's', date: '' };
  const holds = await Promise.all(Array.from({ length: 10 }, () => it.ledger.hold([key])));
  const firsts = holds.filter(({ verdicts }) => verdicts[0] === 'first');
  assert.equal(firsts.length, 1);
  for (const hold of holds) await hold[Symbol.asyncDispose]();
});

test('commands list, forget and count; the job tidies', async () => {
  await using it = await setUp();
  assert.equal(await it.command('duplicates list', { limit: '10' }), 'none');
  await it.deliver(first, 'fred');
  await it.clock.advance(1000);
  await it.deliver(first, 'fred');
  await it.deliver('Message-ID: <2@x>\r\n', 'fred');
  const { id } = (await it.store.catalogue.find(it.inbox))!;
  assert.match(
    await it.command('duplicates list', { limit: '10' }),
    /^\S+Z {2}<1@x> {2}user\/fred {2}<sender@example.com> -> <fred> s1$/,
  );
  assert.equal(await it.command('duplicates list', { limit: '10', message: '2@x' }), 'none');
  const remembered = await it.command('duplicates list', { limit: '10', remembered: true, mailbox: id });
  assert.deepEqual(remembered.match(/<\d@x>/g)?.sort(), ['<1@x>', '<2@x>']);
  assert.match(remembered, /Date: Mon, 01 Jan 2024/);
  assert.equal(
    await it.command('duplicates stats'),
    'deliveries remembered: 2\ncopies suppressed within the window: 1',
  );
  await assert.rejects(it.command('duplicates list', { limit: '0' }), { exitStatus: 2 });
  await assert.rejects(it.command('duplicates forget', { mailbox: 'none' }, ['x']), { exitStatus: 1 });
  assert.equal(await it.command('duplicates forget', {}, ['<1@x>']), '1 delivery forgotten');
  assert.deepEqual(await it.deliver(first, 'fred'), ['filed']);
  assert.deepEqual(await it.counts(), {
    marked: 4,
    suppressed: 1,
    unmarked: 0,
    busy: 0,
    unknown: 0,
    pruned: 0,
  });
  await it.clock.advance(3 * DAY);
  const job = it.kernel.get(JOBS).items.find(({ name }) => name === 'duplicates prune')!;
  await job.run(new AbortController().signal);
  assert.equal(
    await it.command('duplicates stats'),
    'deliveries remembered: 0\ncopies suppressed within the window: 0',
  );
});
