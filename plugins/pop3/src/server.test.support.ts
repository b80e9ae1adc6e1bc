/** The plugins of a real server, with a store in memory, and clients over pairs of streams. */
import {
  MAIL_STORE,
  MANAGED_ACCOUNTS,
  type Mailbox,
  type MailboxEntry,
  noFlags,
  personalMailbox,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel, LineClient, ManualClock, memoryStore, type TestKernel } from '@angarium/testing';

export type Connecting = Parameters<TestKernel['connect']>[1];
export const far: Connecting = { remote: { address: '192.0.2.1', port: 99 } };

export class PopClient extends LineClient {
  async command(line: string): Promise<string> {
    this.sendLine(line);
    return this.line();
  }

  /** The lines of a multi-line reply, dots taken away. @throws Error for -ERR */
  async multi(line: string): Promise<string[]> {
    this.sendLine(line);
    return this.body();
  }

  async body(): Promise<string[]> {
    await this.expect(/^\+OK/);
    const lines = await this.until(/^\.$/);
    return lines.slice(0, -1).map((text) => text.replace(/^\./, ''));
  }

  async login(user = 'fred', password = `${user} pw`): Promise<string> {
    await this.command(`USER ${user}`);
    return this.command(`PASS ${password}`);
  }
}

export interface SetUpOptions {
  readonly pop3?: Readonly<Record<string, unknown>>;
  readonly authentication?: Readonly<Record<string, unknown>>;
  readonly plainSecrets?: boolean;
  readonly plugins?: readonly string[];
}

export async function setUp(options: SetUpOptions = {}) {
  const clock = new ManualClock();
  const kernel = await createTestKernel({
    clock,
    plugins: [
      memoryStore,
      {
        name: 'authentication',
        config: { admins: ['admin'], failedLoginPause: 0, allowPlaintext: true, ...options.authentication },
      },
      {
        name: 'accounts-local',
        config: { scrypt: { cost: 10 }, scram: [], plainSecrets: options.plainSecrets ?? false },
      },
      'namespace',
      'sasl-plain',
      'sasl-login',
      ...(options.plugins ?? []),
      { name: 'pop3', config: { listen: [], ...options.pop3 } },
    ],
    host: { role: 'command' },
  });
  const accounts = kernel.get(MANAGED_ACCOUNTS);
  for (const user of ['fred', 'wilma', 'admin', 'jörg'])
    await accounts.create(user as UserId, { password: `${user} pw` });
  const store = kernel.get(MAIL_STORE);
  const connect = async (connecting?: Connecting) => {
    const client = new PopClient(kernel.connect('pop3', connecting));
    await client.expect(/^\+OK /);
    return client;
  };
  const entryOf = async (user = 'fred', ...path: string[]): Promise<MailboxEntry> => {
    const name = personalMailbox(user as UserId, path);
    return (await store.catalogue.find(name)) ?? store.catalogue.create(name);
  };
  const boxOf = async (user = 'fred', ...path: string[]): Promise<Mailbox> =>
    store.mailbox((await entryOf(user, ...path)).id, user as UserId);
  return {
    kernel,
    clock,
    store,
    connect,
    entryOf,
    boxOf,
    async loggedIn(user = 'fred') {
      const client = await connect();
      const reply = await client.login(user);
      if (!reply.startsWith('+OK')) throw new Error(reply);
      return client;
    },
    /** Latin1. */
    async append(messages: readonly string[], user = 'fred', ...path: string[]): Promise<readonly number[]> {
      const { id } = await entryOf(user, ...path);
      const uids: number[] = [];
      for (const text of messages) {
        await using message = await store.stage([Buffer.from(text, 'latin1')], { maxBytes: 1 << 28 });
        const items = [{ message, flags: noFlags, internalDateMs: clock.now() }];
        const [outcome] = await store.append([{ mailbox: id, items }]);
        if (outcome?.ok !== true) throw new Error('not appended');
        uids.push(...outcome.uids);
      }
      return uids;
    },
    async countOf(user = 'fred') {
      return (await (await boxOf(user)).snapshot()).count;
    },
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

export function mail(subject: string, body = 'Hello.\r\n'): string {
  return `From: a@example.org\r\nSubject: ${subject}\r\n\r\n${body}`;
}
