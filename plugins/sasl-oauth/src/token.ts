/** What a token says, and why one is refused. */
import type { OauthConfig } from './config.js';

export type Claims = Readonly<Record<string, unknown>>;

/** Checks tokens one way. @throws TokenRefusal; MailError UNAVAILABLE when it cannot be known now. */
export interface TokenCheck {
  check(token: string): Promise<Claims>;
}

/** The token is not good; `status` is for the client (RFC 7628 §3.2.2), `reason` for the log. */
export class TokenRefusal extends Error {
  constructor(
    readonly status: 'invalid_token' | 'insufficient_scope',
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** The user id that the token is for, once it is known to be good. @throws TokenRefusal */
export function userOf(claims: Claims, { scope, userClaim }: OauthConfig): string {
  const granted = scopesOf(claims);
  const missing = wordsOf(scope).filter((word) => !granted.includes(word));
  if (missing.length > 0) throw new TokenRefusal('insufficient_scope', `no scope ${missing.join(' ')}`);
  const user = claims[userClaim];
  if (typeof user !== 'string' || user === '') {
    throw new TokenRefusal('invalid_token', `no claim ${userClaim} with a user id`);
  }
  return user;
}

/** `scope` of RFC 8693 §4.2 and RFC 7662 §2.2; `scp` is what Microsoft's servers write. */
function scopesOf(claims: Claims): readonly string[] {
  const given = claims['scope'] ?? claims['scp'];
  if (Array.isArray(given)) return given.filter((word) => typeof word === 'string');
  return typeof given === 'string' ? wordsOf(given) : [];
}

function wordsOf(text: string): readonly string[] {
  return text.split(' ').filter((word) => word !== '');
}
