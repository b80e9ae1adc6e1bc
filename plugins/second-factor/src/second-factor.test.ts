import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACCOUNT_SOURCES,
  type AccountSource,
  COMMANDS,
  type CommandContext,
  definePlugin,
  inject,
  injectable,
  PASSWORD_GATES,
  part,
  RECORDS,
  type Registry,
  SECOND_FACTOR,
  USER_BELONGINGS,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel, ManualClock, memoryStore } from '@angarium/testing';
import { decodeBase32 } from './base32.test.support.js';
import { hotp, STEP_MS, stepAt } from './otp.js';

const fred = 'fred' as UserId;

@injectable()
class OneAccount {
  constructor(@inject(ACCOUNT_SOURCES) sources: Registry<AccountSource>) {
    sources.add({
      name: 'one',
      find: async (user) =>
        user === fred
          ? {
              user,
              displayName: undefined,
              groups: [],
              isDisabled: false,
              attributes: {},
              incarnation: 'uuid-1',
            }
          : undefined,
    });
  }
}

async function setUp(config: Record<string, unknown> = {}) {
  const clock = new ManualClock();
  const kernel = await createTestKernel({
    plugins: [
      memoryStore,
      'authentication',
      { name: 'one-account', definition: definePlugin({ parts: [part(OneAccount)] }) },
      { name: 'second-factor', config },
    ],
    clock,
  });
  const factor = kernel.get(SECOND_FACTOR);
  let secret: Buffer = Buffer.alloc(0);
  const code = (by = 0) => hotp(secret, stepAt(clock.now()) + by);
  return {
    kernel,
    clock,
    factor,
    code,
    async enrol() {
      const enrolled = await factor.enrol(fred);
      secret = decodeBase32(enrolled.secret)!;
      return enrolled;
    },
    async enable() {
      await this.enrol();
      const recovery = await factor.confirm(fred, code());
      await clock.advance(STEP_MS);
      return recovery!;
    },
    async command(args: CommandContext['args'], context: Partial<CommandContext> = {}) {
      const command = kernel.get(COMMANDS).items.find(({ name }) => name === 'users totp')!;
      const whole = { args, options: {}, isInteractive: false, note() {}, ...context };
      return command.text(await command.run(whole as unknown as CommandContext));
    },
    gate: (service: string) =>
      kernel.get(PASSWORD_GATES).items[0]?.refuses(fred, { service, remoteAddress: '192.0.2.1' }),
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

test('off, pending, on, off', async () => {
  await using it = await setUp({ issuer: 'Mail & Co' });
  const state = async () => (await it.factor.status(fred)).state;
  assert.equal(await state(), 'off');
  assert.equal(await it.factor.verify(fred, '123456'), 'off');
  const { secret, uri } = await it.enrol();
  assert.equal(decodeBase32(secret)?.length, 20);
  assert.equal(
    uri,
    `otpauth://totp/Mail%20%26%20Co:fred?secret=${secret}&issuer=Mail%20%26%20Co&algorithm=SHA1&digits=6&period=30`,
  );
  assert.equal(await state(), 'pending');
  assert.equal(await it.factor.verify(fred, it.code()), 'off');
  assert.equal(await it.factor.confirm(fred, it.code(5)), undefined);
  assert.equal((await it.factor.confirm(fred, it.code()))?.length, 10);
  assert.equal(await state(), 'on');
  await it.factor.disable(fred);
  assert.equal(await state(), 'off');
  await assert.rejects(it.factor.confirm(fred, it.code()), { code: 'CANNOT' });
  await assert.rejects(it.factor.enrol('nobody' as UserId), { code: 'NONEXISTENT' });
});

test('while a new secret is pending the old one is on', async () => {
  await using it = await setUp();
  await it.enable();
  const old = it.code();
  await it.enrol();
  assert.equal((await it.factor.status(fred)).state, 'on');
  assert.equal(await it.factor.verify(fred, old), 'right');
  await it.factor.confirm(fred, it.code());
  await it.clock.advance(STEP_MS);
  assert.equal(await it.factor.verify(fred, it.code()), 'right');
});

test('no code counts twice (RFC 6238 §5.2): not again, not at the same time, not an older one, not the confirming one', async () => {
  await using it = await setUp();
  await it.enrol();
  const confirming = it.code();
  await it.factor.confirm(fred, confirming);
  assert.equal(await it.factor.verify(fred, confirming), 'wrong');
  await it.clock.advance(3 * STEP_MS);
  const [code, older] = [it.code(), it.code(-1)];
  const verdicts = await Promise.all(Array.from({ length: 4 }, () => it.factor.verify(fred, code)));
  assert.deepEqual(verdicts.sort(), ['right', 'wrong', 'wrong', 'wrong']);
  assert.equal(await it.factor.verify(fred, older), 'wrong');
  await it.clock.advance(STEP_MS);
  assert.equal(await it.factor.verify(fred, it.code(1)), 'right');
});

test('recovery codes count once each, however they are typed, and new ones replace them', async () => {
  await using it = await setUp();
  const [first = '', second = ''] = await it.enable();
  assert.match(first, /^[a-z2-7]{5}-[a-z2-7]{5}$/);
  assert.equal(await it.factor.verify(fred, ` ${first.replace('-', '').toUpperCase()} `), 'right');
  assert.equal(await it.factor.verify(fred, first), 'wrong');
  assert.equal((await it.factor.status(fred)).recoveryCodesLeft, 9);
  const [renewed = ''] = await it.factor.renewRecoveryCodes(fred);
  assert.equal(await it.factor.verify(fred, second), 'wrong');
  assert.equal(await it.factor.verify(fred, renewed), 'right');
});

test('after wrong codes none is looked at for a while, longer each time; a right one starts anew (RFC 4226 §7.3)', async () => {
  await using it = await setUp({ wrongCodes: 2 });
  await it.enable();
  const wrong = () => it.factor.verify(fred, it.code(7));
  assert.equal(await wrong(), 'wrong');
  assert.equal(await wrong(), 'wrong');
  assert.equal(await it.factor.verify(fred, it.code()), 'later');
  assert.equal((await it.factor.status(fred)).blockedUntilMs, it.clock.now() + 30_000);
  await it.clock.advance(30_000);
  assert.equal(await wrong(), 'wrong');
  await it.clock.advance(59_999);
  assert.equal(await it.factor.verify(fred, it.code()), 'later');
  await it.clock.advance(1);
  assert.equal(await it.factor.verify(fred, it.code()), 'right');
  assert.equal(await wrong(), 'wrong');
  assert.equal((await it.factor.status(fred)).blockedUntilMs, undefined);
});

test('wrong codes of several processes at once are all counted', async () => {
  await using it = await setUp({ wrongCodes: 8 });
  await it.enable();
  await Promise.all(Array.from({ length: 8 }, () => it.factor.verify(fred, '000000x')));
  assert.equal(await it.factor.verify(fred, it.code()), 'later');
});

test('who has a second factor: application passwords where nobody asks for a code', async () => {
  await using it = await setUp({ askedBy: ['http'] });
  assert.equal(await it.gate('imap'), undefined);
  await it.enrol();
  assert.equal(await it.gate('imap'), undefined);
  await it.factor.confirm(fred, it.code());
  assert.match((await it.gate('imap')) ?? '', /application passwords/);
  assert.equal(await it.gate('http'), undefined);
  await using lax = await setUp({ elsewhere: 'password' });
  await lax.enable();
  assert.equal(await lax.gate('imap'), undefined);
});

test('it is among the belongings of a user, and goes with them', async () => {
  await using it = await setUp();
  await it.enable();
  const [belongings] = it.kernel.get(USER_BELONGINGS).items;
  assert.deepEqual(await belongings!.owners({ limit: 10 }), [{ user: fred, incarnation: 'uuid-1' }]);
  await belongings!.remove(fred);
  assert.equal((await it.factor.status(fred)).state, 'off');
  assert.equal(await it.gate('imap'), undefined);
});

test('neither the secret nor recovery codes can be read in the store', async () => {
  await using it = await setUp();
  const { secret } = await it.enrol();
  const recovery = await it.factor.confirm(fred, it.code());
  const value = await it.kernel.get(RECORDS).space('second-factor').get(undefined, fred);
  const text = Buffer.from(value!).toString();
  for (const word of [secret, ...recovery!.map((code) => code.replace('-', ''))]) {
    assert.ok(!text.includes(word));
  }
});

test('users totp', async () => {
  await using it = await setUp();
  assert.match(await it.command(['status', 'fred']), /^fred: off$/);
  const text = await it.command(['enable', 'fred']);
  assert.match(text, /^secret: [A-Z2-7]{32}\notpauth:.*\nNot on yet\..* totp confirm fred CODE$/);
  const secret = decodeBase32(/secret: (\S+)/.exec(text)?.[1] ?? '')!;
  assert.match(await it.command(['status', 'fred']), /waits for its first code/);
  await assert.rejects(it.command(['confirm', 'fred', '1']), { message: /no code of the device/ });
  const code = hotp(secret, stepAt(it.clock.now()));
  assert.match(await it.command(['confirm', 'fred', code]), /is on\..*\n([a-z2-7]{5}-[a-z2-7]{5}\n?){10}$/);
  assert.match(
    await it.command(['status', 'fred']),
    /^fred: on since \d{4}-\d\d-\d\d, 10 recovery codes left$/,
  );
  assert.match(await it.command(['recovery-codes', 'fred']), /^Recovery codes/);
  assert.match(await it.command(['disable', 'fred']), /no second factor/);
  await assert.rejects(it.command(['confirm', 'fred']), { exitStatus: 2 });
  await assert.rejects(it.command(['what', 'fred']), { exitStatus: 2 });
});

test('on a terminal the first code is asked for at once', async () => {
  await using it = await setUp();
  let secret = '';
  const terminal = {
    isInteractive: true,
    note: (text: string) => {
      secret = /secret: (\S+)/.exec(text)?.[1] ?? '';
    },
    askSecret: async () => hotp(decodeBase32(secret)!, stepAt(it.clock.now())),
  };
  assert.match(await it.command(['enable', 'fred'], terminal), /is on\./);
});
