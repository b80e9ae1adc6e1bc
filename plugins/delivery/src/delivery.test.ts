import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  COMMANDS,
  type CommandContext,
  DELIVERY,
  DELIVERY_STAGES,
  type DeliveryStage,
  MAIL_STORE,
  type MailboxName,
  MailError,
  type MessageBus,
  noFlags,
  personalMailbox,
  type Recipient,
  type RecipientAddress,
  STATUS_SOURCES,
  type UserId,
} from '@angarium/sdk';
import {
  accountsOf,
  createTestKernel,
  HookProbe,
  ManualClock,
  memoryStore,
  testEnvelope,
} from '@angarium/testing';

const users = ['fred', 'wilma', 'joe+exact', 'jane@example.net', 'boss', 'a b'];

const accounts = accountsOf(
  (user) => {
    if (user.startsWith('down')) throw new MailError('UNAVAILABLE', 'Accounts cannot be asked now');
    return users.includes(user) ? { isDisabled: user === 'wilma' } : undefined;
  },
  (text) => {
    if (text === '' || text.includes('/')) throw new MailError('CANNOT', 'no name');
    return text.toLowerCase() as UserId;
  },
);
const probe = new HookProbe();

const text = 'Subject: hello\r\n\r\nHello.\r\n';

function addressOf(address: string): RecipientAddress {
  const at = address.lastIndexOf('@');
  const localPart = at < 0 ? address : address.slice(0, at);
  return { address, localPart, domain: at < 0 ? undefined : address.slice(at + 1), parameters: {} };
}

