import { type AuthContext, MailError, type Registry, type SaslMechanism } from '@angarium/sdk';
import type { AuthenticationConfig } from './config.js';
import type { Passwords } from './passwords.js';

/** Which of the registered mechanisms a client may use where. */
export class Mechanisms {
  constructor(
    private readonly config: Pick<AuthenticationConfig, 'mechanisms' | 'allowPlaintext'>,
    private readonly registered: Registry<SaslMechanism>,
    private readonly passwords: Passwords,
  ) {}

  /** All that plugins bring, strongest first. */
  get all(): readonly SaslMechanism[] {
    return [...this.registered.items].sort((a, b) => b.strength - a.strength);
  }

  /** Names, best first. */
  offered(context: AuthContext): readonly string[] {
    const available = this.all.filter((mechanism) => this.whyNot(mechanism, context) === undefined);
    const { mechanisms: order } = this.config;
    if (order === undefined) return available.map(({ name }) => name);
    return order.filter((name) => available.some((mechanism) => mechanism.name === name));
  }

  /** @throws MailError CANNOT, PRIVACYREQUIRED */
  mustFind(name: string, context: AuthContext): SaslMechanism {
    const wanted = name.toUpperCase();
    const mechanism = this.registered.items.find((item) => item.name === wanted);
    if (mechanism === undefined || !this.isListed(wanted)) {
      throw new MailError('CANNOT', 'Unknown authentication mechanism');
    }
    if (mechanism.isPlaintext) this.requirePrivacy(context);
    if (this.whyNot(mechanism, context) !== undefined) {
      throw new MailError('CANNOT', 'The mechanism is not available on this connection');
    }
    return mechanism;
  }

  /** For the operator: why a mechanism is not offered here; undefined: it is. */
  whyNot(mechanism: SaslMechanism, context: AuthContext): string | undefined {
    if (!this.isListed(mechanism.name)) return 'the setting `mechanisms` does not list it';
    if (mechanism.isPlaintext && !this.allowsPlaintext(context)) {
      return 'the secret itself would travel unencrypted (no TLS, not this machine, allowPlaintext is off)';
    }
    if (!this.passwords.canServe(mechanism)) return missing(mechanism);
    if (mechanism.isAvailable?.(context) === false) {
      return `it needs ${mechanism.conditions ?? 'another kind of connection'}`;
    }
    return undefined;
  }

  allowsPlaintext({ connection }: AuthContext): boolean {
    return connection.tls !== undefined || connection.isLocal || this.config.allowPlaintext;
  }

  /** @throws MailError PRIVACYREQUIRED */
  requirePrivacy(context: AuthContext): void {
    if (this.allowsPlaintext(context)) return;
    throw new MailError('PRIVACYREQUIRED', 'Encryption is required before a password is sent');
  }

  private isListed(name: string): boolean {
    return this.config.mechanisms?.includes(name) ?? true;
  }
}

function missing({ needs }: SaslMechanism): string {
  return needs === 'plain-secret'
    ? 'no password source keeps passwords in the plain (plainSecrets of accounts-local)'
    : `no password source keeps SCRAM keys for ${needs}`;
}
