import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AuthExchange, AuthStep } from '../contracts/authentication.js';
import { MailError } from '../errors.js';
import { anonymousIdentity } from '../model/identity.js';
import { decodeBase64, encodeBase64 } from './base64.js';
import { FakeConnection } from './fake-connection.test.support.js';
import { MAX_SASL_LINE_BYTES, runSasl, saslLines } from './sasl.js';

class Script implements AuthExchange {
  readonly heard: (string | undefined)[] = [];
  isCancelled = false;
  constructor(
    private readonly steps: (AuthStep | MailError)[],
    readonly clientFirst = true,
    readonly takesInitialResponse = clientFirst,
  ) {}
  async respond(message: Uint8Array | undefined): Promise<AuthStep> {
    this.heard.push(message === undefined ? undefined : Buffer.from(message).toString());
    const step = this.steps.shift()!;
    if (step instanceof MailError) throw step;
    return step;
  }
  cancel(): void {
    this.isCancelled = true;
  }
}

const done: AuthStep = { identity: anonymousIdentity, data: Buffer.alloc(0) };
const challenge = (text: string): AuthStep => ({ challenge: Buffer.from(text) });

async function run(exchange: AuthExchange, input: string, initial?: string, hasSuccessData = false) {
  const connection = new FakeConnection([input]);
  const outcome = await runSasl(exchange, saslLines(connection, '334 ', hasSuccessData), initial);
  return { outcome, output: connection.output, next: await connection.readLine(1000) };
}

test('an initial response goes straight to the mechanism', async () => {
  const exchange = new Script([done]);
  const { outcome, output } = await run(exchange, '', encodeBase64(Buffer.from('hello')));
  assert.equal(outcome.is, 'done');
  assert.equal(output, '');
  assert.deepEqual(exchange.heard, ['hello']);
});

test('a server-first mechanism takes an initial response only when it says so (RFC 4954 §4)', async () => {
  const refused = await run(new Script([done], false), '', 'YQ==');
  assert.equal(refused.outcome.is, 'malformed');
  const exchange = new Script([done], false, true);
  assert.equal((await run(exchange, '', 'YQ==')).outcome.is, 'done');
  assert.deepEqual(exchange.heard, ['a']);
});

test('= is an initial response of no octets', async () => {
  const exchange = new Script([done]);
  await run(exchange, '', '=');
  assert.deepEqual(exchange.heard, ['']);
});

test('without one a client-first mechanism is asked with an empty challenge', async () => {
  const exchange = new Script([challenge('more'), done]);
  const { outcome, output } = await run(exchange, 'YQ==\r\nYg==\r\n');
  assert.equal(outcome.is, 'done');
  assert.equal(output, '334 \r\n334 bW9yZQ==\r\n');
  assert.deepEqual(exchange.heard, ['a', 'b']);
});

test('a server-first mechanism begins itself', async () => {
  const exchange = new Script([challenge('c'), done], false);
  const { output } = await run(exchange, 'YQ==\r\n');
  assert.equal(output, '334 Yw==\r\n');
  assert.deepEqual(exchange.heard, [undefined, 'a']);
});

test('* cancels', async () => {
  const exchange = new Script([challenge('c')]);
  const { outcome } = await run(exchange, '*\r\n');
  assert.equal(outcome.is, 'cancelled');
  assert.ok(exchange.isCancelled);
  assert.deepEqual(exchange.heard, []);
});

test('what is not base64, and a line too long, ends the exchange and leaves the next command', async () => {
  for (const line of ['YQ', 'Y Q=', '====', 'YR==', 'x'.repeat(MAX_SASL_LINE_BYTES + 1)]) {
    const { outcome, next } = await run(new Script([]), `${line}\r\nNOOP\r\n`);
    const fault = line.length > MAX_SASL_LINE_BYTES ? 'line-too-long' : 'not-base64';
    assert.ok(outcome.is === 'malformed' && outcome.fault === fault, line.slice(0, 10));
    assert.equal(next?.toString(), 'NOOP');
  }
  assert.equal((await run(new Script([]), '', 'YQ')).outcome.is, 'malformed');
});

test('a message of the greatest length is taken', async () => {
  const exchange = new Script([done]);
  assert.equal((await run(exchange, `${'A'.repeat(MAX_SASL_LINE_BYTES)}\r\n`)).outcome.is, 'done');
  assert.equal(exchange.heard[0]?.length, (MAX_SASL_LINE_BYTES / 4) * 3);
});

test('success data goes with the reply where there is room, else as a challenge', async () => {
  const withData: AuthStep = { identity: anonymousIdentity, data: Buffer.from('v=x') };
  const inReply = await run(new Script([withData]), '', '=', true);
  assert.ok(inReply.outcome.is === 'done' && inReply.outcome.successData.length === 3);
  const asChallenge = await run(new Script([withData]), '\r\n', '=');
  assert.equal(asChallenge.output, '334 dj14\r\n');
  assert.ok(asChallenge.outcome.is === 'done' && asChallenge.outcome.successData.length === 0);
  assert.equal((await run(new Script([withData]), 'YQ==\r\n', '=')).outcome.is, 'malformed');
});

test('a refusal comes through, a vanished client cancels', async () => {
  const refused = new Script([new MailError('AUTHENTICATIONFAILED', 'no')]);
  await assert.rejects(run(refused, '', '='), /no/);
  const left = new Script([challenge('c')]);
  await assert.rejects(run(left, 'YQ'), { name: 'ReadError', code: 'eof' });
  assert.ok(left.isCancelled);
});

test('base64 is decoded exactly', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      assert.deepEqual(decodeBase64(encodeBase64(bytes)), Buffer.from(bytes));
    }),
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (text) => {
      const bytes = decodeBase64(text);
      if (bytes !== undefined) assert.equal(encodeBase64(bytes), text);
    }),
  );
});
