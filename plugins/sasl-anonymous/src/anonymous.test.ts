import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuthContext, SaslEnvironment } from '@angarium/sdk';
import { RecordingLogger } from '@angarium/testing';
import { anonymous } from './anonymous.js';

const context = (service: string) => ({ service, connection: { id: 'c1' } }) as unknown as AuthContext;
const environment = { context: context('imap') } as unknown as SaslEnvironment;

test('anybody comes in as anonymous, and the trace goes to the log', async () => {
  const log = new RecordingLogger();
  const mechanism = anonymous({ services: ['imap'] }, log);
  const exchange = mechanism.start(environment);
  assert.deepEqual(await exchange.step(undefined), { challenge: new Uint8Array(0) });
  assert.deepEqual(await exchange.step(Buffer.from('sirhc')), {
    user: 'anonymous',
    actAs: undefined,
    isAnonymous: true,
  });
  assert.equal(log.lines[0]?.fields?.['trace'], 'sirhc');
});

test('only where the manifest says so', () => {
  const { isAvailable } = anonymous({ services: ['imap'] }, new RecordingLogger());
  assert.equal(isAvailable?.(context('imap')), true);
  assert.equal(isAvailable?.(context('lmtp')), false);
  const pop3 = anonymous({ services: ['pop3'] }, new RecordingLogger());
  assert.equal(pop3.isAvailable?.(context('pop')), true);
});

test('a trace is short and one line', async () => {
  const step = (text: string | Buffer) =>
    anonymous({ services: [] }, new RecordingLogger())
      .start(environment)
      .step(Buffer.from(text as string));
  assert.ok('user' in (await step('')));
  assert.ok('user' in (await step('é'.repeat(255))));
  for (const trace of ['x'.repeat(256), 'a\r\nb', Buffer.from([0xff])]) {
    await assert.rejects(step(trace), { code: 'CLIENTBUG' });
  }
});
