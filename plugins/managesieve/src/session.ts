/** One client: its state, and the replies that the protocol has (RFC 5804 §1.2). */
import {
  type AuthContext,
  type Authentication,
  type Connection,
  type Identity,
  type Logger,
  type Referrals,
  type Registry,
  type SaslMechanism,
  type SieveScripts,
  TextSession,
} from '@angarium/sdk';
import type { ManageSieveConfig } from './config.js';
import { encodeText } from './wire/line.js';

export interface ManageSieveEnvironment {
  readonly config: ManageSieveConfig;
  readonly scripts: SieveScripts;
  readonly authentication: Authentication;
  /** All mechanisms that plugins bring, offered here or not. */
  readonly mechanisms: Registry<SaslMechanism>;
  readonly referrals: Referrals | undefined;
  readonly log: Logger;
}

export type State =
  | { readonly is: 'not-authenticated' }
  | { readonly is: 'authenticated'; readonly identity: Identity };
export type StateName = State['is'];

export class ManageSieveSession extends TextSession {
  private current: State = { is: 'not-authenticated' };
  /** In a row. */
  failedLogins = 0;

  constructor(
    connection: Connection,
    readonly environment: ManageSieveEnvironment,
  ) {
    super(connection);
  }

  override get state(): StateName {
    return this.current.is;
  }

  get authContext(): AuthContext {
    return { service: 'sieve', connection: this.connection };
  }

  /** Undefined before login. */
  get identity(): Identity | undefined {
    return this.current.is === 'authenticated' ? this.current.identity : undefined;
  }

  /** Whose scripts are kept: he who has logged in, or he for whom an administrator acts. */
  get user(): string {
    const { identity } = this;
    if (identity === undefined) throw new Error('nobody has logged in');
    return identity.user;
  }

  logIn(identity: Identity): void {
    this.current = { is: 'authenticated', identity };
    this.failedLogins = 0;
    this.connection.setIdleTimeout(this.environment.config.idleTimeout * 60_000);
    this.connection.describe({ user: identity.user });
  }

  /** RFC 5804 §2.14.1. TLS stays. */
  logOut(): void {
    this.current = { is: 'not-authenticated' };
    this.connection.setIdleTimeout(this.environment.config.loginTimeout * 1000);
    this.connection.describe({});
  }

  /** @param code without its parentheses: `WARNINGS`, `TAG "x"`; latin1. The text is Unicode. */
  ok(text?: string, code?: string): void {
    this.status('OK', text, code);
  }

  no(text: string, code?: string): void {
    this.status('NO', text, code);
  }

  /** The session is over, and the connection after this. */
  bye(text: string, code?: string): void {
    if (this.isEnded) return;
    this.status('BYE', text, code);
    this.end();
  }

  private status(kind: 'OK' | 'NO' | 'BYE', text: string | undefined, code: string | undefined): void {
    const codePart = code === undefined ? '' : ` (${code})`;
    const textPart = text === undefined ? '' : ` ${encodeText(text)}`;
    this.reply(`${kind}${codePart}${textPart}`);
  }
}
