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
  personalMailbox,
  type UserId,
} from '@angarium/sdk';
import {
  createTestKernel,
  LmtpTestClient,
  ManualClock,
  memoryStore,
  type TestKernel,
} from '@angarium/testing';

export let hooks: HookBus;

@injectable()
class HookHolder {
  constructor(@inject(HOOKS) bus: HookBus) {
    hooks = bus;
  }
}

/** One transaction; the replies to its message, one after the other. */
export async function deliver(
  client: LmtpTestClient,
  sender: string,
  recipients: readonly string[],
  message: string,
) {
  const rcpts = recipients.map((to) => `RCPT TO:<${to}>\r\n`).join('');
  client.send(`MAIL FROM:<${sender}>\r\n${rcpts}DATA\r\n`);
  for (let i = 0; i < recipients.length + 2; i++) await client.reply();
  client.send(`${message.replace(/^\./gm, '..')}.\r\n`);
  const replies: string[] = [];
  for (const _ of recipients) replies.push(await client.reply());
  return replies;
}

export type Connecting = Parameters<TestKernel['connect']>[1];
export const far: Connecting = { remote: { address: '192.0.2.1', port: 99 } };

export async function setUp(config: Record<string, unknown> = {}) {
  const clock = new ManualClock();
  const kernel = await createTestKernel({
    clock,
    plugins: [
      memoryStore,
      { name: 'authentication', config: { admins: ['admin'], failedLoginPause: 0, allowPlaintext: true } },
      { name: 'accounts-local', config: { scrypt: { cost: 10 }, scram: [] } },
      'sasl-plain',
      'sasl-login',
      'delivery',
      { name: 'lmtp', config },
      { name: 'test-hooks', definition: definePlugin({ parts: [part(HookHolder)] }) },
    ],
    host: { role: 'command' },
  });
  const accounts = kernel.get(MANAGED_ACCOUNTS);
  for (const user of ['fred', 'wilma', 'admin', 'jörg'])
    await accounts.create(user as UserId, { password: `${user} pw` });
  const connect = (options?: Connecting) => new LmtpTestClient(kernel.connect('lmtp', options));
  const hello = async (options?: Connecting) => {
    const client = connect(options);
    await client.hello();
    return client;
  };
  const store = kernel.get(MAIL_STORE);
  /** The messages of an INBOX, latin1. */
  const inbox = async (user: string): Promise<string[]> => {
    const entry = await store.catalogue.find(personalMailbox(user as UserId));
    if (entry === undefined) return [];
    const box = store.mailbox(entry.id);
    const snapshot = await box.snapshot();
    const messages: string[] = [];
    for (let i = 0; i < snapshot.count; i++) {
      const message = await box.open(snapshot.uidAt(i));
      messages.push((await message.read(0, message.size)).latin1Slice());
    }
    return messages;
  };
  return {
    kernel,
    clock,
    store,
    connect,
    hello,
    inbox,
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

export const text =
  'Date: Mon, 01 Jan 2024 00:00:00 +0000\r\nMessage-ID: <1@x>\r\nSubject: hi\r\n\r\nHello.\r\n.dot\r\n';
