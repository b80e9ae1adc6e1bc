/**
 * The server's side of OAUTHBEARER (RFC 7628 §3.2) and XOAUTH2. A refused token is answered with a JSON challenge that says
 * what is wrong with it; whatever the client answers to that, the exchange then fails.
 */
import {
  MailError,
  normaliseActAs,
  normaliseClaim,
  type SaslEnvironment,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
  saslText,
} from '@angarium/sdk';
import type { OauthConfig } from './config.js';
import { type BearerMessage, parseOauthBearer, parseXoauth2 } from './messages.js';
import { type Claims, type TokenCheck, TokenRefusal, userOf } from './token.js';

export interface OauthServices {
  readonly config: OauthConfig;
  /** All of them must be content; the first says who it is. */
  readonly checks: readonly TokenCheck[];
}

type Name = 'OAUTHBEARER' | 'XOAUTH2';

const strengths: Readonly<Record<Name, number>> = { OAUTHBEARER: 41, XOAUTH2: 40 };
const parsers: Readonly<Record<Name, (message: string) => BearerMessage | undefined>> = {
  OAUTHBEARER: parseOauthBearer,
  XOAUTH2: parseXoauth2,
};

/** A token that travels opens the mail to whoever sees it: like a password, it needs TLS. */
export function oauthMechanism(name: Name, services: OauthServices): SaslMechanism {
  return {
    name,
    strength: strengths[name],
    clientFirst: true,
    isPlaintext: true,
    start: (environment) => new OauthExchange(name, services, environment),
  };
}

class OauthExchange implements SaslExchange {
  /** Set once the token was refused and the client has been told. */
  private refused: TokenRefusal | undefined;

  constructor(
    private readonly name: Name,
    private readonly services: OauthServices,
    private readonly environment: SaslEnvironment,
  ) {}

  async step(message: Uint8Array | undefined): Promise<SaslStep> {
    if (this.refused !== undefined) throw new MailError('AUTHENTICATIONFAILED', this.refused.reason);
    if (message === undefined) return { challenge: new Uint8Array(0) };
    const parsed = parsers[this.name](saslText(message, `Malformed ${this.name} message`));
    if (parsed === undefined) throw new MailError('CLIENTBUG', `Malformed ${this.name} message`);
    try {
      return await this.accept(parsed);
    } catch (error) {
      if (!(error instanceof TokenRefusal)) throw error;
      this.refused = error;
      return { challenge: Buffer.from(JSON.stringify(this.explanation(error))), refused: error.reason };
    }
  }

  private async accept({ claim, token }: BearerMessage): Promise<SaslStep> {
    if (claim !== undefined) await this.environment.announce(claim);
    const name = userOf(await this.claimsOf(token), this.services.config);
    return {
      user: normaliseClaim(this.environment, name),
      actAs: normaliseActAs(this.environment, claim),
    };
  }

  private async claimsOf(token: string): Promise<Claims> {
    let claims: Claims = {};
    for (const check of this.services.checks) claims = { ...(await check.check(token)), ...claims };
    return claims;
  }

  /** RFC 7628 §3.2.2; XOAUTH2 clients expect the words of HTTP. */
  private explanation({ status }: TokenRefusal): Readonly<Record<string, string>> {
    const { scope, openidConfiguration } = this.services.config;
    const more = {
      ...(scope === '' ? {} : { scope }),
      ...(openidConfiguration === undefined ? {} : { 'openid-configuration': openidConfiguration }),
    };
    if (this.name === 'OAUTHBEARER') return { status, ...more };
    return { status: status === 'invalid_token' ? '401' : '403', schemes: 'bearer', ...more };
  }
}
