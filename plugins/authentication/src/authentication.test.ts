import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACCOUNT_SOURCES,
  ACCOUNTS,
  type Account,
  type AccountSource,
  APP_PASSWORD_CHECKS,
  type AppPasswordCheck,
  type AppPasswordVerdict,
  AUTHENTICATION,
  type AuthContext,
  type AuthStep,
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
import { createTestKernel, ManualClock } from '@angarium/testing';

const PAUSE_MS = 2000;

/** Users whose password is their name backwards, and a source that is down for one of them. */
const people = ['admin', 'fred', 'wilma', 'gone', 'root@example.net', 'joe@example.net', 'joe@example.com'];

const appVerdicts: Readonly<Record<string, AppPasswordVerdict>> = {
  app: 'right',
  'old-app': 'expired',
  'news-app': 'other-service',
};

/** What the hooks heard. */
const heard: string[] = [];

const proof: SaslMechanism = {
  name: 'X-PROOF',
  strength: 50,
  clientFirst: true,
  isPlaintext: false,
  start: (environment) => ({
    async step(message) {
      const [user = '', actAs] = Buffer.from(message ?? [])
        .toString()
        .split(' ');
      if (user === '') return { challenge: Buffer.from('who?') };
      if (user === 'stale') return { challenge: Buffer.from('no more'), refused: 'a stale proof' };
      return { user: environment.normalise(user), actAs: actAs as UserId | undefined };
    },
  }),
};
const plain: SaslMechanism = {
  name: 'X-PLAIN',
  strength: 10,
  clientFirst: true,
  isPlaintext: true,
  start: (environment) => ({
    async step(message) {
      const [user = '', password = ''] = Buffer.from(message ?? [])
        .toString()
        .split(' ');
      const verdict = await environment.verify(user as UserId, password);
      if (verdict !== 'right') throw new MailError('AUTHENTICATIONFAILED', verdict);
      return { user: user as UserId, actAs: undefined };
    },
  }),
};

@injectable()
class Sources extends Component implements AccountSource, PasswordSource {
  readonly name = 'test';
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
    this.own(gates.add({ refuses: async (user) => (user === 'wilma' ? 'a second factor' : undefined) }));
    this.own(accounts.add(this));
    this.own(passwords.add(this));
    this.own(mechanisms.add(plain, proof));
    this.own(
      hooks.tap('auth.attempting', ({ user, mechanism }) => {
        heard.push(`attempting ${mechanism} ${user}`);
        if (user === 'blocked') throw new MailError('UNAVAILABLE', 'Blocked for a while');
      }),
    );
    this.own(hooks.tap('auth.succeeded', (_, { user }) => void heard.push(`succeeded ${user}`)));
    this.own(hooks.tap('auth.failed', (_, reason) => void heard.push(`failed ${reason}`)));
  }
  async find(user: UserId): Promise<Account | undefined> {
    if (!people.includes(user)) return undefined;
    return { user, displayName: undefined, groups: ['staff'], isDisabled: user === 'gone', attributes: {} };
  }
  async list({ after = '', limit }: { after?: string; limit: number }): Promise<readonly Account[]> {
    const users = people.filter((user) => user > after).sort();
    return Promise.all(users.slice(0, limit).map(async (user) => (await this.find(user as UserId))!));
  }
  async verify(user: UserId, password: string) {
    if (user === 'odd') throw new MailError('CANNOT', 'The scheme of the stored password is not known');
    if (user === 'down') throw new Error('the directory is down');
    if (!people.includes(user)) return 'unknown';
    return password === [...user].reverse().join('') ? 'right' : 'wrong';
  }
}

const sources = { name: 'test-sources', definition: definePlugin({ parts: [part(Sources)] }) };

