import {
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
  ) {}

  /** @throws MailError AUTHENTICATIONFAILED where a gate wants an application password, and this is none. */
  async verify(user: UserId, password: string, context: PasswordContext): Promise<PasswordVerdict> {
    const refusal = await this.refusal(user, context);
    for (const source of this.sources.items) {
      const verdict =
        refusal === undefined
          ? await source.verify(user, password, context)
          : await source.verifyAppPassword?.(user, password, context);
      if (verdict === 'right') return verdict;
      if (verdict === 'wrong') return this.wrong(refusal);
    }
    return refusal === undefined ? 'unknown' : this.wrong(refusal);
  }

  /** None for a user who has to come with an application password: of those there are no keys. */
  async scramKeys(user: UserId, hash: ScramHash, context: PasswordContext): Promise<ScramKeys | undefined> {
    if ((await this.refusal(user, context)) !== undefined) return undefined;
    for (const source of this.sources.items) {
      const keys = await source.scramKeys?.(user, hash);
      if (keys !== undefined) return keys;
    }
    return undefined;
  }

  /** As `scramKeys`. */
  async plainSecret(user: UserId, context: PasswordContext): Promise<string | undefined> {
    if ((await this.refusal(user, context)) !== undefined) return undefined;
    for (const source of this.sources.items) {
      const secret = await source.plainSecret?.(user);
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

  private wrong(refusal: string | undefined): 'wrong' {
    if (refusal !== undefined) throw new MailError('AUTHENTICATIONFAILED', refusal);
    return 'wrong';
  }
}
