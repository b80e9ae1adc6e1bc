import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Clock, unavailableError } from '@angarium/sdk';
import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { type OauthConfig, serverUrl } from './config.js';
import { type Claims, type TokenCheck, TokenRefusal } from './token.js';

/** After an unknown key id, keys are fetched again, at most this often. */
const REFETCH_MS = 30_000;
const KEEP_KEYS_MS = 10 * 60_000;

/** Signed tokens (RFC 7519), checked here against the authorization server's keys. */
export class JwtCheck implements TokenCheck {
  private readonly keys: JWTVerifyGetKey;

  /** @throws Error for a URL that may not be used. */
  constructor(
    private readonly config: OauthConfig,
    jwks: string,
    dataDir: string,
    private readonly clock: Clock,
  ) {
    this.keys = /^https?:/.test(jwks)
      ? createRemoteJWKSet(serverUrl(jwks, 'jwks'), {
          timeoutDuration: config.timeoutSeconds * 1000,
          cooldownDuration: REFETCH_MS,
          cacheMaxAge: KEEP_KEYS_MS,
        })
      : keysOfFile(resolve(dataDir, jwks));
  }

  async check(token: string): Promise<Claims> {
    const { issuer, audience, algorithms, clockSkewSeconds } = this.config;
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        issuer,
        audience,
        algorithms: [...algorithms],
        clockTolerance: clockSkewSeconds,
        requiredClaims: ['exp', 'iss', 'aud'],
        currentDate: new Date(this.clock.now()),
      });
      return payload;
    } catch (error) {
      if (isTokensFault(error)) throw new TokenRefusal('invalid_token', error.message);
      throw unavailableError('Tokens cannot be checked now', error);
    }
  }
}

/** The rest is a server or a file that does not work. */
function isTokensFault(error: unknown): error is Error {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}

/** Read again when the file has changed. */
function keysOfFile(file: string): JWTVerifyGetKey {
  let loaded: { readonly stamp: string; readonly keys: JWTVerifyGetKey } | undefined;
  return async (header, token) => {
    const { mtimeMs, size } = await stat(file);
    const stamp = `${mtimeMs} ${size}`;
    if (loaded?.stamp !== stamp) {
      loaded = { stamp, keys: createLocalJWKSet(JSON.parse(await readFile(file, 'utf8'))) };
    }
    return loaded.keys(header, token);
  };
}
