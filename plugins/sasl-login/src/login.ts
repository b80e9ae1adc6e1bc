import {
  MailError,
  type SaslEnvironment,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
  type UserId,
} from '@angarium/sdk';

/** Octets; the draft says 64, real names are longer. */
const MAX_NAME_BYTES = 1024;

/**
 * draft-murchison-sasl-login-00: the server asks for the name, then for the password.
 * Leniency: the draft's challenges are "User Name\0" and "Password\0"; clients that look at them expect
 * "Username:" and "Password:", as every server in use sends. A name in the initial response is taken too.
 */
export const login: SaslMechanism = {
  name: 'LOGIN',
  strength: 5,
  clientFirst: false,
  takesInitialResponse: true,
  isPlaintext: true,
  start: (environment) => new LoginExchange(environment),
};

class LoginExchange implements SaslExchange {
  private name: string | undefined;

  constructor(private readonly environment: SaslEnvironment) {}

  async step(message: Uint8Array | undefined): Promise<SaslStep> {
    if (message === undefined) return { challenge: Buffer.from('Username:') };
    if (this.name !== undefined) return this.check(this.name, textOf(message));
    if (message.length > MAX_NAME_BYTES) throw new MailError('CLIENTBUG', 'The user name is too long');
    this.name = textOf(message);
    return { challenge: Buffer.from('Password:') };
  }

  private async check(name: string, password: string): Promise<SaslStep> {
    const user = this.normalise(name);
    if (password === '') throw new MailError('AUTHENTICATIONFAILED', 'empty password');
    const verdict = await this.environment.verify(user, password);
    if (verdict !== 'right') throw new MailError('AUTHENTICATIONFAILED', `password ${verdict}`);
    return { user, actAs: undefined };
  }

  private normalise(name: string): UserId {
    try {
      return this.environment.normalise(name);
    } catch (error) {
      throw new MailError('AUTHENTICATIONFAILED', 'no valid user name', { cause: error });
    }
  }
}

/** UTF-8, without NUL. */
function textOf(message: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(message);
    if (!text.includes('\0')) return text;
  } catch {
    // Told below, in the same words.
  }
  throw new MailError('CLIENTBUG', 'Malformed LOGIN response');
}
