import type {
  PasswordContext,
  PasswordSource,
  PasswordVerdict,
  Registry,
  ScramKeys,
  UserId,
} from '@angarium/sdk';

type Hash = 'SHA-1' | 'SHA-256' | 'SHA-512';

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

  async scramKeys(user: UserId, hash: Hash): Promise<ScramKeys | undefined> {
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
}
