import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isMailError,
  type MailboxName,
  mailboxKey,
  NumberSet,
  personalMailbox,
  STATUS_SOURCES,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import { temporaryFolder } from '@angarium/testing';
import { letter, QuotaServer } from './server.test.support.js';

const fred = 'fred' as UserId;
const inbox = personalMailbox(fred);

const isOver = (error: unknown) => isMailError(error) && error.code === 'OVERQUOTA';

test('APPEND, COPY and MOVE that do not fit are refused with OVERQUOTA; what shrinks is always possible', async () => {
  await using server = await QuotaServer.start();
  const client = await server.imap('fred');
  await client.ok('CREATE INBOX.a');
  await client.append('INBOX', letter(600));
  await server.ledger.setLimits(mailboxKey(inbox), { bytes: 1024 });
  const over = 'NO [OVERQUOTA] Over quota';
  const { status, text } = await client.append('INBOX', letter(600));
  assert.equal(`${status} ${text}`, over);
  assert.equal((await client.append('INBOX.a', letter(425))).status, 'NO', 'one root for the tree');
  assert.equal((await client.append('INBOX.a', letter(424))).status, 'OK', 'exactly full');
  await client.ok('SELECT INBOX');
  const copied = await client.command('COPY 1 INBOX.a');
  assert.equal(`${copied.status} ${copied.text}`, over);
  assert.equal((await client.command('MOVE 1 INBOX.a')).status, 'OK', 'within the root');
  await server.ledger.setLimits(mailboxKey(inbox), { bytes: 10 });
  await client.ok('SELECT INBOX.a');
  await client.ok('STORE 1 +FLAGS (\\Deleted)');
  await client.ok('EXPUNGE');
  assert.equal((await server.store.usage(mailboxKey(inbox))).bytes, 600);
});

test('delivery: the message that crosses the limit comes, the next is refused at RCPT; IGNOREQUOTA passes', async () => {
  await using server = await QuotaServer.start();
  await server.ledger.setLimits(mailboxKey(inbox), { bytes: 1024, messages: 2 });
  const client = await server.lmtp();
  assert.match((await client.deliver('a@b.example', ['fred', 'wilma'], letter(2000)))[0]!, /^250 /);
  await client.command('MAIL FROM:<a@b.example>');
  assert.equal(await client.command('RCPT TO:<fred>'), '452 4.2.2 Over quota');
  assert.match(await client.command('RCPT TO:<wilma>'), /^250 /, 'others are not concerned');
  assert.match(await client.command('RCPT TO:<fred> IGNOREQUOTA'), /^250 /);
  await client.command('DATA');
  client.send(`${letter(500)}.\r\n`);
  assert.match(await client.reply(), /^250 /);
  assert.match(await client.reply(), /^250 /);
  assert.equal((await server.store.usage(mailboxKey(inbox))).messages, 2);
});

test('a quota that is used up between RCPT and DATA is noticed when the message is filed', async () => {
  await using server = await QuotaServer.start();
  await server.ledger.setLimits(mailboxKey(inbox), { messages: 0 });
  const client = await server.lmtp();
  await client.command('MAIL FROM:<a@b.example>');
  assert.match(await client.command('RCPT TO:<fred>'), /^250 /, 'nothing is over yet');
  const imap = await server.imap('wilma');
  await imap.ok('NOOP');
  // Past the hooks of this plugin, as another process's mail would come.
  const box = (await server.store.catalogue.find(inbox))!;
  await using message = await server.store.stage([Buffer.from(letter(100))], { maxBytes: 1000 });
  const item = { message, flags: { system: 0, keywords: [] }, internalDateMs: 0 };
  await server.store.append([{ mailbox: box.id, items: [item], ignoresQuota: true }]);
  await client.command('DATA');
  client.send(`${letter(500)}.\r\n`);
  assert.equal(await client.reply(), '452 4.2.2 Over quota');
});

test('with lmtp_strict_quota nothing crosses the limit', async () => {
  await using server = await QuotaServer.start({ lmtp_strict_quota: true });
  await server.ledger.setLimits(mailboxKey(inbox), { bytes: 1024 });
  const client = await server.lmtp();
  assert.deepEqual(await client.deliver('a@b.example', ['fred'], letter(2000)), ['452 4.2.2 Over quota']);
  assert.match((await client.deliver('a@b.example', ['fred'], letter(300)))[0]!, /^250 /);
});

