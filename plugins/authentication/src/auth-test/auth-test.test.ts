import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import {
  ACCOUNT_SOURCES,
  type AccountSource,
  APP_PASSWORD_CHECKS,
  type AppPasswordCheck,
  type AppPasswordVerdict,
  AUTHENTICATION,
  COMMANDS,
  type CommandContext,
  Component,
  definePlugin,
  HOOKS,
  type HookBus,
  inject,
  injectable,
  MailError,
  PASSWORD_GATES,
  PASSWORD_SOURCES,
  type PasswordGate,
  type PasswordSource,
  part,
  type Registry,
  SASL_MECHANISMS,
  type SaslMechanism,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel } from '@angarium/testing';
import type { Diagnosis } from './diagnosis.js';
import { probeContext } from './probe.js';

const idle = { step: async () => ({ challenge: new Uint8Array(0) }) };
const mechanism = (name: string, strength: number, more: Partial<SaslMechanism> = {}): SaslMechanism => ({
  name,
  strength,
  clientFirst: true,
  isPlaintext: false,
  start: () => idle,
  ...more,
});

const appVerdicts: Readonly<Record<string, AppPasswordVerdict>> = {
  app: 'right',
  'old-app': 'expired',
  'news-app': 'other-service',
};

/** A first source that knows nobody, a second that knows all, one that is down. */
@injectable()
class World extends Component {
  constructor(
    @inject(ACCOUNT_SOURCES) accounts: Registry<AccountSource>,
    @inject(PASSWORD_SOURCES) passwords: Registry<PasswordSource>,
    @inject(SASL_MECHANISMS) mechanisms: Registry<SaslMechanism>,
    @inject(APP_PASSWORD_CHECKS) appChecks: Registry<AppPasswordCheck>,
    @inject(PASSWORD_GATES) gates: Registry<PasswordGate>,
    @inject(HOOKS) hooks: HookBus,
  ) {
    super();
    this.own(appChecks.add({ verify: async (_, password) => appVerdicts[password] ?? 'none' }));
    this.own(
      gates.add({ refuses: async (user) => (user === 'strict' ? 'strict has a second factor' : undefined) }),
    );
    const known = new Set([
      'fred',
      'strict',
      'bare',
      'barred',
      'admin',
      'gone',
      'root@example.net',
      'joe@example.net',
    ]);
    this.own(
      accounts.add({
        name: 'local',
        async find(user: UserId) {
          if (user === 'down')
            throw new MailError('UNAVAILABLE', 'not now', { cause: new Error('no route') });
          if (!known.has(user)) return undefined;
          return {
            user,
            displayName: undefined,
            groups: ['staff'],
            isDisabled: user === 'gone',
            attributes: {},
          };
        },
      }),
    );
    this.own(
      passwords.add(
        { name: 'empty', verify: async () => 'unknown' },
        {
          name: 'local',
          verify: async (_, password) => (password === 'secret' ? 'right' : 'wrong'),
          explain: async (user) => (user === 'bare' ? 'no password is set' : undefined),
          plainSecret: async (user) => (user === 'fred' ? 'secret' : undefined),
          hasPlainSecrets: true,
        },
      ),
    );
    this.own(
      mechanisms.add(
        mechanism('PLAIN', 10, { isPlaintext: true }),
        mechanism('CRAM-MD5', 20, { needs: 'plain-secret' }),
        mechanism('SCRAM-SHA-256', 50, { needs: 'SHA-256' }),
        mechanism('EXTERNAL', 90, { isAvailable: () => false, conditions: 'a certificate' }),
        mechanism('ANONYMOUS', 1),
      ),
    );
    this.own(
      hooks.tap('auth.attempting', ({ remoteAddress }) => {
        if (remoteAddress === '192.0.2.66') throw new MailError('UNAVAILABLE', 'Blocked for a while');
      }),
    );
    this.own(
      hooks.tap('auth.authorising', ({ isTrial }, { user }) => {
        assert.equal(isTrial, true);
        if (user === 'barred') throw new MailError('AUTHORIZATIONFAILED', 'Logins are disabled here');
      }),
    );
  }
}
const world = { name: 'test-world', definition: definePlugin({ parts: [part(World)] }) };

async function ask(user: string, options: Record<string, string | boolean> = {}, password?: string) {
  await using kernel = await createTestKernel({
    plugins: [{ name: 'authentication', config: { admins: ['admin', 'root@example.net'] } }, world],
    host: { role: 'command' },
  });
  const command = kernel.get(COMMANDS).items.find(({ name }) => name === 'auth test')!;
  const result = (await command.run({
    args: [user],
    options: { ...options, ...(password === undefined ? {} : { passwordStdin: true }) },
    stdin: Readable.from([Buffer.from(`${password}\n`)]),
    isInteractive: false,
  } as unknown as CommandContext)) as Diagnosis;
  return { ...result, text: command.text(result), status: command.exitStatus?.(result) };
}

test('a login that works, with who said what', async () => {
  const found = await ask('Fred', {}, 'secret');
  assert.deepEqual(
    [found.succeeds, found.status, found.mechanism, found.groups],
    [true, 0, 'PLAIN', ['staff']],
  );
  assert.deepEqual(
    found.steps.map(({ asked, answer }) => `${asked}: ${answer}`),
    [
      'accounts local: there is an account, groups staff',
      'mechanism PLAIN: offered on this connection',
      'policies: nothing against it',
      'passwords empty: it has no password for this user',
      'passwords local: the password is right',
    ],
  );
  assert.match(found.text, /^fred, service imap, mechanism PLAIN\n[\s\S]*\nWORKS: the login works\n/);
});

