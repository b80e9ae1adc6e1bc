import { createHash } from 'node:crypto';
import { type Clock, unavailableError } from '@angarium/sdk';
import { type IntrospectionConfig, type OauthConfig, serverUrl } from './config.js';
import { type Claims, type TokenCheck, TokenRefusal } from './token.js';

/** Octets of an answer; one of a kilobyte is large. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** Questions at a time; more are told to come again. */
const MAX_ASKING = 64;
/** Good tokens that are remembered. */
const MAX_REMEMBERED = 10_000;

/** Asks the authorization server (RFC 7662). Good answers are remembered for a moment, by the token's hash. */
export class Introspection implements TokenCheck {
  private readonly url: URL;
  private readonly remembered = new Map<string, { readonly claims: Claims; readonly untilMs: number }>();
  private asking = 0;

  /** @throws Error for a URL that may not be used. */
  constructor(
    private readonly config: OauthConfig,
    private readonly settings: IntrospectionConfig,
    private readonly clock: Clock,
  ) {
    this.url = serverUrl(settings.url, 'introspection.url');
  }

  async check(token: string): Promise<Claims> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.remembered.get(key);
    if (known !== undefined && known.untilMs > this.clock.now()) return known.claims;
    this.remembered.delete(key);
    const claims = await this.ask(token);
    this.mustBeGood(claims);
    this.remember(key, claims);
    return claims;
  }

  private async ask(token: string): Promise<Claims> {
    if (this.asking >= MAX_ASKING) throw unavailableError('Too many logins at once, try again later');
    this.asking++;
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        redirect: 'error',
        headers: { accept: 'application/json', ...this.authorization() },
        body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
        signal: AbortSignal.timeout(this.config.timeoutSeconds * 1000),
      });
      if (response.status !== 200) throw new Error(`introspection answered ${response.status}`);
      return claimsOf(await bounded(response));
    } catch (error) {
      throw unavailableError('Tokens cannot be checked now', error);
    } finally {
      this.asking--;
    }
  }

  private authorization(): Record<string, string> {
    const { clientId, clientSecret } = this.settings;
    if (clientId === undefined) return {};
    const pair = [clientId, clientSecret ?? ''].map(encodeURIComponent).join(':');
    return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
  }

  /** RFC 7662 §2.2: all but `active` may be absent; what is there must fit. */
  private mustBeGood(claims: Claims): void {
    const { issuer, audience, clockSkewSeconds } = this.config;
    const refuse = (reason: string) => new TokenRefusal('invalid_token', reason);
    if (claims['active'] !== true) throw refuse('the authorization server says that it is not active');
    const { iss, aud, exp } = claims;
    if (iss !== undefined && iss !== issuer) throw refuse(`another issuer: ${String(iss)}`);
    if (aud !== undefined && ![aud].flat().includes(audience)) throw refuse('for another audience');
    if (typeof exp === 'number' && exp + clockSkewSeconds <= this.clock.now() / 1000)
      throw refuse('it has expired');
  }

  private remember(key: string, claims: Claims): void {
    if (this.settings.cacheSeconds === 0) return;
    const expiresMs = typeof claims['exp'] === 'number' ? claims['exp'] * 1000 : Number.POSITIVE_INFINITY;
    const untilMs = Math.min(this.clock.now() + this.settings.cacheSeconds * 1000, expiresMs);
    this.remembered.set(key, { claims, untilMs });
    if (this.remembered.size <= MAX_REMEMBERED) return;
    const [oldest] = this.remembered.keys();
    if (oldest !== undefined) this.remembered.delete(oldest);
  }
}

function claimsOf(text: string): Claims {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('introspection answered with something else than an object');
  }
  return value as Claims;
}

async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error('introspection answered at too great length');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
