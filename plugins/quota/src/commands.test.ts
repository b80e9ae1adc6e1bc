import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailboxKey, personalMailbox, sharedMailbox, type UserId } from '@angarium/sdk';
import { temporaryFolder } from '@angarium/testing';
import { letter, QuotaServer } from './server.test.support.js';

test("the report is Cyrus's", async () => {
  await using server = await QuotaServer.start();
  const admin = await server.imap('cyrus');
  await admin.ok('CREATE shq');
  await admin.ok('SETQUOTA shq (STORAGE 7)');
  await admin.ok('SETQUOTA user.fred (STORAGE 2 MESSAGE 10)');
  await admin.ok('SETQUOTA user.wilma ()');
  await (await server.imap('fred')).append('INBOX', letter(1106));
  assert.equal(
    await server.command('quota'),
    `   Quota   % Used     Used             Resource Root
       7        0        0              STORAGE shq
                         0              MESSAGE shq
                         0   ANNOTATION-STORAGE shq
                         1              MAILBOX shq
       2       54        1              STORAGE user.fred
      10       10        1              MESSAGE user.fred
                         0   ANNOTATION-STORAGE user.fred
                         1              MAILBOX user.fred
                         0              STORAGE user.wilma
                         0              MESSAGE user.wilma
                         0   ANNOTATION-STORAGE user.wilma
                         1              MAILBOX user.wilma`,
  );
  const lines = async (args: string[], options = {}) =>
    (await server.command('quota', args, options))
      .split('\n')
      .slice(1)
      .map((line) => line.split(' ').at(-1));
  assert.deepEqual(new Set(await lines(['user.'])), new Set(['user.fred', 'user.wilma']));
  assert.deepEqual(new Set(await lines(['fred'], { users: true })), new Set(['user.fred']));
  assert.deepEqual(new Set(await lines([], { domain: 'example.org' })), new Set());
  assert.deepEqual(JSON.parse(await server.command('quota', ['user.fred'], { J: true })), {
    'user.fred': {
      STORAGE: { used: 1106, limit: 2048 },
      MESSAGE: { used: 1, limit: 10 },
      'ANNOTATION-STORAGE': { used: 0 },
      MAILBOX: { used: 1 },
    },
  });
});

test('-f puts right wrong roots, stray roots and users without the quota of the manifest; -n only tells', async () => {
  const folder = temporaryFolder();
  const shared = sharedMailbox(['shared']);
  try {
    {
      await using server = await QuotaServer.start({}, folder.path);
      const { catalogue } = server.store;
      await catalogue.create(shared);
      await server.ledger.setLimits(mailboxKey(shared), { bytes: 1000 });
      await server.ledger.setLimits(mailboxKey(sharedMailbox(['gone'])), { bytes: 1000 });
      await server.ledger.setLimits(mailboxKey(personalMailbox('wilma' as UserId)), { bytes: 5000 });
      const child = await catalogue.create(sharedMailbox(['shared', 'x']));
      await catalogue.change(child.id, { quotaRoot: 'nowhere' });
    }
    await using server = await QuotaServer.start({ user: { messages: 5 } }, folder.path);
    const expected = ['gone: removed', 'user.fred: quota of the manifest'];
    const options = { fix: true, quiet: true };
    const told = await server.command('quota', [], { ...options, dryRun: true });
    assert.ok(
      expected.every((line) => told.split('\n').includes(line)),
      told,
    );
    assert.match(told, /^shared\.x: quota root \S+ --> shared$/m);
    const again = await server.command('quota', [], options);
    for (const line of told.split('\n')) assert.ok(again.split('\n').includes(line), `${line} in ${again}`);
    assert.equal(await server.command('quota', [], options), '');
    const { mailboxes } = await server.ledger.usage(mailboxKey(shared));
    assert.equal(mailboxes, 2);
    assert.deepEqual(await server.ledger.limits(mailboxKey(personalMailbox('fred' as UserId))), {
      messages: 5,
    });
  } finally {
    folder[Symbol.dispose]();
  }
});
