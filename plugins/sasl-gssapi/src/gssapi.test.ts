import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailError, type SaslEnvironment, type UserId } from '@angarium/sdk';
import { type GssContext, GssError, type GssLibrary, type GssStep } from './gss.js';
import { gssapi } from './mechanism.js';

/** Tokens are words; wrapping puts brackets around. */
class FakeContext implements GssContext {
  isEnded = false;
  constructor(private readonly steps: (GssStep | GssError)[]) {}
  async accept(): Promise<GssStep> {
    const step = this.steps.shift() ?? new GssError('no more', false);
    if (step instanceof GssError) throw step;
    return step;
  }
  wrap(message: Uint8Array): Uint8Array {
    return Buffer.concat([Buffer.from('['), message, Buffer.from(']')]);
  }
  unwrap(message: Uint8Array): Uint8Array {
    if (message[0] !== 0x5b) throw new GssError('an invalid token was supplied', false);
    return message.subarray(1, -1);
  }
  end(): void {
    assert.equal(this.isEnded, false);
    this.isEnded = true;
  }
}

const realms = { 'EXAMPLE.ORG': '', 'OTHER.NET': 'other.net' };
const empty = new Uint8Array(0);

function begin(steps: (GssStep | GssError)[], library: Partial<GssLibrary> = {}) {
  const context = new FakeContext(steps);
  const announced: string[] = [];
  const environment = {
    context: { service: 'imap' },
    normalise(name: string) {
      if (name.includes('/')) throw new MailError('CANNOT', 'no name');
      return name.toLowerCase() as UserId;
    },
    announce: async (claim: string) => void announced.push(claim),
  } as unknown as SaslEnvironment;
  const exchange = gssapi({ realms }, { newContext: () => context, ...library }).start(environment);
  return { exchange, context, announced };
}

const wrapped = (layer: number, authzid = '') =>
  Buffer.concat([Buffer.from('['), Buffer.of(layer, 0, 0, 0), Buffer.from(`${authzid}]`)]);
const bytes = (text: string) => Buffer.from(text);

async function login(principal: string, last: Uint8Array) {
  const { exchange, announced } = begin([{ token: empty, principal }]);
  await exchange.step(bytes('ticket'));
  const step = await exchange.step(last);
  return { step, announced };
}

test('tokens go to and fro, layers are declined, then it is known who it is (RFC 4752 §3.2)', async () => {
  const { exchange, context, announced } = begin([
    { token: bytes('more'), principal: undefined },
    { token: bytes('last'), principal: 'Fred@EXAMPLE.ORG' },
  ]);
  assert.deepEqual(await exchange.step(undefined), { challenge: empty });
  assert.deepEqual(await exchange.step(bytes('ticket')), { challenge: bytes('more') });
  assert.deepEqual(await exchange.step(bytes('again')), { challenge: bytes('last') });
  assert.deepEqual(await exchange.step(empty), { challenge: wrapped(1) });
  assert.deepEqual(await exchange.step(wrapped(1, 'wilma')), { user: 'fred', actAs: 'wilma' });
  assert.deepEqual(announced, ['fred']);
  exchange.end?.();
  exchange.end?.();
  assert.equal(context.isEnded, true);
});

test('without a last token the layers are offered at once', async () => {
  const { exchange } = begin([{ token: empty, principal: 'fred@EXAMPLE.ORG' }]);
  assert.deepEqual(await exchange.step(bytes('ticket')), { challenge: wrapped(1) });
});

test('realms are mapped to domains; others, and instances, are nobody', async () => {
  assert.deepEqual((await login('Joe@OTHER.NET', wrapped(1))).step, {
    user: 'joe@other.net',
    actAs: undefined,
  });
  for (const principal of [
    'fred@EVIL.ORG',
    'fred',
    '@EXAMPLE.ORG',
    'fred/admin@EXAMPLE.ORG',
    'fred@constructor',
  ]) {
    await assert.rejects(login(principal, wrapped(1)), { code: 'AUTHENTICATIONFAILED' }, principal);
  }
});

test('layers that were not offered, forged answers, wrong identities', async () => {
  const fred = 'fred@EXAMPLE.ORG';
  for (const last of [wrapped(2), wrapped(4), wrapped(0), bytes('[x]'), bytes('forged'), empty]) {
    await assert.rejects(login(fred, last), { code: 'AUTHENTICATIONFAILED' });
  }
  await assert.rejects(login(fred, wrapped(1, 'a/b')), { code: 'AUTHORIZATIONFAILED' });
  await assert.rejects(login(fred, wrapped(1, 'a\0b')), { code: 'CLIENTBUG' });
});

test("the client's fault is a failure, the keytab's is a temporary one", async () => {
  const wrong = begin([new GssError('a token was invalid', false)]);
  await assert.rejects(wrong.exchange.step(bytes('x')), { code: 'AUTHENTICATIONFAILED' });
  const broken = begin([], {
    newContext() {
      throw new GssError('no keytab', true);
    },
  });
  await assert.rejects(broken.exchange.step(bytes('x')), { code: 'UNAVAILABLE' });
});
