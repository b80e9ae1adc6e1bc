/** Sessions without a network: the message commands over a store in memory, answers as lines. */
import {
  ALL_RIGHTS,
  type Connection,
  type HookBus,
  type Identity,
  type ImapCommand,
  ImapRefusal,
  type ImapReply,
  type ImapSession,
  ImapSyntaxError,
  isMailError,
  type MailboxEntry,
  MailError,
  type MailStore,
  ownerPolicy,
  personalMailbox,
  type Rights,
  type UpdateFilter,
  type UserId,
} from '@angarium/sdk';
import { ManualClock } from '@angarium/testing';
import { MemoryMailStore } from '@angarium/testing/memory-store';
import { openSelected, type SelectedView } from '../view/index.js';
import { commandLineFrom } from '../wire/index.js';
import { type MessageEnvironment, plainEnvironment } from './environment.js';
import { messageCommands } from './index.js';

const user = 'fred' as UserId;
const silentHooks = {
  tap: () => ({ [Symbol.dispose]: () => {} }),
  hook: () => ({ isTapped: false, call: () => undefined }),
} as unknown as HookBus;

export interface Letter {
  readonly text: string | Buffer;
  readonly flags?: number;
  readonly keywords?: readonly string[];
  readonly date?: string;
}

export class TestServer {
  readonly clock = new ManualClock();
  readonly store: MailStore = new MemoryMailStore(silentHooks, this.clock);

  static async with(letters: readonly Letter[] = [], more: readonly string[] = []): Promise<TestServer> {
    const server = new TestServer();
    for (const name of ['INBOX', ...more]) await server.store.catalogue.create(boxName(name));
    await server.append('INBOX', letters);
    return server;
  }

  async entry(name: string): Promise<MailboxEntry> {
    const entry = await this.store.catalogue.find(boxName(name));
    if (entry === undefined) throw new MailError('NONEXISTENT', 'Mailbox does not exist');
    return entry;
  }

  async append(name: string, letters: readonly Letter[]): Promise<void> {
    const mailbox = (await this.entry(name)).id;
    for (const letter of letters) {
      const bytes = Buffer.from(letter.text);
      const message = await this.store.stage([bytes], { maxBytes: 1 << 28 });
      const flags = { system: letter.flags ?? 0, keywords: letter.keywords ?? [] };
      const internalDateMs = Date.parse(letter.date ?? '1996-07-17T02:44:25Z');
      const [outcome] = await this.store.append([{ mailbox, items: [{ message, flags, internalDateMs }] }]);
      if (outcome?.ok !== true) throw outcome?.error ?? new Error('no outcome');
    }
  }

  async select(name = 'INBOX', options: SelectOptions = {}): Promise<TestSession> {
    const session = new TestSession(this, options);
    await session.open(await this.entry(name));
    return session;
  }
}

function boxName(name: string) {
  return personalMailbox(user, name === 'INBOX' ? [] : [name]);
}

export interface SelectOptions {
  readonly rights?: Rights;
  readonly isReadOnly?: boolean;
  readonly enabled?: readonly string[];
  readonly environment?: MessageEnvironment;
  readonly updateFilters?: readonly UpdateFilter[];
  /** Rights on other mailboxes. */
  readonly targetRights?: Rights;
}

export class TestSession {
  readonly enabled: Set<string>;
  readonly session: ImapSession;
  selected!: SelectedView;
  /** Set when the connection was cut. */
  destroyed: Error | undefined;
  /** Octets of each write. */
  readonly writes: number[] = [];
  private text = '';
  private outcome: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: each command's argument type is its own
  private readonly commands: ReadonlyMap<string, ImapCommand<any>>;

  constructor(
    private readonly server: TestServer,
    private readonly options: SelectOptions,
  ) {
    this.enabled = new Set(options.enabled);
    const commands = messageCommands(options.environment ?? plainEnvironment);
    this.commands = new Map(commands.map((command) => [command.name, command]));
    this.session = this.makeSession();
  }