const failing: [string, Parameters<typeof ask>, RegExp][] = [
  ['a wrong password', ['fred', {}, 'x'], /^passwords local: it knows the user, and the password is wrong/],
  ['no account', ['nobody', {}, 'secret'], /no source knows an account nobody/],
  ['a disabled account', ['gone', {}, 'secret'], /the account gone is disabled/],
  ['a source that is down', ['down', {}, 'secret'], /accounts local cannot answer: not now \(no route\)/],
  ['an empty password', ['fred', {}, ''], /empty password is never right/],
  [
    'no TLS',
    ['fred', { tls: false, from: '192.0.2.1', mechanism: 'plain' }, 'secret'],
    /would travel unencrypted/,
  ],
  [
    'a blocked address',
    ['fred', { from: '192.0.2.66' }, 'secret'],
    /^policies: refused.*Blocked for a while/,
  ],
  ['an unknown mechanism', ['fred', { mechanism: 'X' }, 'secret'], /no enabled plugin brings it/],
  [
    'a mechanism without keys',
    ['fred', { mechanism: 'scram-sha-256' }, 'secret'],
    /no password source keeps SCRAM keys for SHA-256/,
  ],
  ['a mechanism that does not fit', ['fred', { mechanism: 'external' }], /it needs a certificate/],
  [
    'a user without a plain password',
    ['admin', { mechanism: 'CRAM-MD5' }, 'secret'],
    /no password source can check this user/,
  ],
  ['ANONYMOUS', ['fred', { mechanism: 'ANONYMOUS' }, 'secret'], /anybody comes in/],
  ['acting as another', ['fred', { as: 'admin' }, 'secret'], /fred may not act as admin/],
  ['acting beyond a domain', ['root@example.net', { as: 'fred' }, 'secret'], /may not act as fred/],
  ['no password at all', ['bare', {}, 'x'], /^passwords local: no password is set/],
  [
    'a policy about who it is',
    ['barred', {}, 'secret'],
    /^policies: refused though.*Logins are disabled here/,
  ],
  ['a policy about whom to act as', ['admin', { as: 'barred' }, 'secret'], /Logins are disabled here/],
  ['an expired application password', ['fred', {}, 'old-app'], /one of them, and has expired/],
  ['one of another service', ['fred', {}, 'news-app'], /one of them, and not for this service/],
  ['a gate', ['strict', {}, 'secret'], /application passwords: it is none of them/],
  ['a gate, one of another service', ['strict', {}, 'news-app'], /and not for this service/],
  [
    'a gate, a mechanism that takes none',
    ['strict', { mechanism: 'CRAM-MD5' }, 'secret'],
    /strict has a second factor, and CRAM-MD5 cannot/,
  ],
  ['acting as nobody', ['admin', { as: 'nobody' }, 'secret'], /no source knows an account nobody/],
];
for (const [what, question, reason] of failing) {
  test(`${what} is told`, async () => {
    const found = await ask(...question);
    assert.match(found.reason, reason);
    assert.deepEqual([found.succeeds, found.status], [false, 1]);
  });
}

test('an application password works, with a gate too, and no source is asked for it', async () => {
  for (const user of ['fred', 'strict']) {
    const found = await ask(user, {}, 'app');
    assert.equal(found.succeeds, true);
    assert.match(found.text, /application passwords +it is one of them\n/);
    assert.doesNotMatch(found.text, /passwords local/);
  }
});

test('without a password it stays open; administrators are told', async () => {
  const open = await ask('fred');
  assert.deepEqual([open.succeeds, open.status], [null, 0]);
  const admin = await ask('admin', { as: 'fred' }, 'secret');
  assert.deepEqual([admin.succeeds, admin.admin], [true, 'all']);
  const root = await ask('root@example.net', { as: 'joe@example.net' }, 'secret');
  assert.deepEqual([root.succeeds, root.admin], [true, ['example.net']]);
  assert.match(root.text, /administrator of +example\.net/);
  await assert.rejects(ask('a/b'), /can be no user/);
  await assert.rejects(ask('fred', { from: 'home' }), { exitStatus: 2 });
  assert.equal((await ask('fred', { mechanism: 'CRAM-MD5' }, 'secret')).succeeds, true);
  assert.equal((await ask('fred', { tls: false, from: '192.0.2.1' }, 'secret')).mechanism, 'CRAM-MD5');
});

test('what no source can serve is not offered, nor begun', async () => {
  await using kernel = await createTestKernel({ plugins: ['authentication', world] });
  const authentication = kernel.get(AUTHENTICATION);
  const context = probeContext({ service: 'imap', address: '192.0.2.1', hasTls: true });
  assert.deepEqual(authentication.mechanisms(context), ['CRAM-MD5', 'PLAIN', 'ANONYMOUS']);
  assert.throws(() => authentication.begin('SCRAM-SHA-256', context), { code: 'CANNOT' });
  assert.throws(() => authentication.begin('EXTERNAL', context), { code: 'CANNOT' });
});
