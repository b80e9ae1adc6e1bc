/** One POP3 client. */
import { type AuthContext, type Connection, type Identity, TextSession } from '@angarium/sdk';
import { DropSession } from './drop-session.js';
import type { Pop3Environment } from './environment.js';
import { translate } from './language/languages.js';
import { MAX_FAILED_LOGINS, MAX_REPLY_TEXT } from './limits.js';
import { parseLoginName } from './maildrop/login-name.js';
import { openDrop } from './maildrop/open.js';
import { type ResponseCode, replyTo } from './replies.js';

/** RFC 1939 §3; the UPDATE state is the command QUIT. */
export type State =
  | {
      readonly is: 'authorization';
      /** Of USER, for PASS. */
      readonly user: string | undefined;
    }
  | { readonly is: 'transaction'; readonly drop: DropSession };

export class Pop3Session extends TextSession {
  current: State = { is: 'authorization', user: undefined };
  /** After the command UTF8. */
  isUtf8 = false;
  language: string;
  /** Of the greeting, for APOP. */
  readonly timestamp: string | undefined;
  /** Of `user+folder`, in the login that is being tried. */
  private folder: string | undefined;
  private failedLogins = 0;

  constructor(
    connection: Connection,
    readonly environment: Pop3Environment,
  ) {
    super(connection);
    this.language = environment.config.language;
    const { apop, host, authentication } = environment;
    const context = apop?.contextFor(this.authContext, '');
    if (apop && context && authentication.mechanisms(context).includes(apop.mechanism.name)) {
      this.timestamp = apop.newTimestamp(host.serverName);
    }
  }

  override get state(): State['is'] {
    return this.current.is;
  }

  /** Made anew for each login. */
  get authContext(): AuthContext {
    const context: AuthContext = { service: 'pop', connection: this.connection };
    if (!this.environment.config.subfolders) return context;
    return { ...context, loginName: (name) => this.withoutFolder(name) };
  }

  /** The maildrop of commands that are allowed in TRANSACTION alone. */
  get drop(): DropSession {
    if (this.current.is !== 'transaction') throw new Error('no maildrop is open');
    return this.current.drop;
  }

  /** Runs a login, and opens the maildrop (RFC 1939 §4). @throws what `login` throws; Pop3Refusal, MailError */
  async logIn(login: () => Promise<Identity>): Promise<void> {
    this.current = { is: 'authorization', user: undefined };
    this.folder = undefined;
    const identity = await this.countingFailures(login);
    const { connection, environment, folder } = this;
    const drop = await openDrop(environment, {
      identity,
      folder,
      sessionId: connection.id,
      onLockLost: () => connection.destroy(new Error('the lock on the maildrop is lost')),
    });
    this.current = { is: 'transaction', drop: new DropSession(environment, connection.id, drop) };
    connection.setIdleTimeout(environment.config.idleTimeout * 60_000);
    connection.describe({ user: identity.user });
    this.ok('Maildrop locked and ready');
  }

  private async countingFailures(login: () => Promise<Identity>): Promise<Identity> {
    try {
      return await login();
    } catch (error) {
      if (++this.failedLogins >= MAX_FAILED_LOGINS) this.end();
      throw error;
    }
  }

  /** The end of the connection, whatever has come before. */
  async leave(): Promise<void> {
    const { current } = this;
    if (current.is !== 'transaction') return;
    this.current = { is: 'authorization', user: undefined };
    await current.drop.abandon();
  }

  /** @param tag stands before the text, as it is. */
  ok(text = '', tag = ''): void {
    const words = text === '' ? '' : ` ${this.words(text)}`;
    this.line(`+OK${tag === '' ? '' : ` ${tag}`}${words}`);
  }

  /** For what is no text: numbers. */
  okWith(data: string): void {
    this.line(`+OK ${data}`);
  }

  err(code: ResponseCode | undefined, text: string): void {
    this.line(`-ERR ${code === undefined ? '' : `[${code}] `}${this.words(text)}`);
  }

  /** Refuses, and tells the log what is a fault of ours. */
  refuse(error: unknown, command: string): void {
    const { code, text, isFault } = replyTo(error);
    if (isFault) {
      this.environment.log.warn('command failed', { session: this.connection.id, command, err: error });
    }
    this.err(code, text);
  }

  /** In the client's language, as octets of UTF-8. */
  private words(text: string): string {
    const translated = translate(this.language, text);
    const octets = Buffer.from(translated, 'utf8').latin1Slice();
    return octets.replace(/[\x00-\x1f\x7f]/g, ' ');
  }

  private line(text: string): void {
    this.reply(text.slice(0, MAX_REPLY_TEXT));
  }

  /** Of several names of an exchange the last one that has a folder says which. */
  private withoutFolder(name: string): string {
    const { user, folder } = parseLoginName(name);
    this.folder = folder ?? this.folder;
    return user;
  }
}
