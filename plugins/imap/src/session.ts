/**
 * One client's session. Invariants of the protocol, kept here and in loop.ts:
 * - The state is one value that holds what that state has; commands move it only through the methods below.
 * - Commands run one after another, in the order sent (RFC 3501 §5.5: ambiguity is thereby impossible).
 * - Untagged data about the mailbox goes out only where a command ends, or in IDLE; EXPUNGE only where the command's
 *   declaration allows it (RFC 3501 §7.4.1). `selected.view` is what the client has been told, never ahead of it.
 * - A mailbox that the client may not look up does not exist for it: same code, same words.
 * - `logout` is final; whoever enters it has written BYE or knows that nobody is there to read it.
 */
import {
  type AccessPolicy,
  type AuthContext,
  type Connection,
  disposable,
  type Identity,
  type ImapReply,
  type ImapSession,
  type ImapState,
  type MailboxEntry,
  type MailboxName,
  MailError,
  type MailStore,
  type NamespaceView,
  type Origin,
  Right,
  type Rights,
} from '@angarium/sdk';
import { Referral, urlsOf } from './referral.js';
import type { ImapServices } from './services.js';
import type { SelectedView } from './view/index.js';

type Interjection = (reply: ImapReply) => void | Promise<void>;

interface User {
  readonly identity: Identity;
  readonly namespace: NamespaceView;
}

type State =
  | { readonly is: 'not-authenticated' }
  | { readonly is: 'authenticated'; readonly user: User }
  | { readonly is: 'selected'; readonly user: User; readonly box: SelectedView }
  | { readonly is: 'logout' };

export class Session implements ImapSession {
  /** The client is silent and nothing is being written: the server may say goodbye now. */
  isWaiting = false;
  private readonly enabledFeatures = new Set<string>();
  /** Counted for limits.ts. */
  failedLogins = 0;
  /** Of human-readable text: a language of the registry, lower case, or English (RFC 5255 §3). */
  language = 'i-default';
  private current: State = { is: 'not-authenticated' };
  private readonly locals = new Map<symbol, unknown>();
  private interjections: Interjection[] = [];
  private onInterject: (() => void) | undefined;

  constructor(
    readonly services: ImapServices,
    readonly connection: Connection,
  ) {}

  get state(): ImapState {
    return this.current.is;
  }

  get identity(): Identity {
    return this.user.identity;
  }

  get namespace(): NamespaceView {
    return this.user.namespace;
  }

  get store(): MailStore {
    return this.services.store;
  }

  get access(): AccessPolicy {
    return this.services.access;
  }

  get selected(): SelectedView {
    if (this.current.is !== 'selected') throw new Error(`no mailbox is selected: ${this.current.is}`);
    return this.current.box;
  }

  /** Names and strings are UTF-8 for this client (RFC 9051 §5.1, RFC 6855 §3). */
  get usesUtf8(): boolean {
    return this.enabled.has('IMAP4REV2') || this.enabled.has('UTF8=ACCEPT');
  }

  get authContext(): AuthContext {
    return { service: 'imap', connection: this.connection };
  }

  get enabled(): ReadonlySet<string> {
    return this.enabledFeatures;
  }

  /** For logs; undefined before login and after the end. */
  get userName(): string | undefined {
    const { current } = this;
    return current.is === 'authenticated' || current.is === 'selected'
      ? current.user.identity.user
      : undefined;
  }

  /** `EnableFeature.onEnable` is called by ENABLE; commands that enable by implication tell what follows themselves. */
  enable(feature: string): void {
    this.enabledFeatures.add(feature.toUpperCase());
  }

  /** Dispose when the client has spoken. `onInterject` is called when there is something to tell meanwhile. */
  waiting(onInterject?: () => void): Disposable {
    this.isWaiting = true;
    this.onInterject = onInterject;
    if (this.interjections.length > 0) onInterject?.();
    return disposable(() => {
      this.isWaiting = false;
      this.onInterject = undefined;
    });
  }

  interject(tell: Interjection): void {
    this.interjections.push(tell);
    this.onInterject?.();
  }

  get hasInterjections(): boolean {
    return this.interjections.length > 0;
  }

