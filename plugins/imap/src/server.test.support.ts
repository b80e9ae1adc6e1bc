/** An IMAP server in a test: the plugin and the namespace for real, mail in memory, accounts by word. */
import { randomUUID } from 'node:crypto';
import {
  AUTHENTICATION,
  type AuthContext,
  type AuthExchange,
  type Authentication,
  definePlugin,
  type Identity,
  MAIL_STORE,
  MailError,
  type MailStore,
  personalMailbox,
  provide,
  type UserId,
} from '@angarium/sdk';
import {
  createTestKernel,
  ImapTestClient,
  memoryStore,
  type TestKernel,
  type TestKernelOptions,
  type TestPlugin,
} from '@angarium/testing';

/** What the fakes of one server are told. */
export interface FakeAuth {
  allowsPlaintext: boolean;
}

/** Everybody's password is `secret`; admin administers. TEST-ASK speaks first and wants `word`; TEST-ASKED takes it at once. */
function fakeAuthentication(state: FakeAuth): TestPlugin {
  class Fake implements Authentication {
    mechanisms(): readonly string[] {
      return state.allowsPlaintext ? ['PLAIN', 'TEST-ASK'] : ['TEST-ASK'];
    }

    allowsPlaintext(): boolean {
      return state.allowsPlaintext;
    }

    begin(mechanism: string): AuthExchange {
      if (mechanism === 'PLAIN') return plainExchange;
      if (mechanism === 'TEST-ASK') return askingExchange();
      if (mechanism === 'TEST-ASKED') return askingExchange(true);
      throw new MailError('CANNOT', 'Unknown mechanism');
    }

    async login(user: string, password: string, _context: AuthContext, mechanism = ''): Promise<Identity> {
      return identityOf(user, password, mechanism);
    }
  }
  return {
    name: `fake-auth-${randomUUID().slice(0, 8)}`,
    manifest: { provides: ['authentication@1'] },
    definition: definePlugin({ provides: [provide(AUTHENTICATION, Fake)] }),
  };
}

function identityOf(user: string, password: string, mechanism: string): Identity {
  if (password !== 'secret') throw new MailError('AUTHENTICATIONFAILED', 'Login failed');
  const admin = user === 'admin' ? 'all' : 'none';
  return { user: user as UserId, groups: [], admin, isAnonymous: false, mechanism };
}

const plainExchange: AuthExchange = {
  clientFirst: true,
  async respond(message) {
    const [, user = '', password = ''] = Buffer.from(message ?? [])
      .toString()
      .split('\0');
    return { identity: identityOf(user, password, 'PLAIN'), data: new Uint8Array() };
  },
  cancel() {},
};

function askingExchange(takesInitialResponse = false): AuthExchange {
  let step = takesInitialResponse ? 1 : 0;
  return {
    clientFirst: false,
    takesInitialResponse,
    async respond(message) {
      if (step++ === 0) return { challenge: Buffer.from('say it') };
      if (Buffer.from(message ?? []).toString() !== 'word') throw new MailError('AUTHENTICATIONFAILED', 'No');
      return { identity: identityOf('fred', 'secret', 'TEST-ASK'), data: Buffer.from('well said') };
    },
    cancel() {},
  };
}

export interface ServerOptions extends Omit<TestKernelOptions, 'plugins'> {
  readonly imap?: Readonly<Record<string, unknown>>;
  readonly namespace?: Readonly<Record<string, unknown>>;
  readonly more?: readonly TestPlugin[];
}

export class TestServer implements AsyncDisposable {
  private constructor(
    readonly kernel: TestKernel,
    readonly auth: FakeAuth,
  ) {}

  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const { imap = {}, namespace = {}, more = [], ...rest } = options;
    const auth: FakeAuth = { allowsPlaintext: true };
    const plugins = [
      memoryStore,
      fakeAuthentication(auth),
      { name: 'namespace', config: namespace },
      ...more,
      { name: 'imap', config: { listen: [], ...imap } },
    ];
    return new TestServer(await createTestKernel({ ...rest, plugins }), auth);
  }

  get store(): MailStore {
    return this.kernel.get(MAIL_STORE);
  }

  /** Before the greeting is read. */
  connect(): ImapTestClient {
    return new ImapTestClient(this.kernel.connect('imap'));
  }

  async greeted(): Promise<ImapTestClient> {
    const client = this.connect();
    await client.expect(/^\* OK \[CAPABILITY /);
    return client;
  }

  async loggedIn(user = 'fred'): Promise<ImapTestClient> {
    const client = this.connect();
    await client.login(user, 'secret');
    return client;
  }

  /** With that many messages in the INBOX. */
  async selected(messages = 0): Promise<ImapTestClient> {
    const client = await this.loggedIn();
    for (let i = 0; i < messages; i++) await client.append('INBOX', letter(`number ${i + 1}`));
    await client.ok('SELECT INBOX');
    return client;
  }

  /** Lines of the log that tell of a fault of ours. */
  get faults(): string[] {
    return this.kernel.log.lines
      .filter(({ level }) => level === 'error')
      .map(({ text, fields }) => `${text}: ${(fields['err'] as Error | undefined)?.stack ?? ''}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kernel[Symbol.asyncDispose]();
  }
}

export function letter(subject: string, body = 'Hello\r\n'): string {
  return `From: fred@example.org\r\nSubject: ${subject}\r\n\r\n${body}`;
}

export function inboxOf(user: string) {
  return personalMailbox(user as UserId);
}