test('a crowd of deliveries and appends never gets past the limit', async () => {
  await using server = await QuotaServer.start({ lmtp_strict_quota: true });
  const root = mailboxKey(inbox);
  await server.ledger.setLimits(root, { messages: 25 });
  const deliveries = Array.from({ length: 4 }, async () => {
    const client = await server.lmtp();
    let filed = 0;
    for (let i = 0; i < 10; i++) {
      const [reply] = await client.deliver('a@b.example', ['fred'], letter(100 + i));
      if (reply!.startsWith('250 ') && !reply!.includes('Sender')) filed++;
    }
    return filed;
  });
  const appends = Array.from({ length: 4 }, async () => {
    const client = await server.imap('fred');
    let filed = 0;
    for (let i = 0; i < 10; i++) if ((await client.append('INBOX', letter(200 + i))).status === 'OK') filed++;
    return filed;
  });
  await Promise.all([...deliveries, ...appends]);
  assert.equal((await server.store.usage(root)).messages, 25);
});

test('mailboxes are limited, whoever makes them', async () => {
  await using server = await QuotaServer.start();
  await server.ledger.setLimits(mailboxKey(inbox), { mailboxes: 3 });
  const client = await server.imap('fred');
  const answers = await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (name) => (await server.imap('fred')).command(`CREATE INBOX.${name}`)),
  );
  assert.equal(answers.filter(({ status }) => status === 'OK').length, 2);
  assert.ok(answers.some(({ text }) => text === '[OVERQUOTA] Over quota'));
  const [, first] = await server.store.catalogue.list({ owner: fred });
  await server.store.catalogue.delete(first!.name);
  await client.ok('CREATE INBOX.z');
  await assert.rejects(server.store.catalogue.undelete(first!.id, personalMailbox(fred, ['back'])), isOver);
});

test('message annotations are limited', async () => {
  await using server = await QuotaServer.start();
  const client = await server.imap('fred');
  await client.append('INBOX', letter(100));
  await server.ledger.setLimits(mailboxKey(inbox), { annotationBytes: 1024 });
  const box = server.store.mailbox((await server.store.catalogue.find(inbox))!.id);
  const comment = (size: number) => new Map([['/comment', Buffer.alloc(size, 'x')]]);
  await box.setAnnotations(NumberSet.of(1), undefined, comment(1000));
  await assert.rejects(box.setAnnotations(NumberSet.of(1), fred, comment(25)), isOver);
  assert.equal(await server.store.annotationUsage(mailboxKey(inbox)), 1000);
  await box.setAnnotations(NumberSet.of(1), undefined, comment(999));
  await box.setAnnotations(NumberSet.of(1), fred, comment(25));
  const admin = await server.imap('cyrus');
  assert.deepEqual((await admin.ok('GETQUOTA user.fred')).untagged, [
    'QUOTA user.fred (ANNOTATION-STORAGE 1 1)',
  ]);
});

/** name → root, as the catalogue has them. */
async function rootsOf(server: QuotaServer): Promise<Record<string, string | undefined>> {
  const show = (key: string) => key.replaceAll('\u001f', '/');
  const entries = await server.store.catalogue.list({});
  return Object.fromEntries(
    entries
      .filter(({ name }) => name.owner !== 'wilma')
      .map(({ name, quotaRoot }) => [
        show(mailboxKey(name)),
        quotaRoot === undefined ? undefined : show(quotaRoot),
      ]),
  );
}