  async open(entry: MailboxEntry): Promise<void> {
    const mailbox = this.server.store.mailbox(entry.id, user);
    const isReadOnly = this.options.isReadOnly ?? false;
    const recentFrom = await (isReadOnly ? mailbox.recentFrom() : mailbox.claimRecent());
    this.selected = openSelected({
      session: this.session,
      entry,
      mailbox,
      snapshot: await mailbox.snapshot(),
      recentFrom,
      isReadOnly,
      rights: this.options.rights ?? ALL_RIGHTS,
      updateFilters: () => this.options.updateFilters ?? [],
    });
  }

  /** All lines of the answer, literals in place, the tagged one last: `A OK Completed`. */
  async run(command: string): Promise<string[]> {
    const raw = await this.runRaw(command);
    return raw.split('\r\n').slice(0, -1);
  }

  async runRaw(command: string): Promise<string> {
    let mayExpunge = true;
    let tagged: string;
    let isUid = false;
    try {
      const line = commandLineFrom(command);
      let name = line.keyword();
      if (name === 'UID') {
        isUid = true;
        line.sp();
        name = line.keyword();
      }
      if (name === 'NOOP') tagged = 'OK Completed';
      else {
        const found = this.commands.get(name);
        if (found === undefined) throw new Error(`no command ${name}`);
        mayExpunge = isUid || found.mayExpunge !== false;
        const args = found.parse(line, isUid);
        const context = { session: this.session, reply: this.reply, isUid, tag: 'A', line };
        const signal = new AbortController().signal;
        await found.run({ ...context, signal, afterReply: () => {} } as never, args);
        tagged = this.outcome ?? 'OK Completed';
      }
    } catch (error) {
      if (error instanceof ImapSyntaxError) tagged = `BAD ${error.message}`;
      else if (error instanceof ImapRefusal) tagged = `${error.kind} [${error.code}] ${error.message}`;
      else if (isMailError(error)) tagged = `NO [${error.code}] ${error.publicText}`;
      else throw error;
    }
    this.outcome = undefined;
    await this.selected.sync(this.reply, { mayExpunge, withUid: isUid });
    const text = `${this.text}A ${tagged}\r\n`;
    this.text = '';
    return text;
  }

  private get reply(): ImapReply {
    return {
      untagged: (text) => this.write(`* ${text}\r\n`),
      status: (kind, text, code) => this.write(`* ${kind} ${code ? `[${code}] ` : ''}${text}\r\n`),
      write: (data) => {
        this.write(typeof data === 'string' ? data : Buffer.from(data).latin1Slice());
        return this.writes.length % 2 === 0;
      },
      drain: async () => {},
      completed: (text, code) => void (this.outcome = `OK ${code ? `[${code}] ` : ''}${text}`),
      failed: (text, code) => void (this.outcome = `NO ${code ? `[${code}] ` : ''}${text}`),
      quote: (octets) => JSON.stringify(octets),
      mailbox: () => '',
    };
  }

  private write(text: string): void {
    this.writes.push(text.length);
    this.text += text;
  }

  private makeSession(): ImapSession {
    const { server, options } = this;
    const identity: Identity = { user, groups: [], admin: 'none', isAnonymous: false, mechanism: 'PLAIN' };
    const cut = (error?: Error): void => void (this.destroyed = error);
    const locals = new Map<symbol, unknown>();
    const partial: Partial<ImapSession> = {
      state: 'selected',
      connection: { destroy: cut } as unknown as Connection,
      identity,
      store: server.store,
      access: { ...ownerPolicy, rights: () => options.targetRights ?? ALL_RIGHTS },
      enabled: this.enabled,
      enable: (feature) => void this.enabled.add(feature),
      local<T>(key: symbol, make: () => T): T {
        if (!locals.has(key)) locals.set(key, make());
        return locals.get(key) as T;
      },
      origin: (operation) => ({ identity, via: 'test', operation }),
      async findByText(text, { rights = 0, tryCreate = false } = {}) {
        const entry = await server.entry(text).catch(() => undefined);
        if (entry === undefined)
          throw new MailError(tryCreate ? 'TRYCREATE' : 'NONEXISTENT', 'Mailbox does not exist');
        if (((options.targetRights ?? ALL_RIGHTS) & rights) !== rights)
          throw new MailError('NOPERM', 'Permission denied');
        return entry;
      },
    };
    return Object.defineProperty(partial as ImapSession, 'selected', { get: () => this.selected });
  }
}
