import {
  ACCOUNTS,
  type Accounts,
  APP_PASSWORD_CHECKS,
  type AppPasswordCheck,
  type AuthContext,
  type AuthExchange,
  type Authentication,
  CLOCK,
  type Clock,
  CONFIG,
  clientAddress,
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
  PASSWORD_GATES,
  PASSWORD_SOURCES,
  type PasswordGate,
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
import { Mechanisms } from './mechanisms.js';
import { Passwords } from './passwords.js';
import { qualified } from './user-names.js';

/** The one way in for every protocol. */
@injectable()
export class AuthenticationService implements Authentication {
  private readonly environment: AttemptEnvironment;
  private readonly passwords: Passwords;
  private readonly choice: Mechanisms;

  constructor(
    @inject(CONFIG) config: AuthenticationConfig,
    @inject(ACCOUNTS) accounts: Accounts,
    @inject(SASL_MECHANISMS) registered: Registry<SaslMechanism>,
    @inject(PASSWORD_SOURCES) sources: Registry<PasswordSource>,
    @inject(PASSWORD_GATES) gates: Registry<PasswordGate>,
    @inject(APP_PASSWORD_CHECKS) appChecks: Registry<AppPasswordCheck>,
    @inject(HOOKS) hooks: HookBus,
    @inject(CLOCK) clock: Clock,
    @inject(LOGGER) log: Logger,
    @injectOptional(LOGIN_DOMAINS) loginDomains?: LoginDomains,
  ) {
    this.passwords = new Passwords(sources, gates, appChecks);
    this.choice = new Mechanisms(config, registered, this.passwords);
    this.environment = {
      accounts,
      administrators: Administrators.fromNames(config.admins, accounts),
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
    return this.choice.offered(context);
  }

  allowsPlaintext(context: AuthContext): boolean {
    return this.choice.allowsPlaintext(context);
  }

  begin(name: string, context: AuthContext): AuthExchange {
    const mechanism = this.choice.mustFind(name, context);
    return new MechanismExchange(mechanism, context, this.environment, this.passwords, (other) =>
      this.choice.offered(context).includes(other),
    );
  }

  async login(user: string, password: string, context: AuthContext, mechanism = 'LOGIN'): Promise<Identity> {
    this.choice.requirePrivacy(context);
    const attempt = new Attempt(this.environment, mechanism, context);
    try {
      const identity = await this.checkPassword(attempt, user, password, context);
      attempt.succeed(identity);
      return identity;
    } catch (error) {
      throw await attempt.fail(error);
    }
  }

  async identityOf(user: UserId): Promise<Identity | undefined> {
    const { accounts, administrators } = this.environment;
    const account = await accounts.find(user);
    if (account === undefined) return undefined;
    const admin = administrators.scopeOf(user);
    return { user, groups: account.groups, admin, isAnonymous: false, mechanism: '' };
  }

  private async checkPassword(
    attempt: Attempt,
    name: string,
    password: string,
    context: AuthContext,
  ): Promise<Identity> {
    const { accounts, loginDomains } = this.environment;
    const domain = await loginDomains?.domainOf(context.connection);
    const user = tryNormalise(accounts, qualified(context.loginName?.(name) ?? name, domain));
    await attempt.announce(user ?? name.slice(0, 255));
    if (user === undefined) throw new Refusal('AUTHENTICATIONFAILED', 'no valid user name');
    if (password === '') throw new Refusal('AUTHENTICATIONFAILED', 'empty password');
    const verdict = await this.passwords.verify(user, password, {
      service: context.service,
      remoteAddress: clientAddress(context),
    });
    if (verdict !== 'right') throw new Refusal('AUTHENTICATIONFAILED', `password ${verdict}`);
    return attempt.authorise({ user, actAs: undefined, isAnonymous: false });
  }
}

function tryNormalise(accounts: Accounts, name: string): UserId | undefined {
  try {
    return accounts.normalise(name);
  } catch {
    return undefined;
  }
}