test('the nearest root counts, wherever roots are set, taken away, renamed, deleted and brought back', async () => {
  await using server = await QuotaServer.start();
  const { ledger, store } = server;
  const { catalogue } = store;
  const top = sharedMailbox(['top']);
  const a = sharedMailbox(['top', 'a']);
  await catalogue.create(top);
  await catalogue.create(a);
  await catalogue.create(sharedMailbox(['top', 'a', 'b']));
  await ledger.setLimits(mailboxKey({ path: [] }), { bytes: 1e9 });
  assert.deepEqual(await rootsOf(server), {
    '//top': '/',
    '//top/a': '/',
    '//top/a/b': '/',
    '/~fred': '/',
  });
  await ledger.setLimits(mailboxKey(a), { bytes: 1e6 });
  await ledger.setLimits(mailboxKey(top), { bytes: 1e7 });
  const nested = { '//top': '//top', '//top/a': '//top/a', '//top/a/b': '//top/a', '/~fred': '/' };
  assert.deepEqual(await rootsOf(server), nested);
  await catalogue.create(sharedMailbox(['top', 'c']));
  assert.equal((await rootsOf(server))['//top/c'], '//top');
  await catalogue.delete(sharedMailbox(['top', 'c']), { immediate: true });

  await catalogue.rename(a, sharedMailbox(['moved']));
  assert.deepEqual(await rootsOf(server), {
    '//moved': '//moved',
    '//moved/b': '//moved',
    '//top': '//top',
    '/~fred': '/',
  });
  assert.deepEqual(await ledger.limits(mailboxKey(sharedMailbox(['moved']))), { bytes: 1e6 });
  assert.equal(await ledger.limits(mailboxKey(a)), undefined);
  await catalogue.rename(sharedMailbox(['moved', 'b']), sharedMailbox(['top', 'b']));
  assert.equal((await rootsOf(server))['//top/b'], '//top');

  const { id } = (await catalogue.find(top))!;
  await catalogue.delete(top);
  assert.equal((await rootsOf(server))['//top/b'], '/', 'the root went with its mailbox');
  await catalogue.undelete(id, sharedMailbox(['top']));
  assert.equal((await rootsOf(server))['//top/b'], '//top', 'and came back with it');
  assert.deepEqual(await ledger.limits(mailboxKey(top)), { bytes: 1e7 });

  await ledger.setLimits(mailboxKey(top), undefined);
  await ledger.setLimits(mailboxKey({ path: [] }), undefined);
  assert.deepEqual(await rootsOf(server), {
    '//moved': '//moved',
    '//top': undefined,
    '//top/b': undefined,
    '/~fred': undefined,
  });
});

test("a root that is there before its mailbox becomes the mailbox's, and goes along with it", async () => {
  await using server = await QuotaServer.start();
  const { ledger, store } = server;
  const later = sharedMailbox(['later']);
  await ledger.setLimits(mailboxKey(later), { messages: 3 });
  const { quotaRoot } = await store.catalogue.create(later);
  assert.equal(quotaRoot, mailboxKey(later));
  await store.catalogue.rename(later, sharedMailbox(['there']));
  assert.deepEqual(await ledger.limits(mailboxKey(sharedMailbox(['there']))), { messages: 3 });
  assert.equal(await ledger.limits(mailboxKey(later)), undefined);
  await ledger.setLimits(mailboxKey(sharedMailbox(['end'])), { messages: 4 });
  await store.catalogue.rename(sharedMailbox(['there']), sharedMailbox(['end']));
  await store.catalogue.rename(sharedMailbox(['end']), sharedMailbox(['further']));
  assert.deepEqual(await ledger.limits(mailboxKey(sharedMailbox(['further']))), { messages: 4 });
});

test('hundreds of levels are made and counted, and get another root, without ado', async () => {
  await using server = await QuotaServer.start();
  const { ledger, store } = server;
  const path = Array.from({ length: 300 }, (_, i) => `${i}`);
  await ledger.setLimits(mailboxKey(inbox), { mailboxes: 1000 });
  for (let depth = 1; depth <= path.length; depth++)
    await store.catalogue.create(personalMailbox(fred, path.slice(0, depth)));
  assert.equal((await ledger.usage(mailboxKey(inbox))).mailboxes, 301);
  const middle = mailboxKey(personalMailbox(fred, path.slice(0, 100)));
  await ledger.setLimits(middle, { messages: 1 });
  assert.equal((await ledger.usage(middle)).mailboxes, 201);
  assert.equal((await ledger.usage(mailboxKey(inbox))).mailboxes, 100);
});

test('mailboxes that are made while a root is set come under it', async () => {
  await using server = await QuotaServer.start();
  const { ledger, store } = server;
  const name = (i: number, ...below: string[]) => sharedMailbox(['top', `${i}`, ...below]);
  await store.catalogue.create(sharedMailbox(['top']));
  for (let i = 0; i < 300; i++) await store.catalogue.create(name(i));
  const top = mailboxKey(sharedMailbox(['top']));
  const setting = ledger.setLimits(top, { messages: 1 });
  for (let i = 299; i >= 0; i -= 3) await store.catalogue.create(name(i, 'new'));
  await setting;
  assert.equal((await ledger.usage(top)).mailboxes, 401);
});

