/** IMAP with access control lists in a test: the plugins for real, mail in memory, accounts by word. */
import {
  ACCESS_POLICY,
  ACCOUNTS,
  type AccessPolicy,
  type Account,
  type Accounts,
  type AdminScope,
  AUTHENTICATION,
  type AuthExchange,
  type Authentication,
  definePlugin,
  type Identity,
  MAIL_STORE,
  type MailboxName,
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
  type TestPlugin,
} from '@angarium/testing';

interface Person {
  readonly groups?: readonly string[];
  readonly admin?: AdminScope;
}

/** Who there is; everybody's password is `secret`. */
const people: Readonly<Record<string, Person>> = {
  admin: { admin: 'all' },
  fred: { groups: ['staff'] },
  joe: {},
  jane: { groups: ['staff', 'news'] },
  'ann@example.org': {},
  'bob@example.org': {},
  'root@example.org': { admin: ['example.org'] },
  'cat@example.net': {},
};

class FakeAccounts implements Accounts, Authentication {
  async find(user: UserId): Promise<Account | undefined> {
    const person = people[user];
    if (person === undefined) return undefined;
    const { groups = [] } = person;
    return { user, groups, displayName: undefined, isDisabled: false, attributes: {} };
  }

  async list(): Promise<readonly Account[]> {
    return [];
  }

  normalise(text: string): UserId {
    if (text === '' || /[\s\ufffd]|^-/.test(text))
      throw new MailError('CANNOT', 'This is no valid user name');
    return text.toLowerCase() as UserId;
  }

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
    const person = people[user];
    if (person === undefined || password !== 'secret') throw new MailError('AUTHENTICATIONFAILED', 'No');
    const { groups = [], admin = 'none' } = person;
    return { user: user as UserId, groups, admin, isAnonymous: false, mechanism: 'LOGIN' };
  }
}

const accounts: TestPlugin = {
  name: 'test-accounts',
  manifest: { provides: ['accounts@1', 'authentication@1'] },
  definition: definePlugin({ provides: [provide([ACCOUNTS, AUTHENTICATION], FakeAccounts)] }),
};

export interface ServerOptions {
  readonly acl?: Readonly<Record<string, unknown>>;
  readonly namespace?: Readonly<Record<string, unknown>>;
  readonly withoutCommands?: boolean;
}

export class AclServer implements AsyncDisposable {
  private constructor(private readonly kernel: TestKernel) {}

  static async start({
    acl = {},
    namespace = {},
    withoutCommands = false,
  }: ServerOptions = {}): Promise<AclServer> {
    const kernel = await createTestKernel({
      plugins: [
        memoryStore,
        accounts,
        { name: 'namespace', config: namespace },
        { name: 'acl', config: acl },
        { name: 'imap', config: { listen: [] } },
        ...(withoutCommands ? [] : ['imap-acl']),
      ],
    });
    return new AclServer(kernel);
  }

  get store(): MailStore {
    return this.kernel.get(MAIL_STORE);
  }

  get policy(): AccessPolicy {
    return this.kernel.get(ACCESS_POLICY);
  }

  async loggedIn(user: string): Promise<ImapTestClient> {
    const client = new ImapTestClient(this.kernel.connect('imap'));
    await client.login(user, 'secret');
    return client;
  }

  /** A mailbox of joe's with this ACL beside his own entry. */
  async joes(path: readonly string[], acl: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.make(personalMailbox('joe' as UserId, path), { joe: 'lrswipkxtean', ...acl });
  }

  async make(name: MailboxName, acl: Readonly<Record<string, string>>): Promise<void> {
    await this.store.catalogue.create(name, { acl });
  }

  async setAcl(name: MailboxName, acl: Readonly<Record<string, string>>): Promise<void> {
    const entry = await this.store.catalogue.find(name);
    await this.store.catalogue.change(entry!.id, { acl });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kernel[Symbol.asyncDispose]();
  }
}

/** Untagged lines. */
export async function told(client: ImapTestClient, command: string): Promise<string[]> {
  return (await client.ok(command)).untagged;
}

export function letter(subject: string): string {
  return `From: fred@example.org\r\nSubject: ${subject}\r\n\r\nHello\r\n`;
}

export const missing = 'NO [NONEXISTENT] Mailbox does not exist';
export const denied = 'NO [NOPERM] Permission denied';
export const done = 'OK Completed';
