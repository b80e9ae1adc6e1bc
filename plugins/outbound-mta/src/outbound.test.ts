import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isMailError, OUTBOUND, type OutboundMail } from '@angarium/sdk';
import { createTestKernel, SmtpSink, temporaryFolder } from '@angarium/testing';

const text = 'Subject: x\r\n\r\n.dot\r\nGr\u00fc\u00dfe\r\n.\r\n';

function mail(options: Partial<OutboundMail> = {}): OutboundMail {
  const content = [Buffer.from(text.slice(0, 7), 'latin1'), Buffer.from(text.slice(7), 'latin1')];
  return { sender: 'ann@x.example', recipient: 'bob@y.example', content, ...options };
}

async function setUp(config: Record<string, unknown>) {
  const kernel = await createTestKernel({ plugins: [{ name: 'outbound-mta', config }] });
  return { outbound: kernel.get(OUTBOUND), [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose]() };
}

const isTemporary = (error: unknown) => isMailError(error) && error.code === 'UNAVAILABLE' && error.temporary;
const isPermanent = (error: unknown) => isMailError(error) && !error.temporary;

test('a message goes to the smarthost octet by octet, the null sender too', async () => {
  await using sink = await SmtpSink.start();
  await using it = await setUp({ host: '127.0.0.1', port: sink.port });
  await it.outbound.submit(mail());
  await it.outbound.submit(mail({ sender: '' }));
  assert.deepEqual(sink.mails, [
    { sender: 'ann@x.example', recipients: ['bob@y.example'], text },
    { sender: '', recipients: ['bob@y.example'], text },
  ]);
});

test('4xx, a lost connection and nobody there are temporary, 5xx is for good', async () => {
  await using sink = await SmtpSink.start();
  await using it = await setUp({ host: '127.0.0.1', port: sink.port });
  for (const verb of ['MAIL', 'RCPT', 'DATA', '.']) {
    sink.replies.set(verb, '451 later');
    await assert.rejects(it.outbound.submit(mail()), isTemporary, verb);
    sink.replies.set(verb, '550 never');
    await assert.rejects(it.outbound.submit(mail()), isPermanent, verb);
    sink.replies.delete(verb);
  }
  assert.deepEqual(sink.mails, []);
  await it.outbound.submit(mail());
  await sink[Symbol.asyncDispose]();
  await assert.rejects(it.outbound.submit(mail()), isTemporary);
});

test('a message that breaks off is not sent, and not half of it', async () => {
  await using sink = await SmtpSink.start();
  await using it = await setUp({ host: '127.0.0.1', port: sink.port });
  async function* broken() {
    yield Buffer.from('Subject: x\r\n');
    throw new Error('disk');
  }
  await assert.rejects(it.outbound.submit(mail({ content: broken() })), isTemporary);
  assert.deepEqual(sink.mails, []);
});

test('addresses with blanks or brackets are none; more than may wait are deferred', async () => {
  await using sink = await SmtpSink.start();
  await using it = await setUp({ host: '127.0.0.1', port: sink.port, connections: 1, maxWaiting: 1 });
  for (const recipient of ['', 'a b@c', 'a@b>\r\nRCPT TO:<x@y', '<a@b>'])
    await assert.rejects(it.outbound.submit(mail({ recipient })), isPermanent);
  const results = await Promise.allSettled([1, 2, 3].map(() => it.outbound.submit(mail())));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  );
  await it.outbound.submit(mail());
  assert.equal(sink.mails.length, 3);
});

test('sendmail is given the message and the addresses; its exit status counts', async () => {
  using folder = temporaryFolder();
  const program = join(folder.path, 'sendmail');
  const out = join(folder.path, 'out');
  writeFileSync(
    program,
    `#!/bin/sh\necho "$@" > ${out}\ncat >> ${out}\ncase "$*" in *later*) exit 75;; *never*) exit 67;; esac\n`,
  );
  chmodSync(program, 0o755);
  await using it = await setUp({ sendmail: program });
  await it.outbound.submit(mail());
  assert.equal(readFileSync(out, 'latin1'), `-i -f ann@x.example -- bob@y.example\n${text}`);
  await assert.rejects(it.outbound.submit(mail({ recipient: 'later@y' })), isTemporary);
  await assert.rejects(it.outbound.submit(mail({ recipient: 'never@y' })), isPermanent);
  await using none = await setUp({ sendmail: join(folder.path, 'absent') });
  await assert.rejects(none.outbound.submit(mail()), isTemporary);
});
