/**
 * APOP (RFC 1939 §7): a mechanism like any other, so that hooks, pauses and the log are those of every login. It is offered to none but the
 * contexts that the command makes, since it is no mechanism of SASL.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  type AuthContext,
  MailError,
  normaliseClaim,
  type SaslEnvironment,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
  saslprep,
  saslText,
} from '@angarium/sdk';

const NAME = 'APOP';

export class Apop {
  private readonly timestamps = new WeakMap<AuthContext, string>();

  readonly mechanism: SaslMechanism = {
    name: NAME,
    strength: 5,
    clientFirst: true,
    isPlaintext: false,
    needs: 'plain-secret',
    conditions: 'POP3',
    isAvailable: (context) => this.timestamps.has(context),
    start: (environment) => new ApopExchange(environment, this.timestamps.get(environment.context) ?? ''),
  };

  /** What a greeting shows; different each time, and foreseen by nobody. */
  newTimestamp(serverName: string): string {
    return `<${randomBytes(16).toString('hex')}@${serverName}>`;
  }

  /** A context in which APOP may be begun, with the timestamp of the greeting. */
  contextFor(context: AuthContext, timestamp: string): AuthContext {
    this.timestamps.set(context, timestamp);
    return context;
  }
}

class ApopExchange implements SaslExchange {
  constructor(
    private readonly environment: SaslEnvironment,
    private readonly timestamp: string,
  ) {}

  /** `name SP digest`, as it stands in the command. */
  async step(message: Uint8Array | undefined): Promise<SaslStep> {
    const text = saslText(message ?? new Uint8Array(0), 'Malformed APOP response');
    const [, name, digest] = /^(.+) ([0-9a-f]{32})$/is.exec(text) ?? [];
    if (name === undefined || digest === undefined) {
      throw new MailError('CLIENTBUG', 'Malformed APOP digest');
    }
    const user = normaliseClaim(this.environment, name);
    const secret = await this.environment.plainSecret(user);
    // RFC 6856 §2.2: a stored string, prepared.
    const prepared =
      secret === undefined ? randomBytes(16) : (saslprep(secret, { isStored: true }) ?? secret);
    const expected = createHash('md5').update(this.timestamp).update(prepared).digest();
    const isRight = timingSafeEqual(expected, Buffer.from(digest, 'hex'));
    if (secret === undefined) {
      throw new MailError('AUTHENTICATIONFAILED', 'no password is kept in the plain, or no such user');
    }
    if (!isRight) throw new MailError('AUTHENTICATIONFAILED', 'wrong digest');
    return { user, actAs: undefined };
  }
}