async function setUp(config: Record<string, unknown> = {}, context: Partial<AuthContext['connection']> = {}) {
  heard.length = 0;
  const clock = new ManualClock();
  const kernel = await createTestKernel({
    plugins: [
      { name: 'authentication', config: { admins: ['admin', 'root@example.net'], ...config } },
      sources,
    ],
    clock,
  });
  const connection = {
    id: 'c1',
    remote: { address: '192.0.2.1', port: 1 },
    tls: undefined,
    isLocal: true,
    signal: new AbortController().signal,
    ...context,
  } as AuthContext['connection'];
  const authentication = kernel.get(AUTHENTICATION);
  /** Lets time go until `attempt` has ended; answers how long it took, and what came of it. */
  const timed = async <T>(attempt: Promise<T>) => {
    const startedMs = clock.monotonicMs();
    let over = false;
    const outcome = attempt.then(
      (value) => ({ value, error: undefined }),
      (error: MailError) => ({ value: undefined, error }),
    );
    void outcome.then(() => {
      over = true;
    });
    for (let i = 0; !over && i < 100; i++) {
      await new Promise(setImmediate);
      if (!over) await clock.advance(100);
    }
    return { ...(await outcome), tookMs: clock.monotonicMs() - startedMs };
  };
  return {
    kernel,
    authentication,
    context: { service: 'imap', connection } satisfies AuthContext,
    timed,
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

test('a right password makes an identity', async () => {
  await using it = await setUp();
  const { value } = await it.timed(it.authentication.login('Fred', 'derf', it.context));
  assert.deepEqual(value, {
    user: 'fred',
    groups: ['staff'],
    admin: 'none',
    isAnonymous: false,
    mechanism: 'LOGIN',
  });
  assert.deepEqual(heard, ['attempting LOGIN fred', 'succeeded fred']);
});

test('an application password is looked at first, whichever source knows the user', async () => {
  await using it = await setUp();
  const login = (user: string, password: string) =>
    it.timed(it.authentication.login(user, password, it.context));
  for (const user of ['fred', 'wilma']) assert.equal((await login(user, 'app')).value?.user, user);
  assert.equal((await login('fred', 'derf')).value?.user, 'fred');
  assert.equal((await login('wilma', 'amliw')).error?.code, 'AUTHENTICATIONFAILED');
  for (const user of ['nobody', 'gone']) {
    assert.equal((await login(user, 'app')).error?.message, 'Authentication failed');
  }
  assert.equal((await login('fred', 'old-app')).error?.code, 'EXPIRED');
  heard.length = 0;
  assert.equal((await login('fred', 'news-app')).error?.message, 'Authentication failed');
  assert.equal((await login('wilma', 'news-app')).error?.message, 'Authentication failed');
  assert.deepEqual(
    heard.filter((line) => line.startsWith('failed')),
    ['failed an application password that is not for imap', 'failed a second factor'],
  );
});

test('administrators have their scope', async () => {
  await using it = await setUp();
  const admin = await it.authentication.login('admin', 'nimda', it.context);
  assert.equal(admin.admin, 'all');
  const root = await it.authentication.login('root@example.net', 'ten.elpmaxe@toor', it.context);
  assert.deepEqual(root.admin, ['example.net']);
});

test('unknown user, wrong password, disabled account and impossible name: the same words, at the same time', async () => {
  await using it = await setUp();
  const attempts = [
    ['nobody', 'x'],
    ['fred', 'x'],
    ['fred', ''],
    ['gone', 'enog'],
    ['odd', 'x'],
    ['no/name', 'x'],
    ['', ''],
  ] as const;
  for (const [user, password] of attempts) {
    const { error, tookMs } = await it.timed(it.authentication.login(user, password, it.context));
    assert.equal(error?.code, 'AUTHENTICATIONFAILED', user);
    assert.equal(error?.message, 'Authentication failed', user);
    assert.equal(tookMs, PAUSE_MS, user);
  }
  assert.deepEqual(
    heard.filter((line) => line.startsWith('failed')),
    [
      'failed password unknown',
      'failed password wrong',
      'failed empty password',
      'failed the account gone is disabled',
      'failed The scheme of the stored password is not known',
      'failed no valid user name',
      'failed no valid user name',
    ],
  );
});

test('a client that has gone is not waited for', async () => {
  await using it = await setUp({}, { signal: AbortSignal.abort() });
  const { tookMs } = await it.timed(it.authentication.login('fred', 'x', it.context));
  assert.equal(tookMs, 0);
});

test('a source that is down is a temporary failure, at once, and says no more', async () => {
  await using it = await setUp();
  const { error, tookMs } = await it.timed(it.authentication.login('down', 'x', it.context));
  assert.equal(error?.code, 'UNAVAILABLE');
  assert.equal(error?.temporary, true);
  assert.doesNotMatch(error?.message ?? '', /directory/);
  assert.equal(tookMs, 0);
});

test('a tap refuses before a password is looked at', async () => {
  await using it = await setUp();
  const { error } = await it.timed(it.authentication.login('blocked', 'x', it.context));
  assert.equal(error?.message, 'Blocked for a while');
  assert.equal(heard[0], 'attempting LOGIN blocked');
});

test('passwords travel over TLS, on this machine, or where the manifest allows it', async () => {
  const far = { isLocal: false };
  const tls = {} as AuthContext['connection']['tls'];
  for (const [config, connection, allowed] of [
    [{}, far, false],
    [{}, { ...far, tls }, true],
    [{}, {}, true],
    [{ allowPlaintext: true }, far, true],
  ] as const) {
    await using it = await setUp(config, connection as Partial<AuthContext['connection']>);
    assert.equal(it.authentication.allowsPlaintext(it.context), allowed);
    assert.deepEqual(
      it.authentication.mechanisms(it.context),
      allowed ? ['X-PROOF', 'X-PLAIN'] : ['X-PROOF'],
    );
    if (allowed) it.authentication.begin('x-plain', it.context);
    else {
      assert.throws(() => it.authentication.begin('X-PLAIN', it.context), { code: 'PRIVACYREQUIRED' });
      await assert.rejects(it.authentication.login('fred', 'derf', it.context), { code: 'PRIVACYREQUIRED' });
    }
  }
});

test('the manifest chooses mechanisms and their order', async () => {
  await using it = await setUp({ mechanisms: ['X-PLAIN', 'X-NOT-THERE'] });
  assert.deepEqual(it.authentication.mechanisms(it.context), ['X-PLAIN']);
  assert.throws(() => it.authentication.begin('X-PROOF', it.context), { code: 'CANNOT' });
  assert.throws(() => it.authentication.begin('X-NOT-THERE', it.context), { code: 'CANNOT' });
});

const asking = (it: Awaited<ReturnType<typeof setUp>>, message: string): Promise<AuthStep> =>
  it.authentication.begin('X-PROOF', it.context).respond(Buffer.from(message));

test('an administrator acts as somebody else, others do not', async () => {
  await using it = await setUp();
  const step = await asking(it, 'admin fred');
  assert.ok('identity' in step);
  assert.equal(step.identity.user, 'fred');
  assert.equal(step.identity.actingFor, 'admin');
  assert.equal(step.identity.admin, 'none');
  for (const message of [
    'fred wilma',
    'admin nobody',
    'admin gone',
    'root@example.net fred',
    'root@example.net joe@example.com',
  ]) {
    const { error, tookMs } = await it.timed(asking(it, message));
    assert.equal(error?.code, 'AUTHORIZATIONFAILED', message);
    assert.equal(error?.message, 'Authorization failed');
    assert.equal(tookMs, PAUSE_MS);
  }
  const inDomain = await asking(it, 'root@example.net joe@example.net');
  assert.ok('identity' in inDomain && inDomain.identity.user === 'joe@example.net');
  const himself = await asking(it, 'fred fred');
  assert.ok('identity' in himself && himself.identity.actingFor === undefined);
});

test('an exchange goes on until it is over, and no further', async () => {
  await using it = await setUp();
  const exchange = it.authentication.begin('X-PROOF', it.context);
  assert.ok('challenge' in (await exchange.respond(undefined)));
  assert.ok('identity' in (await exchange.respond(Buffer.from('fred'))));
  await assert.rejects(exchange.respond(Buffer.from('fred')), { code: 'CLIENTBUG' });
  const cancelled = it.authentication.begin('X-PROOF', it.context);
  cancelled.cancel();
  await assert.rejects(cancelled.respond(Buffer.from('fred')), { code: 'CLIENTBUG' });
  const endless = it.authentication.begin('X-PROOF', it.context);
  await assert.rejects(
    async () => {
      for (let i = 0; i < 20; i++) await endless.respond(Buffer.alloc(0));
    },
    { code: 'CLIENTBUG', message: 'Too many messages' },
  );
});

test('a proof that a challenge has refused is a failure, however the client takes it', async () => {
  await using it = await setUp({ failedLoginPause: 0 });
  const cancelled = it.authentication.begin('X-PROOF', it.context);
  assert.deepEqual(await cancelled.respond(Buffer.from('stale')), { challenge: Buffer.from('no more') });
  cancelled.cancel();
  cancelled.cancel();
  await new Promise(setImmediate);
  assert.deepEqual(heard, ['failed a stale proof']);
});

test('the attempt of an exchange is announced once, before a password is looked at', async () => {
  await using it = await setUp();
  const { error } = await it.timed(
    it.authentication.begin('X-PLAIN', it.context).respond(Buffer.from('blocked x')),
  );
  assert.equal(error?.code, 'UNAVAILABLE');
  await it.authentication.begin('X-PLAIN', it.context).respond(Buffer.from('fred derf'));
  assert.deepEqual(heard, [
    'attempting X-PLAIN blocked',
    'failed Blocked for a while',
    'attempting X-PLAIN fred',
    'succeeded fred',
  ]);
});

test('accounts of all sources are one list', async () => {
  await using it = await setUp();
  const accounts = it.kernel.get(ACCOUNTS);
  assert.equal((await accounts.find('fred' as UserId))?.user, 'fred');
  assert.equal(await accounts.find('nobody' as UserId), undefined);
  const page = await accounts.list({ limit: 3 });
  assert.deepEqual(
    page.map(({ user }) => user),
    [...people].sort().slice(0, 3),
  );
  const next = await accounts.list({ limit: 100, after: page.at(-1)!.user });
  assert.equal(page.length + next.length, people.length);
});

test('an administrator that can be no user is an error at start', async () => {
  await assert.rejects(setUp({ admins: ['no/name'] }), /no\/name/);
});
