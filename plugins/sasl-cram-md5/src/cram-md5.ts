import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  MailError,
  normaliseClaim,
  type SaslEnvironment,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
  saslText,
} from '@angarium/sdk';

/** RFC 2195. The server speaks first, and needs the password itself. */
export function cramMd5(serverName: string): SaslMechanism {
  return {
    name: 'CRAM-MD5',
    strength: 20,
    clientFirst: false,
    isPlaintext: false,
    needs: 'plain-secret',
    start: (environment) => new CramMd5Exchange(environment, serverName),
  };
}

class CramMd5Exchange implements SaslExchange {
  private challenge: string | undefined;

  constructor(
    private readonly environment: SaslEnvironment,
    private readonly serverName: string,
  ) {}

  async step(message: Uint8Array | undefined): Promise<SaslStep> {
    if (this.challenge !== undefined) return this.check(this.challenge, message ?? new Uint8Array(0));
    // RFC 2195 §2: a msg-id, different each time; here nobody can foresee it.
    this.challenge = `<${randomBytes(16).toString('hex')}@${this.serverName}>`;
    return { challenge: Buffer.from(this.challenge) };
  }

  /** `name SP 32 hex digits`; the name may have blanks. */
  private async check(challenge: string, message: Uint8Array): Promise<SaslStep> {
    const text = saslText(message, 'Malformed CRAM-MD5 response');
    const [, name, digest] = /^(.+) ([0-9a-f]{32})$/is.exec(text) ?? [];
    if (name === undefined || digest === undefined) {
      throw new MailError('CLIENTBUG', 'Malformed CRAM-MD5 response');
    }
    const user = normaliseClaim(this.environment, name);
    const secret = await this.environment.plainSecret(user);
    const expected = createHmac('md5', secret ?? randomBytes(16))
      .update(challenge)
      .digest();
    const isRight = timingSafeEqual(expected, Buffer.from(digest, 'hex'));
    if (secret === undefined) {
      throw new MailError('AUTHENTICATIONFAILED', 'no password is kept in the plain, or no such user');
    }
    if (!isRight) throw new MailError('AUTHENTICATIONFAILED', 'wrong digest');
    return { user, actAs: undefined };
  }
}