  /** Tells what extensions have to say. @throws MailError NONEXISTENT when the selected mailbox has been deleted. */
  async tellInterjections(reply: ImapReply): Promise<void> {
    while (this.hasInterjections) {
      const now = this.interjections;
      this.interjections = [];
      for (const tell of now) await tell(reply);
    }
  }

  origin(operation: string): Origin {
    return { identity: this.identity, via: 'imap', session: this.connection.id, operation };
  }

  local<T>(key: symbol, make: () => T): T {
    if (!this.locals.has(key)) this.locals.set(key, make());
    return this.locals.get(key) as T;
  }

  logIn(identity: Identity): void {
    this.expect('not-authenticated');
    const user = { identity, namespace: this.services.namespace.view(identity) };
    this.current = { is: 'authenticated', user };
    this.connection.describe({ user: identity.user });
  }

  select(box: SelectedView): void {
    this.current = { is: 'selected', user: this.user, box };
    this.connection.describe({ activity: this.namespace.toClient(box.entry.name) });
  }

  unselect(): void {
    this.current = { is: 'authenticated', user: this.user };
    this.connection.describe({ activity: '' });
  }

  /** Back to where a connection begins; what extensions keep for the session goes (RFC 8437 §4.1). */
  unauthenticate(): void {
    this.current = { is: 'not-authenticated' };
    this.enabledFeatures.clear();
    this.language = 'i-default';
    for (const value of this.locals.values()) if (isDisposable(value)) value[Symbol.dispose]();
    this.locals.clear();
    this.connection.describe({ user: '', activity: '' });
  }

  /** Whatever the state is. */
  end(): void {
    this.current = { is: 'logout' };
  }

  rightsOn(entry: MailboxEntry): Rights {
    return this.access.rights(this.identity, entry);
  }

  /** May this client know that it is there? */
  canSee(entry: MailboxEntry): boolean {
    return (this.rightsOn(entry) & Right.lookup) !== 0;
  }

  async find(name: MailboxName, rights: Rights = 0): Promise<MailboxEntry> {
    const entry = await this.store.catalogue.find(name);
    if (entry === undefined) {
      await this.refer(name);
      throw nonexistent();
    }
    const held = this.rightsOn(entry);
    if (rights !== 0 && (held & rights) === rights) return entry;
    if ((held & Right.lookup) === 0) throw nonexistent();
    if (rights !== 0) throw new MailError('NOPERM', 'Permission denied');
    return entry;
  }

  /** @throws Referral when another server has this mailbox. */
  async refer(name: MailboxName): Promise<void> {
    const urls = await this.urlsOf(name);
    if (urls.length > 0) throw new Referral(urls);
  }

  /** Of a mailbox that is not here. */
  async urlsOf(name: MailboxName): Promise<readonly string[]> {
    if (this.services.referrals === undefined) return [];
    return urlsOf(this.services, this.identity, name, this.namespace.toClient(name));
  }

  async findByText(
    text: string,
    options: { readonly rights?: Rights; readonly tryCreate?: boolean } = {},
  ): Promise<MailboxEntry> {
    const name = this.namespace.fromClient(text);
    try {
      return await this.find(name, options.rights);
    } catch (error) {
      const isMissing = error instanceof MailError && error.code === 'NONEXISTENT';
      if (!options.tryCreate || !isMissing) throw error;
      throw new MailError('TRYCREATE', error.publicText);
    }
  }

  private get user(): User {
    const { current } = this;
    if (current.is === 'authenticated' || current.is === 'selected') return current.user;
    throw new Error(`nobody is logged in: ${current.is}`);
  }

  private expect(state: ImapState): void {
    if (this.current.is !== state) throw new Error(`the session is ${this.current.is}, not ${state}`);
  }
}

function isDisposable(value: unknown): value is Disposable {
  return typeof value === 'object' && value !== null && Symbol.dispose in value;
}

function nonexistent(): MailError {
  return new MailError('NONEXISTENT', 'Mailbox does not exist');
}

/** The built-in commands know whose session they are in; extensions have the contract only. */
export function ownSession(session: ImapSession): Session {
  if (session instanceof Session) return session;
  throw new Error('a session that this plugin did not make');
}
