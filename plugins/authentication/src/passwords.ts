import type {
  PasswordContext,
  PasswordSource,
  PasswordVerdict,
  Registry,
  SaslMechanism,
  ScramHash,
  ScramKeys,
  ScramParameters,
  UserId,
} from '@angarium/sdk';

/** All password sources as one. The first that knows the user decides. */
export class Passwords {
  constructor(private readonly sources: Registry<PasswordSource>) {}

  async verify(user: UserId, password: string, context: PasswordContext): Promise<PasswordVerdict> {
    for (const source of this.sources.items) {
      const verdict = await source.verify(user, password, context);
      if (verdict !== 'unknown') return verdict;
    }
    return 'unknown';
  }

  async scramKeys(user: UserId, hash: ScramHash): Promise<ScramKeys | undefined> {
    for (const source of this.sources.items) {
      const keys = await source.scramKeys?.(user, hash);
      if (keys !== undefined) return keys;
    }
    return undefined;
  }

  async plainSecret(user: UserId): Promise<string | undefined> {
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
}
