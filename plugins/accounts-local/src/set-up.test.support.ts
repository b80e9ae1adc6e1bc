/** This plugin in a kernel, with as little around it as it needs. */
import { Readable } from 'node:stream';
import {
  ACCOUNT_SOURCES,
  ACCOUNTS,
  type AccountSource,
  type Accounts,
  type Clock,
  COMMANDS,
  type Command,
  type CommandContext,
  definePlugin,
  inject,
  injectable,
  MANAGED_ACCOUNTS,
  MailError,
  PASSWORD_SOURCES,
  provide,
  type Registry,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel } from '@angarium/testing';

export const cheap = { scrypt: { cost: 10 }, scramIterations: 4096 };

/** Accounts with nothing behind, as far as this plugin needs them. */
@injectable()
class AccountsFake implements Accounts {
  constructor(@inject(ACCOUNT_SOURCES) private readonly sources: Registry<AccountSource>) {}
  normalise(text: string): UserId {
    if (text.includes('/')) throw new MailError('CANNOT', 'This is no valid user name');
    return text.toLowerCase() as UserId;
  }
  async find(user: UserId) {
    return this.sources.items[0]?.find(user);
  }
  async list(query: Parameters<Accounts['list']>[0]) {
    return (await this.sources.items[0]?.list?.(query)) ?? [];
  }
}

export const accounts = {
  name: 'test-accounts',
  manifest: { provides: ['accounts@1'] },
  definition: definePlugin({ provides: [provide(ACCOUNTS, AccountsFake)] }),
};

export interface SetUpOptions {
  readonly config?: Record<string, unknown>;
  readonly clock?: Clock;
  readonly dataDir?: string;
  readonly plugins?: readonly string[];
}

export async function setUp({
  config = {},
  clock,
  dataDir,
  plugins = ['password-schemes'],
}: SetUpOptions = {}) {
  const kernel = await createTestKernel({
    plugins: [accounts, ...plugins, { name: 'accounts-local', config: { ...cheap, ...config } }],
    host: { role: 'command' },
    ...(clock && { clock }),
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  const [source] = kernel.get(PASSWORD_SOURCES).items;
  const verify = (user: string, password: string, service = 'imap') =>
    source!.verify(user as UserId, password, { service, remoteAddress: '127.0.0.1' });
  const run = async (name: string, args: (string | undefined)[], options: CommandContext['options'] = {}) => {
    const command = kernel.get(COMMANDS).items.find((item: Command) => item.name === name)!;
    const context = {
      args,
      options,
      stdin: Readable.from([]),
      isInteractive: false,
      signal: new AbortController().signal,
      progress: () => ({ advance() {}, done() {} }),
    } as unknown as CommandContext;
    const result = await command.run(context);
    return { result, text: command.text(result) };
  };
  return {
    kernel,
    managed: kernel.get(MANAGED_ACCOUNTS),
    accounts: kernel.get(ACCOUNTS),
    source: source!,
    verify,
    run,
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}