async function setUp(
  config: Record<string, unknown> = {},
  stages: readonly DeliveryStage[] = [],
  bus?: MessageBus,
) {
  const kernel = await createTestKernel({
    plugins: [accounts, probe, memoryStore, { name: 'delivery', config }],
    clock: new ManualClock(),
    ...(bus && { bus }),
  });
  const delivery = kernel.get(DELIVERY);
  const store = kernel.get(MAIL_STORE);
  kernel.get(DELIVERY_STAGES).add(...stages);
  const recipient = (address: string) => delivery.recipient(addressOf(address), testEnvelope);
  const deliver = async (recipients: readonly Recipient[]) => {
    await using message = await store.stage([Buffer.from(text)], { maxBytes: 10_000 });
    await delivery.deliver(message, testEnvelope, recipients);
  };
  const count = async (name: MailboxName) => {
    const entry = await store.catalogue.find(name);
    return entry === undefined ? undefined : (await store.mailbox(entry.id).snapshot()).count;
  };
  const inboxOf = (user: string) => count(personalMailbox(user as UserId));
  return {
    kernel,
    delivery,
    store,
    recipient,
    deliver,
    count,
    inboxOf,
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

const resolutions: readonly [address: string, user: string | undefined, detail: string | undefined][] = [
  ['fred@example.org', 'fred', undefined],
  ['FRED', 'fred', undefined],
  ['"fred"@example.org', 'fred', undefined],
  ['"a\\ b"@example.org', 'a b', undefined],
  ['fred+Lists.x@example.org', 'fred', 'Lists.x'],
  ['joe+exact@example.org', 'joe+exact', undefined],
  ['jane@example.net', 'jane@example.net', undefined],
  ['jane+x@example.net', 'jane@example.net', 'x'],
  ['jane@example.org', undefined, undefined],
  ['wilma@example.org', 'wilma', undefined],
  ['nobody@example.org', undefined, undefined],
  ['no/name@example.org', undefined, undefined],
  ['+fred@example.org', undefined, undefined],
  ['""@example.org', undefined, undefined],
];
for (const [address, user, detail] of resolutions) {
  test(`${address} is ${user ?? 'nobody'}`, async () => {
    await using it = await setUp();
    const recipient = await it.recipient(address);
    assert.equal(recipient.user, user);
    assert.equal(recipient.detail, detail);
    if (user !== undefined) {
      assert.equal(recipient.outcome, undefined);
      assert.deepEqual(
        recipient.targets.map(({ mailbox }) => mailbox),
        [personalMailbox(user as UserId)],
      );
    } else {
      assert.ok(recipient.outcome?.is === 'refused');
      assert.equal(recipient.outcome.error.enhancedStatus, '5.1.1');
      assert.equal(recipient.outcome.error.temporary, false);
    }
  });
}

test('domains count where the manifest says so', async () => {
  await using it = await setUp({ anyDomain: false });
  assert.equal((await it.recipient('fred@example.org')).outcome?.is, 'refused');
  assert.equal((await it.recipient('fred')).user, 'fred');
});

test('postmaster goes to whom the manifest says', async () => {
  await using it = await setUp({ postmaster: 'boss' });
  assert.equal((await it.recipient('Postmaster')).user, 'boss');
  assert.equal((await it.recipient('postmaster@example.org')).user, 'boss');
});

test('accounts that cannot be asked defer', async () => {
  await using it = await setUp();
  const { outcome } = await it.recipient('down@example.org');
  assert.ok(outcome?.is === 'refused' && outcome.error.temporary);
});

test('one message for many: one write, one outcome each, INBOXes made', async () => {
  await using it = await setUp();
  const appends: number[] = [];
  const append = it.store.append.bind(it.store);
  it.store.append = (targets, origin) => {
    appends.push(targets.length);
    return append(targets, origin);
  };
  const recipients = await Promise.all(['fred', 'wilma', 'nobody', 'fred+x'].map(it.recipient));
  await it.deliver(recipients);
  assert.deepEqual(
    recipients.map(({ outcome }) => outcome?.is),
    ['delivered', 'delivered', 'refused', 'delivered'],
  );
  assert.deepEqual(appends, [2]);
  assert.equal(await it.inboxOf('fred'), 1);
  assert.equal(await it.inboxOf('wilma'), 1);
  assert.deepEqual(
    recipients[0]?.trace.map(({ decision }) => decision),
    ['account fred', 'INBOX of fred, UID 1'],
  );
});

test('without autocreate an account without INBOX is refused at RCPT', async () => {
  await using it = await setUp({ autocreateInbox: false });
  assert.equal((await it.recipient('fred')).outcome?.is, 'refused');
  await it.store.catalogue.create(personalMailbox('fred' as UserId));
  const fred = await it.recipient('fred');
  await it.deliver([fred]);
  assert.equal(fred.outcome?.is, 'delivered');
});

const target = (create: boolean, ...path: string[]) => ({
  mailbox: personalMailbox('fred' as UserId, path),
  flags: noFlags,
  create,
  by: 'test',
});

function filter(run: (recipient: Recipient) => void, order = 1, name = 'test'): DeliveryStage {
  return {
    name,
    phase: 'filter',
    order,
    async run({ recipients }) {
      for (const recipient of recipients) run(recipient);
    },
  };
}

test('a filter chooses mailboxes; what is not there is made or falls back to INBOX', async () => {
  const targets = [target(true, 'Lists', 'x'), target(false, 'Not', 'There')];
  await using it = await setUp({}, [filter((recipient) => void (recipient.targets = targets))]);
  const fred = await it.recipient('fred');
  await it.deliver([fred]);
  assert.equal(fred.outcome?.is, 'delivered');
  assert.equal(await it.count(target(true, 'Lists', 'x').mailbox), 1);
  assert.equal(await it.count(target(true, 'Lists').mailbox), 0);
  assert.equal(await it.inboxOf('fred'), 1);
});

test('what may not be made falls back to INBOX; a server that cannot make it now defers', async () => {
  const lists = target(true, 'Lists', 'x');
  await using it = await setUp({}, [filter((recipient) => void (recipient.targets = [lists]))]);
  let error = new MailError('OVERQUOTA', 'Too many mailboxes');
  probe.hooks.tap('mailbox.creating', ({ name }) => {
    if (name.path.length > 0) throw error;
  });
  const [fred, boss] = [await it.recipient('fred'), await it.recipient('boss')];
  await it.deliver([fred]);
  assert.equal(fred.outcome?.is, 'delivered');
  assert.equal(await it.inboxOf('fred'), 1);
  assert.match(fred.trace.map(({ decision }) => decision).join('\n'), /Too many mailboxes: INBOX/);
  error = new MailError('UNAVAILABLE', 'Not now');
  await it.deliver([boss]);
  assert.ok(boss.outcome?.is === 'refused' && boss.outcome.error.temporary);
});

test('a mailbox without room for keywords takes the message without them', async () => {
  const marked = { ...target(true), flags: { system: 1, keywords: ['one', 'two'] } };
  await using it = await setUp({}, [filter((recipient) => void (recipient.targets = [marked]))]);
  const append = it.store.append.bind(it.store);
  const limit = new MailError('LIMIT', 'A mailbox can have 128 keywords');
  const filed: unknown[] = [];
  it.store.append = async (targets, origin) => {
    const flags = targets[0]!.items[0]!.flags;
    filed.push(flags);
    return flags.keywords.length > 0 ? [{ ok: false, error: limit }] : append(targets, origin);
  };
  const fred = await it.recipient('fred');
  await it.deliver([fred]);
  assert.equal(fred.outcome?.is, 'delivered');
  assert.deepEqual(filed, [marked.flags, { system: 1, keywords: [] }]);
  assert.equal(await it.inboxOf('fred'), 1);
});

test('stages add header fields for single recipients; who has the same shares a message, the others have it as it came', async () => {
  const stage = filter((recipient) => {
    if (recipient.user === 'boss') return;
    recipient.addedFields.push({ name: 'X-Spam', value: 'yes' }, { name: 'bad name', value: 'x' });
    if (recipient.user === 'joe+exact')
      recipient.addedFields.push({ name: 'X-Note', value: 'Gr\u00fc\u00dfe' });
  });
  await using it = await setUp({}, [stage]);
  const staged: string[] = [];
  const stageMessage = it.store.stage.bind(it.store);
  it.store.stage = async (source, options) => {
    const message = await stageMessage(source, options);
    const dispose = message[Symbol.asyncDispose].bind(message);
    staged.push('staged');
    message[Symbol.asyncDispose] = async () => {
      staged.push('let go');
      await dispose();
    };
    return message;
  };
  const recipients = await Promise.all(['fred', 'wilma', 'joe+exact', 'boss'].map(it.recipient));
  await it.deliver(recipients);
  assert.ok(recipients.every(({ outcome }) => outcome?.is === 'delivered'));
  assert.deepEqual(staged, ['staged', 'staged', 'staged', 'let go', 'let go', 'let go']);
  assert.ok(recipients[0]?.trace.some(({ decision }) => decision.includes('"bad name" cannot be added')));
  const inboxText = async (user: string) => {
    const { id } = (await it.store.catalogue.find(personalMailbox(user as UserId)))!;
    const message = await it.store.mailbox(id).open(1);
    return String(await message.read(0, message.size));
  };
  assert.equal(await inboxText('boss'), text);
  for (const user of ['fred', 'wilma']) assert.equal(await inboxText(user), `X-Spam: yes\r\n${text}`);
  assert.equal(await inboxText('joe+exact'), `X-Spam: yes\r\nX-Note: =?utf-8?B?R3LDvMOfZQ==?=\r\n${text}`);
});

test('who cannot have his fields is put off, the others are not', async () => {
  const stage = filter(({ user, addedFields }) => {
    if (user === 'fred') addedFields.push({ name: 'X', value: 'y' });
  });
  await using it = await setUp({}, [stage]);
  const recipients = await Promise.all(['fred', 'wilma'].map(it.recipient));
  const stageMessage = it.store.stage.bind(it.store);
  let calls = 0;
  it.store.stage = (source, options) =>
    ++calls === 1 ? stageMessage(source, options) : Promise.reject(new Error('disk'));
  await it.deliver(recipients);
  assert.ok(recipients[0]?.outcome?.is === 'refused' && recipients[0].outcome.error.temporary);
  assert.equal(recipients[1]?.outcome?.is, 'delivered');
});

test('a filter discards, refuses, or leaves no target', async () => {
  const stage = filter((recipient) => {
    if (recipient.user === 'fred') recipient.outcome = { is: 'discarded', note: 'spam' };
    if (recipient.user === 'wilma') recipient.targets = [];
    if (recipient.user === 'boss') {
      recipient.outcome = {
        is: 'refused',
        error: new MailError('NOPERM', 'No thanks', { enhancedStatus: '5.7.1' }),
      };
    }
  });
  await using it = await setUp({}, [stage]);
  const recipients = await Promise.all(['fred', 'wilma', 'boss'].map(it.recipient));
  await it.deliver(recipients);
  assert.deepEqual(
    recipients.map(({ outcome }) => outcome?.is),
    ['discarded', 'discarded', 'refused'],
  );
  assert.equal(await it.inboxOf('fred'), undefined);
});

test('stages run in order; one that breaks defers, one that refuses refuses, later ones see the rest', async () => {
  const seen: string[] = [];
  const stages = [
    filter(({ user }) => seen.push(`late ${user}`), 300),
    filter(({ user }) => seen.push(`early ${user}`), 10),
    filter(
      ({ user }) => {
        if (user === 'fred') throw new Error('a bug');
      },
      200,
      'broken',
    ),
  ];
  await using it = await setUp({}, stages);
  const [fred, wilma] = [await it.recipient('fred'), await it.recipient('wilma')];
  await it.deliver([fred]);
  await it.deliver([wilma]);
  assert.deepEqual(seen, ['early fred', 'early wilma', 'late wilma']);
  assert.ok(fred.outcome?.is === 'refused' && fred.outcome.error.temporary);
  assert.equal(fred.outcome.error.publicText, 'Delivery is not possible now');
  assert.equal(fred.trace.at(-1)?.stage, 'broken');
  assert.equal(wilma.outcome?.is, 'delivered');
});

test('what the stages return is called after filing, with the outcomes; early ones too', async () => {
  const calls: string[] = [];
  const told = (phase: DeliveryStage['phase']): DeliveryStage => ({
    name: phase,
    phase,
    order: 1,
    run: async () => async (recipients) => {
      calls.push(`${phase} ${recipients.map(({ user, outcome }) => `${user} ${outcome?.is}`).join()}`);
      if (phase === 'suppress') throw new Error('a bug');
    },
  });
  await using it = await setUp({}, [told('admit'), told('suppress'), told('filter')]);
  const fred = await it.recipient('fred');
  assert.deepEqual(calls, []);
  await it.deliver([fred]);
  assert.deepEqual(calls, ['admit fred delivered', 'suppress fred delivered', 'filter fred delivered']);
});

test('a store that fails defers those it fails for, and no others', async () => {
  await using it = await setUp();
  probe.hooks.tap('message.appending', ({ mailbox }) => {
    if (mailbox.name.owner === 'fred') throw new MailError('OVERQUOTA', 'Over quota');
  });
  const recipients = [await it.recipient('fred'), await it.recipient('wilma')];
  await it.deliver(recipients);
  assert.ok(recipients[0]?.outcome?.is === 'refused' && recipients[0].outcome.error.code === 'OVERQUOTA');
  assert.equal(recipients[1]?.outcome?.is, 'delivered');
  it.store.append = () => Promise.reject(new Error('disk'));
  const wilma = await it.recipient('wilma');
  await it.deliver([wilma]);
  assert.ok(wilma.outcome?.is === 'refused' && wilma.outcome.error.code === 'UNAVAILABLE');
});

test('a mailbox that vanishes between lookup and write does not lose the mail', async () => {
  const gone = target(false, 'Work');
  await using it = await setUp({}, [filter((recipient) => void (recipient.targets = [gone]))]);
  await it.store.catalogue.create(gone.mailbox);
  const append = it.store.append.bind(it.store);
  let isFirst = true;
  it.store.append = async (targets, origin) => {
    if (isFirst) await it.store.catalogue.delete(gone.mailbox);
    isFirst = false;
    return append(targets, origin);
  };
  const fred = await it.recipient('fred');
  await it.deliver([fred]);
  assert.equal(fred.outcome?.is, 'delivered');
  assert.equal(await it.inboxOf('fred'), 1);
});

test('who is refused has no copy anywhere', async () => {
  const stage = filter((recipient) => {
    recipient.targets = [target(false), { ...target(false), mailbox: { path: ['not', 'there'] } }];
    recipient.user = undefined;
  });
  await using it = await setUp({}, [stage]);
  await it.store.catalogue.create(personalMailbox('fred' as UserId));
  const fred = await it.recipient('fred');
  await it.deliver([fred]);
  assert.equal(fred.outcome?.is, 'refused');
  assert.equal(await it.inboxOf('fred'), 0);
});

test('observers hear of it', async () => {
  await using it = await setUp();
  const heard: string[] = [];
  probe.hooks.tap('delivery.filed', ({ sender }, guid, recipients) => {
    heard.push(`${sender} ${guid.length} ${recipients.map(({ outcome }) => outcome?.is).join()}`);
  });
  await it.deliver([await it.recipient('fred'), await it.recipient('nobody')]);
  await new Promise(setImmediate);
  assert.deepEqual(heard, ['sender@example.com 32 delivered,refused']);
});

/** Two ends of a message bus in one process. */
function busPair(): [MessageBus, MessageBus] {
  const listeners: Map<string, ((payload: unknown) => void)[]>[] = [new Map(), new Map()];
  const end = (own: number): MessageBus => ({
    publish(topic, payload) {
      for (const run of listeners[1 - own]!.get(topic) ?? []) run(structuredClone(payload));
    },
    subscribe(topic, listener) {
      const all = listeners[own]!;
      all.set(topic, [...(all.get(topic) ?? []), listener]);
      return { [Symbol.dispose]() {} };
    },
  });
  return [end(0), end(1)];
}

test('traces are kept, bounded, and answered to a command', async () => {
  const [server, cli] = busPair();
  await using it = await setUp({ traceSize: 3 }, [], server);
  for (let i = 0; i < 4; i++) await it.deliver([await it.recipient('fred')]);
  await it.recipient('nobody@example.org');
  assert.deepEqual(
    await it.kernel
      .get(STATUS_SOURCES)
      .items.find(({ name }) => name === 'delivery')
      ?.read(),
    {
      delivered: 4,
      discarded: 0,
      refused: 1,
      deferred: 0,
    },
  );
  const clock = new ManualClock();
  const commandKernel = await createTestKernel({
    plugins: [accounts, probe, memoryStore, { name: 'delivery' }],
    bus: cli,
    clock,
    host: { role: 'command' },
  });
  await using _ = commandKernel;
  const command = commandKernel.get(COMMANDS).items.find(({ name }) => name === 'delivery trace')!;
  const ask = async (options: CommandContext['options']) => {
    const context = { options, signal: new AbortController().signal } as CommandContext;
    const asking = command.run(context);
    await clock.advance(1000);
    return command.text(await asking);
  };
  const all = await ask({ limit: '10' });
  assert.equal(all.split('\n').filter((line) => line.includes(' -> ')).length, 3);
  assert.match(all, /<sender@example.com> -> <nobody@example.org> {2}refused: User unknown/);
  assert.match(all, / {4}file: INBOX of fred, UID 4/);
  assert.doesNotMatch(await ask({ recipient: 'FRED', limit: '1' }), /nobody/);
  assert.equal(await ask({ recipient: 'wilma' }), 'no traces');
  await assert.rejects(command.run({ options: { limit: 'x' } } as unknown as CommandContext), {
    exitStatus: 2,
  });
});
