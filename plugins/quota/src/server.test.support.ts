/** A kernel with a real store, IMAP, LMTP and the quota plugin; everybody's password is `secret`, `cyrus` administers. */
import {
  COMMANDS,
  type CommandContext,
  JOBS,
  MAIL_STORE,
  MANAGED_ACCOUNTS,
  type MailStore,
  personalMailbox,
  QUOTA_LEDGER,
  type QuotaLedger,
  type UserId,
} from '@angarium/sdk';
import {
  createTestKernel,
  ImapTestClient,
  LmtpTestClient,
  ManualClock,
  type TestKernel,
} from '@angarium/testing';

export class QuotaServer implements AsyncDisposable {
  private constructor(
    readonly kernel: TestKernel,
    readonly clock: ManualClock,
  ) {}

  static async start(
    quota: Record<string, unknown> = {},
    dataDir?: string,
    users: readonly string[] = ['fred', 'wilma'],
  ): Promise<QuotaServer> {
    const clock = new ManualClock();
    const kernel = await createTestKernel({
      clock,
      ...(dataDir === undefined ? {} : { dataDir }),
      plugins: [
        'store-sqlite',
        'accounts-local',
        { name: 'authentication', config: { admins: ['cyrus'] } },
        'namespace',
        { name: 'quota', config: quota },
        'delivery',
        { name: 'lmtp', config: { listen: [] } },
        { name: 'imap', config: { listen: [] } },
      ],
    });
    const server = new QuotaServer(kernel, clock);
    const accounts = kernel.get(MANAGED_ACCOUNTS);
    for (const user of ['cyrus', ...users]) {
      await accounts.create(user as UserId, { password: 'secret' }).catch(() => undefined);
      const { catalogue } = server.store;
      const inbox = personalMailbox(user as UserId);
      if (user !== 'cyrus' && (await catalogue.find(inbox)) === undefined) await catalogue.create(inbox);
    }
    return server;
  }

  get store(): MailStore {
    return this.kernel.get(MAIL_STORE);
  }

  get ledger(): QuotaLedger {
    return this.kernel.get(QUOTA_LEDGER);
  }

  async imap(user: string): Promise<ImapTestClient> {
    const client = new ImapTestClient(this.kernel.connect('imap'));
    await client.login(user, 'secret');
    return client;
  }

  async lmtp(): Promise<LmtpTestClient> {
    const client = new LmtpTestClient(this.kernel.connect('lmtp'));
    await client.hello();
    return client;
  }

  /** Runs `angarium NAME`; answers what it would print. */
  async command(
    name: string,
    args: readonly unknown[] = [],
    options: Record<string, unknown> = {},
  ): Promise<string> {
    const command = this.kernel.get(COMMANDS).items.find((each) => each.name === name);
    if (command === undefined) throw new Error(`no command ${name}`);
    const context = {
      args: [args],
      options,
      signal: new AbortController().signal,
      note: () => undefined,
      progress: () => ({ advance: () => undefined, done: () => undefined }),
    } as unknown as CommandContext;
    return command.text(await command.run(context));
  }

  async job(name: string): Promise<void> {
    const job = this.kernel.get(JOBS).items.find((each) => each.name === name);
    if (job === undefined) throw new Error(`no job ${name}`);
    await job.run(new AbortController().signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kernel[Symbol.asyncDispose]();
  }
}

/** A message of exactly so many octets. */
export function letter(octets: number): string {
  const head = 'Subject: hello\r\n\r\n';
  return `${head}${'x'.repeat(octets - head.length - 2)}\r\n`;
}
