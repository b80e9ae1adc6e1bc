/** The plugins of a real server, with a store in memory, and clients over pairs of streams. */
import {
  definePlugin,
  HOOKS,
  type HookBus,
  inject,
  injectable,
  MAIL_STORE,
  MANAGED_ACCOUNTS,
  part,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import {
  createTestKernel,
  LineClient,
  ManualClock,
  memoryStore,
  type TestKernel,
  type TestKernelOptions,
} from '@angarium/testing';

export class NntpTestClient extends LineClient {
  /** The status line. */
  async command(line: string): Promise<string> {
    this.sendLine(line);
    return this.line();
  }

  /** A multi-line block, un-stuffed. */
  async block(): Promise<string[]> {
    const lines = await this.until(/^\.$/);
    return lines.slice(0, -1).map((line) => line.replace(/^\./, ''));
  }

  /** Status line and block. @throws Error when the status is another */
  async list(line: string, code: number): Promise<string[]> {
    this.sendLine(line);
    await this.expect(new RegExp(`^${code} `));
    return this.block();
  }

  /** The reply to an article sent with POST or IHAVE. */
  async offer(command: string, article: string): Promise<string> {
    const go = await this.command(command);
    if (!/^3[34]0|^335/.test(go)) return go;
    this.sendArticle(article);
    return this.line();
  }

  sendArticle(article: string): void {
    this.send(`${article.replace(/(^|\r\n)\./g, '$1..')}.\r\n`);
  }

  async login(user: string): Promise<void> {
    this.sendLine(`AUTHINFO USER ${user}`);
    await this.expect(/^381 /);
    this.sendLine(`AUTHINFO PASS ${user} pw`);
    await this.expect(/^281 /);
  }
}

let current: HookBus;

@injectable()
class HookHolder {
  constructor(@inject(HOOKS) bus: HookBus) {
    current = bus;
  }
}

export type Connecting = Parameters<TestKernel['connect']>[1];

export interface SetUp {
  readonly config?: Record<string, unknown>;
  readonly defaultacl?: string;
  readonly allowPlaintext?: boolean;
  readonly more?: TestKernelOptions['plugins'];
}

export async function setUp({
  config = {},
  defaultacl = 'anyone lrsp',
  allowPlaintext = true,
  more = [],
}: SetUp = {}) {
  const clock = new ManualClock();
  const kernel = await createTestKernel({
    clock,
    plugins: [
      memoryStore,
      { name: 'namespace', config: { altnamespace: false, unixhierarchysep: false } },
      { name: 'authentication', config: { admins: ['admin'], failedLoginPause: 0, allowPlaintext } },
      { name: 'accounts-local', config: { scrypt: { cost: 10 }, scram: [] } },
      'sasl-plain',
      'sasl-login',
      { name: 'acl', config: { defaultacl } },
      { name: 'nntp', config },
      { name: 'test-hooks', definition: definePlugin({ parts: [part(HookHolder)] }) },
      ...more,
    ],
    host: { role: 'command' },
  });
  const accounts = kernel.get(MANAGED_ACCOUNTS);
  for (const user of ['fred', 'wilma', 'admin']) {
    await accounts.create(user as UserId, { password: `${user} pw` });
  }
  const store = kernel.get(MAIL_STORE);
  const group = (name: string, acl: Record<string, string> = { anyone: 'lrsp' }) =>
    store.catalogue.create(sharedMailbox(['news', ...name.split('.')]), { acl });
  const connect = async (options?: Connecting) => {
    const client = new NntpTestClient(kernel.connect('nntp', options));
    await client.expect(/^200 /);
    return client;
  };
  const reader = async (user = 'fred') => {
    const client = await connect();
    await client.login(user);
    return client;
  };
  return {
    kernel,
    clock,
    store,
    group,
    connect,
    reader,
    hooks: current,
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

/** An article as a newsreader sends it. */
export function article(fields: Record<string, string> = {}, body = 'Hello.\r\n.dot\r\n'): string {
  const all: Record<string, string> = {
    From: 'Fred <fred@example.org>',
    Subject: 'hi',
    Newsgroups: 'misc.test',
    ...fields,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== '');
  return `${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

/** An article as a peer sends it. */
export function relayed(id: string, fields: Record<string, string> = {}): string {
  return article({
    Path: 'peer.example!not-for-mail',
    Date: 'Mon, 01 Jan 2024 00:00:00 +0000',
    'Message-ID': id,
    ...fields,
  });
}