test('use follows mailboxes from root to root; what does not fit does not move there', async () => {
  await using server = await QuotaServer.start();
  const { ledger, store } = server;
  const { catalogue } = store;
  const client = await server.imap('fred');
  await client.ok('CREATE INBOX.big');
  await client.append('INBOX.big', letter(5000));
  await catalogue.create(sharedMailbox(['shared']));
  const shared = mailboxKey(sharedMailbox(['shared']));
  await ledger.setLimits(mailboxKey(inbox), { bytes: 10_000 });
  await ledger.setLimits(shared, { bytes: 4000 });
  assert.equal((await ledger.usage(mailboxKey(inbox))).bytes, 5000);
  const big = personalMailbox(fred, ['big']);
  await assert.rejects(catalogue.rename(big, sharedMailbox(['shared', 'big'])), isOver);
  await ledger.setLimits(shared, { bytes: 6000, mailboxes: 1 });
  await assert.rejects(catalogue.rename(big, sharedMailbox(['shared', 'big'])), isOver);
  await ledger.setLimits(shared, { bytes: 6000, mailboxes: 2 });
  await catalogue.rename(big, sharedMailbox(['shared', 'big']));
  assert.deepEqual(await ledger.usage(shared), { bytes: 5000, messages: 1, mailboxes: 2 });
  assert.deepEqual(await ledger.usage(mailboxKey(inbox)), { bytes: 0, messages: 0, mailboxes: 1 });
  await catalogue.delete(sharedMailbox(['shared', 'big']));
  assert.equal((await ledger.usage(shared)).bytes, 0, 'deleted mailboxes that are kept do not count');
});

test("a user who is renamed keeps his quota; a root's limits are those of the manifest until somebody sets them", async () => {
  const folder = temporaryFolder();
  try {
    {
      await using server = await QuotaServer.start(
        {
          user: { storage: '1MB' },
          domains: { 'example.org': { user: { messages: 7 }, total: { messages: 9 } } },
        },
        folder.path,
        ['fred', 'joe@example.org'],
      );
      const admin = await server.imap('cyrus');
      const quota = async (root: string) => (await admin.ok(`GETQUOTA ${root}`)).untagged;
      assert.deepEqual(await quota('user.fred'), ['QUOTA user.fred (STORAGE 0 1024)']);
      assert.deepEqual(await quota('user.joe@example.org'), ['QUOTA user.joe@example.org (MESSAGE 0 7)']);
      assert.deepEqual(await quota('example.org!'), ['QUOTA example.org! (MESSAGE 0 9)']);
      await server.store.catalogue.create(sharedMailbox(['news'], 'example.org'));
      assert.match((await admin.ok('GETQUOTAROOT news@example.org')).untagged[0]!, /example\.org!$/);
      await admin.ok('SETQUOTA user.fred (STORAGE 5)');
      await server.store.catalogue.rename(inbox, personalMailbox('barney' as UserId));
      assert.deepEqual(await quota('user.barney'), ['QUOTA user.barney (STORAGE 0 5)']);
      assert.match((await admin.command('GETQUOTA user.fred')).text, /does not exist/);
    }
    await using server = await QuotaServer.start({ user: { storage: '2MB' } }, folder.path, [
      'joe@example.org',
    ]);
    const admin = await server.imap('cyrus');
    assert.deepEqual((await admin.ok('GETQUOTA user.joe@example.org')).untagged, [
      'QUOTA user.joe@example.org (STORAGE 0 2048)',
    ]);
    assert.deepEqual((await admin.ok('GETQUOTA user.barney')).untagged, ['QUOTA user.barney (STORAGE 0 5)']);
  } finally {
    folder[Symbol.dispose]();
  }
});

test('accounting and limits cost no commit, and so no sync, of their own', async () => {
  await using server = await QuotaServer.start();
  const { store, ledger, kernel } = server;
  const source = kernel.get(STATUS_SOURCES).items.find(({ name }) => name === 'store')!;
  const commits = async () => ((await source.read()) as { commits: number }).commits;
  await store.catalogue.create(sharedMailbox(['shared']));
  const perDelivery = async (name: MailboxName) => {
    const { id } = (await store.catalogue.find(name))!;
    const before = await commits();
    for (let i = 0; i < 10; i++) {
      await using message = await store.stage([Buffer.from(letter(100 + i))], { maxBytes: 1000 });
      const item = { message, flags: { system: 0, keywords: [] }, internalDateMs: 0 };
      const [outcome] = await store.append([{ mailbox: id, items: [item] }]);
      assert.ok(outcome?.ok);
    }
    return ((await commits()) - before) / 10;
  };
  assert.equal(await perDelivery(inbox), 1, 'without a quota');
  await ledger.setLimits(mailboxKey(inbox), { bytes: 1e9, messages: 1e6 });
  assert.equal(await perDelivery(inbox), 1, 'with one');
  await ledger.setLimits(mailboxKey({ path: [] }), { bytes: 1e9, messages: 1e6 });
  assert.equal(await perDelivery(sharedMailbox(['shared'])), 1, 'of a root over all shards');
});
