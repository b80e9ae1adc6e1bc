// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Sieve
/** Scripts in the delivery pipeline, with a way out that a test looks at. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACCOUNTS,
  type Account,
  type Accounts,
  anonymousIdentity,
  DELIVERY,
  definePlugin,
  injectable,
  MAIL_STORE,
  type MailboxSnapshot,
  MailError,
  OUTBOUND,
  type Outbound,
  type OutboundMail,
  personalMailbox,
  provide,
  type Recipient,
  SIEVE_SCRIPTS,
  systemFlagNames,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel, ManualClock, memoryStore } from '@angarium/testing';

const fred = 'fred' as UserId;

@injectable()
class FakeAccounts implements Accounts {
  normalise(text: string): UserId {
    return text.toLowerCase() as UserId;
  }
  async find(user: UserId): Promise<Account | undefined> {
    if (user !== fred) return undefined;
    return { user, displayName: undefined, groups: [], isDisabled: false, attributes: {} };
  }
  async list(): Promise<readonly Account[]> {
    return [];
  }
}

interface Sent {
  readonly sender: string;
  readonly recipient: string;
  readonly text: string;
}

@injectable()
class FakeOutbound implements Outbound {
  readonly sent: Sent[] = [];
  failure: Error | undefined;
  async submit({ sender, recipient, content }: OutboundMail): Promise<void> {
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    if (this.failure !== undefined) throw this.failure;
    this.sent.push({ sender, recipient, text: Buffer.concat(pieces).toString('utf8') });
  }
}

const accounts = {
  name: 'test-accounts',
  manifest: { provides: ['accounts@1'] },
  definition: definePlugin({ provides: [provide(ACCOUNTS, FakeAccounts)] }),
};
const wayOut = {
  name: 'test-outbound',
  manifest: { provides: ['outbound@1'] },
  definition: definePlugin({ provides: [provide(OUTBOUND, FakeOutbound)] }),
};

function flagNames(snapshot: MailboxSnapshot, index: number): string[] {
  const { chunk, at } = snapshot.place(index);
  const system = systemFlagNames.filter(([bit]) => (chunk.flags[at]! & bit) !== 0).map(([, name]) => name);
  const keywords = snapshot.head.keywordNames.filter(
    (_, k) => (chunk.keywords[4 * at + (k >> 5)]! & (1 << (k & 31))) !== 0,
  );
  return [...system, ...keywords];
}

const message =
  'From: Ann <ann@x.example>\r\nTo: fred@y.example\r\nSubject: Hi\r\nMessage-ID: <m1@x.example>\r\n\r\ntext\r\n';

async function setUp({
  config = {},
  hasOutbound = true,
}: {
  config?: Record<string, unknown>;
  hasOutbound?: boolean;
} = {}) {
  const clock = new ManualClock();
  const kernel = await createTestKernel({
    clock,
    plugins: [
      accounts,
      memoryStore,
      ...(hasOutbound ? [wayOut] : []),
      { name: 'namespace', config: { altnamespace: false, unixhierarchysep: false } },
      'duplicate-suppression',
      'delivery',
      { name: 'sieve', config },
    ],
  });
  const store = kernel.get(MAIL_STORE);
  await store.catalogue.create(personalMailbox(fred));
  await store.catalogue.create(personalMailbox(fred, ['work']), { specialUse: ['\\Junk'] });
  const scripts = kernel.get(SIEVE_SCRIPTS);
  const use = async (script: string) => {
    assert.deepEqual((await scripts.put(fred, 'main', Buffer.from(script))).errors, []);
    await scripts.setActive(fred, 'main');
  };
  const deliver = async (
    text = message,
    sender = 'ann@x.example',
    to = 'fred@y.example',
  ): Promise<Recipient> => {
    const envelope = {
      sender,
      identity: anonymousIdentity,
      via: 'lmtp',
      session: 's',
      remoteAddress: '192.0.2.1',
      isUtf8: false,
      parameters: {},
    };
    const delivery = kernel.get(DELIVERY);
    const [localPart = '', domain] = to.split('@');
    const address = { address: to, localPart, domain, parameters: {} };
    const recipient = await delivery.recipient(address, envelope);
    const bytes = Buffer.from(text);
    await using staged = await store.stage([bytes], { maxBytes: 1e6 });
    await delivery.deliver(staged, envelope, [recipient]);
    return recipient;
  };
  /** Flags of what is in a mailbox. */
  const flagsIn = async (...path: string[]) => {
    const entry = await store.catalogue.find(personalMailbox(fred, path));
    if (entry === undefined) return undefined;
    const snapshot = await store.mailbox(entry.id).snapshot();
    return Array.from({ length: snapshot.count }, (_, i) => flagNames(snapshot, i));
  };
  const outbound = hasOutbound ? (kernel.get(OUTBOUND) as FakeOutbound) : undefined;
  return {
    kernel,
    clock,
    scripts,
    use,
    deliver,
    flagsIn,
    outbound: outbound!,
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

test('fileinto files, with flags and :create; what cannot be filed there is kept', async () => {
  await using it = await setUp();
  await it.use(
    'require ["fileinto", "imap4flags", "mailbox", "special-use"]; fileinto :flags "\\\\Seen x" "INBOX.work"; fileinto :create "INBOX.new.deep";',
  );
  assert.deepEqual((await it.deliver()).outcome, { is: 'delivered' });
  assert.deepEqual(await it.flagsIn('work'), [['\\Seen', 'x']]);
  assert.deepEqual(await it.flagsIn('new', 'deep'), [[]]);
  assert.deepEqual(await it.flagsIn(), []);
  await it.use(
    'require ["fileinto", "special-use"]; fileinto :specialuse "\\\\Junk" "INBOX.x"; fileinto "INBOX.none"; fileinto "user.wilma"; keep;',
  );
  const recipient = await it.deliver(message.replace('m1', 'm2'));
  assert.equal((await it.flagsIn('work'))?.length, 2);
  assert.equal((await it.flagsIn())?.length, 1, 'once, whatever points there');
  assert.match(recipient.trace.map(({ decision }) => decision).join('\n'), /no mailbox "INBOX.none": INBOX/);
});

test('discard, reject; a mistake in the run keeps the message and marks it', async () => {
  await using it = await setUp();
  await it.use('discard;');
  assert.equal((await it.deliver()).outcome?.is, 'discarded');
  await it.use('require "reject"; reject "no\r\nthanks";');
  const { outcome } = await it.deliver();
  assert.ok(
    outcome?.is === 'refused' && outcome.error.publicText === 'no thanks' && !outcome.error.temporary,
  );
  await it.use('require ["reject"]; keep; reject "x";');
  assert.equal((await it.deliver()).outcome?.is, 'delivered');
  assert.deepEqual(await it.flagsIn(), [['$SieveFailed']]);
  await it.use('require ["ihave", "fileinto"]; fileinto "INBOX.work"; error "oops";');
  const failed = await it.deliver(message.replace('m1', 'm2'));
  assert.match(
    failed.trace.map(({ decision }) => decision).join('\n'),
    /script says: oops; the message is kept/,
  );
  assert.deepEqual(await it.flagsIn(), [['$SieveFailed'], ['$SieveFailed']]);
  assert.deepEqual(await it.flagsIn('work'), []);
});

test('redirect: as it is, once, deferred when it cannot be sent, kept when it comes back', async () => {
  await using it = await setUp();
  await it.use('redirect "bob@z.example";');
  it.outbound.failure = new MailError('UNAVAILABLE', 'Not now');
  const deferred = await it.deliver(`Return-Path: <ann@x.example>\r\n${message}`);
  assert.ok(deferred.outcome?.is === 'refused' && deferred.outcome.error.temporary);
  assert.deepEqual(await it.flagsIn(), []);
  it.outbound.failure = undefined;
  assert.equal((await it.deliver(`Return-Path: <ann@x.example>\r\n${message}`)).outcome?.is, 'delivered');
  const [mark] = it.outbound.sent[0]!.text.split('\r\n');
  assert.match(mark!, /^X-Sieve-Redirected-From: fred@/);
  const text = `${mark}\r\n${message}`;
  assert.deepEqual(it.outbound.sent, [{ sender: 'ann@x.example', recipient: 'bob@z.example', text }]);
  assert.equal((await it.deliver()).outcome?.is, 'delivered');
  assert.equal(it.outbound.sent.length, 1, 'the same message is not sent again');
  assert.deepEqual(await it.flagsIn(), []);
  await it.deliver(text.replace('m1', 'm3'));
  assert.equal(it.outbound.sent.length, 1);
  assert.equal((await it.flagsIn())?.length, 1, 'a loop is kept');
  it.outbound.failure = new MailError('CANNOT', 'No such user');
  assert.equal((await it.deliver(message.replace('m1', 'm4'))).outcome?.is, 'delivered');
  assert.equal((await it.flagsIn())?.length, 2, 'what is refused for good is kept');
});

test('redirect: a loop through other addresses of the user is one', async () => {
  await using it = await setUp();
  await it.use(
    'require ["variables", "envelope"]; if envelope :matches "to" "fred*@*" { redirect "fred+${1}a@y.example"; redirect "fred+${1}b@y.example"; }',
  );
  await it.deliver();
  assert.equal(it.outbound.sent.length, 2);
  for (const { text, recipient } of [...it.outbound.sent]) await it.deliver(text, 'ann@x.example', recipient);
  assert.equal(it.outbound.sent.length, 2, 'each would send two more');
  assert.equal((await it.flagsIn())?.length, 1, 'and both are one message');
});

test('notifications: so many a message', async () => {
  await using it = await setUp();
  const one = 'notify "mailto:a@z.example,b@z.example,c@z.example,d@z.example";';
  await it.use(`require "enotify"; ${one} ${one}`);
  await it.deliver();
  assert.equal(it.outbound.sent.length, 8);
  await it.use(`require "enotify"; ${one} ${one} ${one}`);
  await it.deliver(message.replace('m1', 'm2'));
  assert.equal(it.outbound.sent.length, 8);
  assert.deepEqual(await it.flagsIn(), [[], ['$SieveFailed']]);
});

test('editheader: each copy has the header of its moment; what fails, the original', async () => {
  await using it = await setUp();
  const textsIn = async (...path: string[]) => {
    const { id } = (await it.kernel.get(MAIL_STORE).catalogue.find(personalMailbox(fred, path)))!;
    const mailbox = it.kernel.get(MAIL_STORE).mailbox(id);
    const snapshot = await mailbox.snapshot();
    const texts: string[] = [];
    for (let i = 0; i < snapshot.count; i++) {
      let text = '';
      const uid = snapshot.uidAt(i);
      for await (const { bytes } of mailbox.contents([{ uid, from: 0, to: 100_000 }]))
        text += bytes.toString();
      texts.push(text);
    }
    return texts;
  };
  await it.use(
    'require ["editheader", "fileinto", "copy"]; fileinto :copy "INBOX.work"; addheader "X-A" "1"; redirect :copy "bob@z.example"; deleteheader "Subject";',
  );
  await it.deliver(`Return-Path: <ann@x.example>\r\n${message}`);
  const rest = message.replace('Subject: Hi\r\n', '');
  assert.deepEqual(await textsIn('work'), [`Return-Path: <ann@x.example>\r\n${message}`]);
  assert.deepEqual(await textsIn(), [`X-A: 1\r\nReturn-Path: <ann@x.example>\r\n${rest}`]);
  assert.match(it.outbound.sent[0]!.text, /^X-Sieve-Redirected-From: .*\r\nX-A: 1\r\nFrom: /);
  await it.use('require ["editheader", "ihave"]; deleteheader "Subject"; error "x";');
  await it.deliver(message.replace('m1', 'm2'));
  assert.equal((await textsIn())[1], message.replace('m1', 'm2'));
});

test('vacation: one answer in its time, by handle, never to machines (RFC 5230, RFC 3834)', async () => {
  await using it = await setUp();
  await it.use('require "vacation"; vacation :days 3 :subject "Weg für Tage" "Bin weg – bis bald.";');
  await it.deliver();
  await it.deliver(message.replace('m1', 'm2'));
  const [answer, ...more] = it.outbound.sent;
  assert.equal(more.length, 0);
  assert.equal(answer?.sender, '');
  assert.equal(answer?.recipient, 'ann@x.example');
  for (const field of [
    /^From: fred@y\.example\r$/m,
    /^To: ann@x\.example\r$/m,
    /^Subject: =\?utf-8\?B\?/m,
    /^Auto-Submitted: auto-replied \(vacation\)\r$/m,
    /^In-Reply-To: <m1@x\.example>\r$/m,
    /^References: <m1@x\.example>\r$/m,
    /^Message-ID: <[^>]+>\r$/m,
  ])
    assert.match(answer!.text, field);
  const body = Buffer.from(answer!.text.split('\r\n\r\n')[1]!, 'base64').toString('utf8');
  assert.equal(body, 'Bin weg – bis bald.');
  await it.clock.advance(3 * 86_400_000 + 1);
  await it.deliver(message.replace('m1', 'm5'));
  assert.equal(it.outbound.sent.length, 2);
  await it.use('require "vacation"; vacation :handle "other" "gone";');
  await it.deliver(message.replace('m1', 'm6'));
  assert.equal(it.outbound.sent.length, 3);
  const silent: readonly [text: string, sender: string][] = [
    [message, ''],
    [message, 'owner-list@x.example'],
    [message, 'fred@y.example'],
    [`List-Id: <l.x.example>\r\n${message}`, 'b@x.example'],
    [`Auto-Submitted: auto-generated\r\n${message}`, 'b@x.example'],
    [`Precedence: bulk\r\n${message}`, 'b@x.example'],
    [message.replace('To: fred@', 'To: wilma@'), 'b@x.example'],
  ];
  for (const [i, [text, sender]] of silent.entries()) {
    const recipient = await it.deliver(text.replace('m1', `s${i}`), sender);
    assert.equal(recipient.outcome?.is, 'delivered');
    assert.equal(it.outbound.sent.length, 3, `${text} ${sender}`);
  }
  await it.deliver(`Auto-Submitted: no\r\n${message.replace('m1', 'm9')}`, 'c@x.example');
  assert.equal(it.outbound.sent.length, 4);
});

test('vacation :mime, :from, :addresses; a subject of its own making', async () => {
  await using it = await setUp();
  await it.use(
    'require "vacation"; vacation :mime :from "Fred <fred@z.example>" :addresses "wilma@y.example" "Content-Type: text/html\r\nBcc: x@y.z\r\n\r\n<b>gone</b>";',
  );
  await it.deliver(message.replace('To: fred@', 'To: wilma@'));
  const { text } = it.outbound.sent[0]!;
  assert.match(text, /^From: Fred <fred@z\.example>\r$/m);
  assert.match(text, /^Subject: Auto: Hi\r$/m);
  assert.ok(text.endsWith('MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<b>gone</b>\r\n'), text);
});

test('notify by mail (RFC 5435, RFC 5436)', async () => {
  await using it = await setUp();
  assert.deepEqual(it.scripts.notifyMethods, ['mailto']);
  await it.use(`require ["enotify", "variables"]; set :encodeurl "b" "a&b ü"; if valid_notify_method ["mailto:", "xmpp:x@y"] { stop; }
    if notify_method_capability "mailto:a@b.example" "Online" "maybe" {
      notify :importance "1" :message "Mail für dich" "mailto:bob%40z.example?cc=cid@z.example&from=evil@z.example&X-Way=1&body=\${b}"; }`);
  await it.deliver();
  const [first, second] = it.outbound.sent;
  assert.deepEqual(
    [first?.recipient, second?.recipient, first?.sender],
    ['bob@z.example', 'cid@z.example', 'fred@y.example'],
  );
  assert.match(first!.text, /^From: fred@y\.example\r\nTo: bob@z\.example\r\nSubject: =\?utf-8/);
  assert.match(
    first!.text,
    /^Auto-Submitted: auto-notified; owner-email="fred@y\.example"\r\nCc: cid@z\.example\r\nImportance: high\r\nX-way: 1\r$/m,
  );
  assert.equal(Buffer.from(first!.text.split('\r\n\r\n')[1]!, 'base64').toString('utf8'), 'a&b ü');
  await it.deliver(`Auto-Submitted: auto-replied\r\n${message.replace('m1', 'm2')}`);
  assert.equal(it.outbound.sent.length, 2);
  await it.deliver(message.replace('m1', 'm3'), '');
  assert.equal(it.outbound.sent[2]?.sender, '');
});

test('duplicate: what was refused has not been seen', async () => {
  await using it = await setUp();
  await it.use('require "duplicate"; if duplicate { discard; } else { redirect "bob@z.example"; }');
  it.outbound.failure = new MailError('UNAVAILABLE', 'Not now');
  assert.equal((await it.deliver()).outcome?.is, 'refused');
  it.outbound.failure = undefined;
  assert.equal((await it.deliver()).outcome?.is, 'delivered');
  assert.equal((await it.deliver()).outcome?.is, 'discarded');
});

test('without a way out what needs it is not offered, and redirect does not compile', async () => {
  await using it = await setUp({ hasOutbound: false });
  assert.ok(!it.scripts.extensions.includes('vacation') && it.scripts.extensions.includes('fileinto'));
  assert.equal(it.scripts.maxRedirects, 0);
  const { errors } = await it.scripts.check(Buffer.from('redirect "a@b.example";'));
  assert.match(errors[0]!.message, /cannot send mail/);
});
