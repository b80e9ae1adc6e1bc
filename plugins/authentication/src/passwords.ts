import {
  type AppPasswordCheck,
  type AppPasswordVerdict,
  isMailError,
  MailError,
  type PasswordContext,
  type PasswordGate,
  type PasswordSource,
  type PasswordVerdict,
  type Registry,
  type SaslMechanism,
  type ScramHash,
  type ScramKeys,
  type ScramParameters,
  type UserId,
} from '@angarium/sdk';

/** All password sources as one. The first that knows the user decides. */
export class Passwords {
  constructor(
    private readonly sources: Registry<PasswordSource>,
    private readonly gates: Registry<PasswordGate>,
    private readonly appChecks: Registry<AppPasswordCheck>,
  ) {}

  /**
   * Application passwords first, whichever source knows the user. @throws MailError EXPIRED; AUTHENTICATIONFAILED, with the reason for
   * the log, where a gate wants an application password and this is none, or none for this service.
   */
  async verify(user: UserId, password: string, context: PasswordContext): Promise<PasswordVerdict> {
    const refusal = await this.refusal(user, context);
    const asApp = await verifyAsApp(this.appChecks, user, password, context);
    if (asApp === 'right') return 'right';
    // Whoever has it may know that it was right once.
    if (asApp === 'expired') throw new MailError('EXPIRED', 'This application password has expired');
    if (refusal !== undefined) throw new MailError('AUTHENTICATIONFAILED', refusal);
    const verdict = await this.verifyOwn(user, password, context);
    if (verdict === 'right' || asApp === 'none') return verdict;
    throw new MailError('AUTHENTICATIONFAILED', `an application password that is not for ${context.service}`);
  }

  /** None for a user who has to come with an application password: of those there are no keys. */
  async scramKeys(user: UserId, hash: ScramHash, context: PasswordContext): Promise<ScramKeys | undefined> {
    if ((await this.refusal(user, context)) !== undefined) return undefined;
    for (const source of this.sources.items) {
      const keys = await undamaged(async () => source.scramKeys?.(user, hash));
      if (keys !== undefined) return keys;
    }
    return undefined;
  }

  /** As `scramKeys`. */
  async plainSecret(user: UserId, context: PasswordContext): Promise<string | undefined> {
    if ((await this.refusal(user, context)) !== undefined) return undefined;
    for (const source of this.sources.items) {
      const secret = await undamaged(async () => source.plainSecret?.(user));
      if (secret !== undefined) return secret;
    }
    return undefined;
  }

  scramParameters(hash: ScramHash): ScramParameters | undefined {
    for (const source of this.sources.items) {
      const parameters = source.scramParameters?.(hash);
      if (parameters !== undefined) return parameters;
    }
    return undefined;
  }

  /** Has any source what the mechanism needs? */
  canServe({ needs }: SaslMechanism): boolean {
    if (needs === undefined) return true;
    if (needs === 'plain-secret') return this.sources.items.some((source) => source.hasPlainSecrets === true);
    return this.scramParameters(needs) !== undefined;
  }

  /** Why the user's own password is not enough here; undefined: it is. */
  private async refusal(user: UserId, context: PasswordContext): Promise<string | undefined> {
    for (const gate of this.gates.items) {
      const reason = await gate.refuses(user, context);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  private async verifyOwn(
    user: UserId,
    password: string,
    context: PasswordContext,
  ): Promise<PasswordVerdict> {
    for (const source of this.sources.items) {
      const verdict = await source.verify(user, password, context);
      if (verdict !== 'unknown') return verdict;
    }
    return 'unknown';
  }
}

/** The first that knows it decides. */
export async function verifyAsApp(
  checks: Registry<AppPasswordCheck>,
  user: UserId,
  password: string,
  context: PasswordContext,
): Promise<AppPasswordVerdict> {
  for (const check of checks.items) {
    const verdict = await check.verify(user, password, context);
    if (verdict !== 'none') return verdict;
  }
  return 'none';
}

/** What is stored and damaged (CANNOT) is as good as nothing: the exchange goes on as for somebody unknown. */
async function undamaged<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isMailError(error) && error.code === 'CANNOT') return undefined;
    throw error;
  }
}
