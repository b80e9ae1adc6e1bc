/** A SASL exchange as protocols drive it, around the exchange of the mechanism. */
import type {
  AuthContext,
  AuthExchange,
  AuthStep,
  SaslEnvironment,
  SaslExchange,
  SaslMechanism,
  UserId,
} from '@angarium/sdk';
import { clientAddress, MailError } from '@angarium/sdk';
import { Attempt, type AttemptEnvironment } from './attempt.js';
import type { Passwords } from './passwords.js';
import { qualified } from './user-names.js';

/** More messages than any mechanism needs: one that goes on for ever is ended. */
const MAX_STEPS = 16;

/** Of a claimed name, for hooks and the log. */
const MAX_CLAIM_LENGTH = 255;

export class MechanismExchange implements AuthExchange {
  readonly clientFirst: boolean;
  readonly takesInitialResponse: boolean;
  private readonly attempt: Attempt;
  private readonly exchange: SaslExchange;
  private steps = 0;
  private isOver = false;
  private refused: string | undefined;
  /** Of names that have none; asked for before the mechanism sees anything. */
  private loginDomain: string | undefined;

  constructor(
    mechanism: SaslMechanism,
    private readonly context: AuthContext,
    private readonly environment: AttemptEnvironment,
    passwords: Passwords,
    isOffered: (mechanism: string) => boolean,
  ) {
    this.clientFirst = mechanism.clientFirst;
    this.takesInitialResponse = mechanism.takesInitialResponse ?? mechanism.clientFirst;
    this.attempt = new Attempt(environment, mechanism.name, context);
    const normalise = (name: string) => {
      const user = context.loginName?.(name) ?? name;
      return environment.accounts.normalise(qualified(user, this.loginDomain));
    };
    this.exchange = mechanism.start(saslEnvironment(this.attempt, context, normalise, passwords, isOffered));
  }

  async respond(message: Uint8Array | undefined): Promise<AuthStep> {
    if (this.isOver) throw new MailError('CLIENTBUG', 'The exchange is over');
    try {
      if (++this.steps > MAX_STEPS) throw new MailError('CLIENTBUG', 'Too many messages');
      if (this.steps === 1) {
        this.loginDomain = await this.environment.loginDomains?.domainOf(this.context.connection);
      }
      const step = await this.exchange.step(message);
      if ('challenge' in step) {
        this.refused = step.refused;
        return { challenge: step.challenge };
      }
      this.finish();
      const { user, actAs, isAnonymous = false, data = new Uint8Array(0) } = step;
      const identity = await this.attempt.authorise({ user, actAs, isAnonymous });
      this.attempt.succeed(identity);
      return { identity, data };
    } catch (error) {
      this.finish();
      throw await this.attempt.fail(error);
    }
  }

  cancel(): void {
    if (this.isOver) return;
    this.finish();
    // Nobody waits for it: it is told to the log, and counted.
    if (this.refused !== undefined) {
      void this.attempt.fail(new MailError('AUTHENTICATIONFAILED', this.refused));
    }
  }

  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.exchange.end?.();
  }
}

/** Whatever a mechanism asks about a user, the attempt is announced first. */
function saslEnvironment(
  attempt: Attempt,
  context: AuthContext,
  normalise: SaslEnvironment['normalise'],
  passwords: Passwords,
  isOffered: (mechanism: string) => boolean,
): SaslEnvironment {
  const passwordContext = { service: context.service, remoteAddress: clientAddress(context) };
  const announced = async <T>(user: UserId, ask: () => Promise<T>): Promise<T> => {
    await attempt.announce(user);
    return ask();
  };
  return {
    context,
    passwordContext,
    normalise,
    verify: (user, password) => announced(user, () => passwords.verify(user, password, passwordContext)),
    scramKeys: (user, hash) => announced(user, () => passwords.scramKeys(user, hash, passwordContext)),
    scramParameters: (hash) => passwords.scramParameters(hash),
    plainSecret: (user) => announced(user, () => passwords.plainSecret(user, passwordContext)),
    isOffered,
    announce: (claim) => attempt.announce(claim.slice(0, MAX_CLAIM_LENGTH)),
  };
}
