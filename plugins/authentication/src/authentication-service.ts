import {
  ACCOUNTS,
  type Accounts,
  type AuthContext,
  type AuthExchange,
  type Authentication,
  CLOCK,
  type Clock,
  CONFIG,
  HOOKS,
  type HookBus,
  type Identity,
  inject,
  injectable,
  injectOptional,
  LOGGER,
  LOGIN_DOMAINS,
  type Logger,
  type LoginDomains,
  MailError,
  PASSWORD_SOURCES,
  type PasswordSource,
  type Registry,
  SASL_MECHANISMS,
  type SaslMechanism,
  type UserId,
} from '@angarium/sdk';
import { Administrators } from './administrators.js';
import { Attempt, type AttemptEnvironment, Refusal } from './attempt.js';
import type { AuthenticationConfig } from './config.js';
import { MechanismExchange } from './exchange.js';
import { FailurePause } from './failure-pause.js';
import { Passwords } from './passwords.js';
import { qualified } from './user-names.js';

/** The one way in for every protocol. */
@injectable()
export class AuthenticationService implements Authentication {
  private readonly environment: AttemptEnvironment;
  private readonly passwords: Passwords;

  constructor(
    @inject(CONFIG) private readonly config: AuthenticationConfig,
    @inject(ACCOUNTS) accounts: Accounts,
    @inject(SASL_MECHANISMS) private readonly registered: Registry<SaslMechanism>,
    @inject(PASSWORD_SOURCES) sources: Registry<PasswordSource>,
    @inject(HOOKS) hooks: HookBus,
    @inject(CLOCK) clock: Clock,
    @inject(LOGGER) log: Logger,
    @injectOptional(LOGIN_DOMAINS) loginDomains?: LoginDomains,
  ) {
    this.passwords = new Passwords(sources);
    this.environment = {
      accounts,
      administrators: new Administrators(config.admins.map((name) => adminOf(accounts, name))),
      pause: new FailurePause(clock, config.failedLoginPause),
      clock,
      log,
      loginDomains,
      attempting: hooks.hook('auth.attempting'),
      authorising: hooks.hook('auth.authorising'),
      succeeded: hooks.hook('auth.succeeded'),
      failed: hooks.hook('auth.failed'),
    };
  }

  mechanisms(context: AuthContext): readonly string[] {
    const { mechanisms: order } = this.config;
    const available = this.registered.items.filter((mechanism) => this.isAvailable(mechanism, context));
    if (order === undefined) {
      return available.sort((a, b) => b.strength - a.strength).map(({ name }) => name);
    }
    return order.filter((name) => available.some((mechanism) => mechanism.name === name));
  }

  allowsPlaintext({ connection }: AuthContext): boolean {
    return connection.tls !== undefined || connection.isLocal || this.config.allowPlaintext;
  }

  begin(name: string, context: AuthContext): AuthExchange {
    const wanted = name.toUpperCase();
    const mechanism = this.registered.items.find((item) => item.name === wanted);
    const isListed = this.config.mechanisms?.includes(wanted) ?? true;
    if (mechanism === undefined || !isListed)
      throw new MailError('CANNOT', 'Unknown authentication mechanism');
    if (mechanism.isPlaintext) this.requirePrivacy(context);
    if (!this.isAvailable(mechanism, context)) {
      throw new MailError('CANNOT', 'The mechanism is not available on this connection');
    }
    return new MechanismExchange(mechanism, context, this.environment, this.passwords);
  }

  async login(user: string, password: string, context: AuthContext, mechanism = 'LOGIN'): Promise<Identity> {
    this.requirePrivacy(context);
    const attempt = new Attempt(this.environment, mechanism, context);
    try {
      const identity = await this.checkPassword(attempt, user, password, context);
      attempt.succeed(identity);
      return identity;
    } catch (error) {
      throw await attempt.fail(error);
    }
  }

  private async checkPassword(
    attempt: Attempt,
    name: string,
    password: string,
    context: AuthContext,
  ): Promise<Identity> {
    const { accounts, loginDomains } = this.environment;
    const domain = await loginDomains?.domainOf(context.connection);
    const user = tryNormalise(accounts, qualified(name, domain));
    await attempt.announce(user ?? name.slice(0, 255));
    if (user === undefined) throw new Refusal('AUTHENTICATIONFAILED', 'no valid user name');
    if (password === '') throw new Refusal('AUTHENTICATIONFAILED', 'empty password');
    const verdict = await this.passwords.verify(user, password, {
      service: context.service,
      remoteAddress: context.connection.remote.address,
    });
    if (verdict !== 'right') throw new Refusal('AUTHENTICATIONFAILED', `password ${verdict}`);
    return attempt.authorise({ user, actAs: undefined, isAnonymous: false });
  }

  private isAvailable(mechanism: SaslMechanism, context: AuthContext): boolean {
    if (mechanism.isPlaintext && !this.allowsPlaintext(context)) return false;
    return mechanism.isAvailable?.(context) ?? true;
  }

  private requirePrivacy(context: AuthContext): void {
    if (this.allowsPlaintext(context)) return;
    throw new MailError('PRIVACYREQUIRED', 'Encryption is required before a password is sent');
  }
}

function tryNormalise(accounts: Accounts, name: string): UserId | undefined {
  try {
    return accounts.normalise(name);
  } catch {
    return undefined;
  }
}

function adminOf(accounts: Accounts, name: string): UserId {
  const user = tryNormalise(accounts, name);
  if (user === undefined) throw new Error(`admins: "${name}" is no valid user name`);
  return user;
}
