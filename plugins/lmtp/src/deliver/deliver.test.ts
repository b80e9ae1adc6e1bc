import assert from 'node:assert/strict';
import net from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { COMMANDS, type CommandContext, CommandError, DELIVERY_STAGES, MailError } from '@angarium/sdk';
import { temporaryFolder } from '@angarium/testing';
import { setUp, text } from '../server.test.support.js';
import { failureOf } from './exit-status.js';
import { jobOf } from './job.js';
import { deliverOver } from './lmtp-client.js';

test('what is asked for', () => {
  assert.deepEqual(jobOf(['fred', 'jane@x'], { returnPath: '<me@x>', mailbox: 'a.b', auth: 'joe' }), {
    sender: 'me@x',
    submitter: 'joe',
    recipients: ['fred+a.b', 'jane+a.b@x'],
    ignoresQuota: false,
  });
  const shared = jobOf([], { mailbox: 'news', postuser: 'bb', from: 'me', ignoreQuota: true });
  assert.deepEqual(shared.recipients, ['bb+news']);
  assert.deepEqual([shared.sender, shared.ignoresQuota], ['me', true]);
  for (const [users, options] of [
    [[], {}],
    [['a b'], {}],
    [['a>'], {}],
    [['fred'], { mailbox: 'a b' }],
    [['fred'], { returnPath: 'a\r\nb' }],
  ] as const) {
    assert.throws(() => jobOf(users, options), { exitStatus: 64 });
  }
});

test('exit statuses as sysexits(3)', () => {
  const outcome = (code: number, status: string) => ({ recipient: 'x', code, status, text: 't' });
  const cases: readonly [number, string, number][] = [
    [550, '5.1.1', 67],
    [451, '4.3.0', 75],
    [452, '4.2.2', 75],
    [552, '5.2.2', 73],
    [552, '5.2.3', 65],
    [554, '5.6.0', 65],
    [550, '5.7.1', 77],
    [550, '5.2.0', 69],
  ];
  assert.equal(failureOf([outcome(250, '2.1.5')]), undefined);
  for (const [code, status, exitStatus] of cases) {
    assert.equal(failureOf([outcome(250, '2.1.5'), outcome(code, status)])?.exitStatus, exitStatus);
  }
  const mixed = failureOf([outcome(550, '5.1.1'), outcome(451, '4.3.0')]);
  assert.equal(mixed?.exitStatus, 75, 'who may have it later is not bounced');
});

async function run(
  it: Awaited<ReturnType<typeof setUp>>,
  users: readonly string[],
  message: string,
  options: CommandContext['options'] = {},
): Promise<number> {
  const command = it.kernel.get(COMMANDS).items.find(({ name }) => name === 'deliver')!;
  const stdin = Readable.from([Buffer.from(message, 'latin1')]);
  try {
    await command.run({ args: [users], options, stdin } as unknown as CommandContext);
    return 0;
  } catch (error) {
    if (error instanceof CommandError) return error.exitStatus;
    throw error;
  }
}

test('without a server it delivers itself', async () => {
  await using it = await setUp({ maxMessageBytes: 10_000 });
  const identities: string[] = [];
  it.kernel.get(DELIVERY_STAGES).add({
    name: 'look',
    phase: 'admit',
    order: 1,
    async run({ envelope, recipients }) {
      identities.push(envelope.identity.user);
      if (recipients.some(({ detail }) => detail === 'full')) throw new MailError('OVERQUOTA', 'Over quota');
    },
  });
  const unix = text.replaceAll('\r\n', '\n');
  assert.equal(await run(it, ['fred', 'wilma+x'], unix, { returnPath: 'me@x' }), 0);
  const [message = ''] = await it.inbox('fred');
  assert.match(message, /^Return-Path: <me@x>\r\nReceived: from localhost \(unix socket\)\r\n/);
  assert.ok(message.endsWith(text));
  assert.deepEqual(await it.inbox('wilma'), [message]);
  assert.equal(await run(it, ['fred'], text, { auth: 'wilma' }), 0);
  assert.deepEqual(identities, ['anonymous', 'anonymous', 'wilma']);
  assert.equal(await run(it, ['nobody'], text), 67);
  assert.equal(await run(it, ['fred', 'nobody'], text), 67);
  assert.equal((await it.inbox('fred')).length, 3);
  assert.equal(await run(it, ['wilma+full', 'nobody'], text), 75);
  assert.equal(await run(it, ['fred'], 'x'), 65);
  assert.equal(await run(it, ['fred'], `${text}${'x'.repeat(20_000)}`), 65);
  assert.equal(await run(it, ['a..@b'], text), 67);
  assert.equal(await run(it, [], text), 64);
  it.store.append = () => Promise.reject(new Error('disk'));
  assert.equal(await run(it, ['fred'], text), 75);
});

test('with a server it hands over, in chunks; a server that breaks off is for later', async () => {
  await using it = await setUp();
  using folder = temporaryFolder();
  const path = join(folder.path, 's');
  const server = net.createServer((socket) => {
    const inner = it.kernel.connect('lmtp', { remote: { address: 'unix', port: 0 } });
    socket.pipe(inner).pipe(socket);
    socket.on('error', () => inner.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    const job = { sender: 'me@x', submitter: 'fred', recipients: ['fred', 'nobody'], ignoresQuota: true };
    const chunks = Readable.from([
      Buffer.from('Date: d\nMessage-ID: <1@x>\n'),
      Buffer.from('\n.\n'),
      Buffer.alloc(0),
    ]);
    const outcomes = await deliverOver(net.connect(path), job, chunks);
    assert.deepEqual(
      outcomes.map(({ code, status }) => [code, status]),
      [
        [250, '2.1.5'],
        [550, '5.1.1'],
      ],
    );
    assert.ok((await it.inbox('fred'))[0]?.endsWith('Date: d\r\nMessage-ID: <1@x>\r\n\r\n.\r\n'));
  } finally {
    server.close();
  }
  for (const answer of ['', '421 4.3.2 Busy\r\n', 'hello\r\n']) {
    const rude = net.createServer((socket) => void socket.end(answer));
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
    const { port } = rude.address() as net.AddressInfo;
    const job = { sender: '', submitter: undefined, recipients: ['fred'], ignoresQuota: false };
    const result = await deliverOver(net.connect(port, '127.0.0.1'), job, Readable.from([])).then(
      (outcomes) => failureOf(outcomes)?.exitStatus,
      (error: CommandError) => error.exitStatus,
    );
    assert.equal(result, 75, answer);
    rude.close();
  }
});
