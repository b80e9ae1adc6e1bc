/** One login from its first byte to its outcome: hooks, pause, and the one answer for everything that fails. */
import {
  type Account,
  type Accounts,
  type AuthAttempt,
  type AuthContext,
  type Clock,
  clientAddress,
  type HookHandle,
  type Identity,
  isMailError,
  type Logger,
  type LoginDomains,
  MailError,
  type UserId,
} from '@angarium/sdk';
import type { Administrators } from './administrators.js';
import type { FailurePause } from './failure-pause.js';

/** Words for an unknown user, a wrong password, a disabled account: the client cannot tell them apart. */
const FAILED_TEXT = 'Authentication failed';

export interface AttemptEnvironment {
  readonly accounts: Accounts;
  readonly administrators: Administrators;
  readonly pause: FailurePause;
  readonly clock: Clock;
  readonly log: Logger;
  readonly loginDomains: LoginDomains | undefined;
  readonly attempting: HookHandle<'auth.attempting'>;
  readonly authorising: HookHandle<'auth.authorising'>;
  readonly succeeded: HookHandle<'auth.succeeded'>;
  readonly failed: HookHandle<'auth.failed'>;
}

/** A proven user, and whom he wants to act as. */
export interface Proof {
  readonly user: UserId;
  readonly actAs: UserId | undefined;
  readonly isAnonymous: boolean;
}

/** Refused, and why; the reason is for the log alone. */
export class Refusal extends Error {
  constructor(
    readonly code: 'AUTHENTICATIONFAILED' | 'AUTHORIZATIONFAILED',
    readonly reason: string,
  ) {
    super(reason);
  }
}

export class Attempt {
  private readonly startedMs: number;
  private isAnnounced = false;
  private user: string | undefined;

  constructor(
    private readonly environment: AttemptEnvironment,
    private readonly mechanism: string,
    private readonly context: AuthContext,
  ) {
    this.startedMs = environment.clock.monotonicMs();
  }

  /** Calls `auth.attempting` once, as soon as it is known who it is. @throws what a tap throws. */
  async announce(user: string): Promise<void> {
    if (this.isAnnounced) return;
    this.isAnnounced = true;
    this.user = user;
    const { attempting } = this.environment;
    if (attempting.isTapped) await attempting.call(this.facts());
  }

  /** Is there such an account, may it log in, may it act as the other? @throws Refusal; what a tap throws */
  async authorise(proof: Proof): Promise<Identity> {
    const identity = await this.identityOf(proof);
    const { authorising } = this.environment;
    if (authorising.isTapped) await authorising.call(this.facts(), identity);
    return identity;
  }

  private async identityOf(proof: Proof): Promise<Identity> {
    await this.announce(proof.user);
    const { administrators } = this.environment;
    if (proof.isAnonymous) return this.identity(proof.user, undefined, { isAnonymous: true });
    const account = await this.enabledAccount(proof.user, 'AUTHENTICATIONFAILED');
    if (proof.actAs === undefined || proof.actAs === proof.user)
      return this.identity(proof.user, account, {});
    if (!administrators.mayActAs(proof.user, proof.actAs)) {
      throw new Refusal('AUTHORIZATIONFAILED', `may not act as ${proof.actAs}`);
    }
    const other = await this.enabledAccount(proof.actAs, 'AUTHORIZATIONFAILED');
    return this.identity(proof.actAs, other, { actingFor: proof.user });
  }

  succeed(identity: Identity): void {
    const { log, succeeded } = this.environment;
    log.info('login', { ...this.logFields(), user: identity.user, actingFor: identity.actingFor });
    if (succeeded.isTapped) void succeeded.call(this.facts(), identity);
  }

  /** Waits out the pause, tells the operator, and answers what to throw. */
  async fail(error: unknown): Promise<MailError> {
    const { log, failed, pause } = this.environment;
    const { publicError, reason, pauses } = outcomeOf(error);
    // Somebody who is blocked may try often: his reason says it all, and a stack would fill the log.
    const isPlain = pauses || (isMailError(error) && error.cause === undefined);
    log.warn('login failed', { ...this.logFields(), reason, ...(isPlain ? {} : { err: error }) });
    if (failed.isTapped) void failed.call(this.facts(), reason, pauses);
    if (pauses) await pause.wait(this.startedMs, this.context.connection.signal);
    return publicError;
  }

  private async enabledAccount(user: UserId, code: Refusal['code']): Promise<Account> {
    const account = await this.environment.accounts.find(user);
    if (account === undefined) throw new Refusal(code, `there is no account ${user}`);
    if (account.isDisabled) throw new Refusal(code, `the account ${user} is disabled`);
    return account;
  }

  private identity(
    user: UserId,
    account: Account | undefined,
    extra: { readonly isAnonymous?: boolean; readonly actingFor?: UserId },
  ): Identity {
    return {
      user,
      groups: account?.groups ?? [],
      admin: extra.isAnonymous === true ? 'none' : this.environment.administrators.scopeOf(user),
      mechanism: this.mechanism,
      isAnonymous: false,
      ...extra,
    };
  }

  private facts(): AuthAttempt {
    const { connection, service } = this.context;
    return {
      service,
      mechanism: this.mechanism,
      remoteAddress: clientAddress(this.context),
      session: connection.id,
      isSecured: connection.tls !== undefined,
      user: this.user,
    };
  }

  private logFields(): Record<string, unknown> {
    const { service, remoteAddress, session } = this.facts();
    return { service, mechanism: this.mechanism, remoteAddress, session, user: this.user };
  }
}

function outcomeOf(error: unknown): { publicError: MailError; reason: string; pauses: boolean } {
  if (error instanceof Refusal) {
    const text = error.code === 'AUTHENTICATIONFAILED' ? FAILED_TEXT : 'Authorization failed';
    return { publicError: new MailError(error.code, text), reason: error.reason, pauses: true };
  }
  if (!isMailError(error)) {
    const publicError = new MailError('UNAVAILABLE', 'Authentication is not possible now', { cause: error });
    return { publicError, reason: 'internal error', pauses: false };
  }
  // CANNOT, CORRUPTION: what is stored of the password is damaged or of an unknown kind, which is told to nobody who guesses names.
  if (['AUTHENTICATIONFAILED', 'CANNOT', 'CORRUPTION'].includes(error.code)) {
    const publicError = new MailError('AUTHENTICATIONFAILED', FAILED_TEXT, { cause: error });
    return { publicError, reason: error.message, pauses: true };
  }
  // What a source or a tap says (UNAVAILABLE, EXPIRED, a block) is meant for the client.
  return { publicError: error, reason: error.message, pauses: error.code === 'AUTHORIZATIONFAILED' };
}
