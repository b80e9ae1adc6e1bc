/** An IMAP server in a test of a plugin that extends it: plugins for real, mail in memory, everybody's password is `secret`. */
import {
  AUTHENTICATION,
  type AuthExchange,
  type Authentication,
  definePlugin,
  type Identity,
  MAIL_STORE,
  MailError,
  type MailStore,
  provide,
  type UserId,
} from '@angarium/sdk';
import { ImapTestClient } from './clients/imap.js';
import { createTestKernel, type TestKernel, type TestKernelOptions, type TestPlugin } from './kernel.js';
import { memoryStore } from './memory-store/index.js';

/** Users by name and `secret`; `admin` administers. */
class TestAuthentication implements Authentication {
  mechanisms(): readonly string[] {
    return [];
  }

  allowsPlaintext(): boolean {
    return true;
  }

  begin(): AuthExchange {
    throw new MailError('CANNOT', 'Unknown mechanism');
  }

  async login(user: string, password: string): Promise<Identity> {
    if (password !== 'secret') throw new MailError('AUTHENTICATIONFAILED', 'Login failed');
    const admin = user === 'admin' ? 'all' : 'none';
    return { user: user as UserId, groups: [], admin, isAnonymous: false, mechanism: 'LOGIN' };
  }
}

const testAuthentication: TestPlugin = {
  name: 'test-authentication',
  manifest: { provides: ['authentication@1'] },
  definition: definePlugin({ provides: [provide(AUTHENTICATION, TestAuthentication)] }),
};

/** The server and who talks to it. */
export interface ImapServer extends AsyncDisposable {
  readonly kernel: TestKernel;
  readonly store: MailStore;
  loggedIn(user?: string): Promise<ImapTestClient>;
  /** Lines of the log that tell of a fault of ours. */
  readonly faults: readonly string[];
}

/** @param plugins beside store, authentication, `namespace` and `imap` */
export async function imapServer(
  plugins: readonly TestPlugin[],
  options: Omit<TestKernelOptions, 'plugins'> & { readonly imap?: Readonly<Record<string, unknown>> } = {},
): Promise<ImapServer> {
  const { imap = {}, ...rest } = options;
  const all = [
    memoryStore,
    testAuthentication,
    'namespace',
    { name: 'imap', config: { listen: [], ...imap } },
    ...plugins,
  ];
  const kernel = await createTestKernel({ ...rest, plugins: all });
  return {
    kernel,
    store: kernel.get(MAIL_STORE),
    async loggedIn(user = 'fred') {
      const client = new ImapTestClient(kernel.connect('imap'));
      await client.login(user, 'secret');
      return client;
    },
    get faults() {
      return kernel.log.lines
        .filter(({ level }) => level === 'error')
        .map(({ text, fields }) => `${text}: ${(fields['err'] as Error | undefined)?.stack ?? ''}`);
    },
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}
