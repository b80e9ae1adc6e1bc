import {
  MailError,
  type SaslEnvironment,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
  type UserId,
} from '@angarium/sdk';
import { parsePlainMessage } from './plain-message.js';

/** RFC 4616. */
export const plain: SaslMechanism = {
  name: 'PLAIN',
  strength: 10,
  clientFirst: true,
  isPlaintext: true,
  start: (environment) => new PlainExchange(environment),
};

class PlainExchange implements SaslExchange {
  constructor(private readonly environment: SaslEnvironment) {}

  /** Whom to act as is looked at once the password is right: who does not know it learns nothing. */
  async step(message: Uint8Array | undefined): Promise<SaslStep> {
    if (message === undefined) return { challenge: new Uint8Array(0) };
    const plainMessage = parsePlainMessage(message);
    if (plainMessage === undefined) throw new MailError('CLIENTBUG', 'Malformed PLAIN message');
    const { authzid, authcid, password } = plainMessage;
    const user = this.normalise(authcid, 'AUTHENTICATIONFAILED');
    const verdict = await this.environment.verify(user, password);
    if (verdict !== 'right') throw new MailError('AUTHENTICATIONFAILED', `password ${verdict}`);
    return {
      user,
      actAs: authzid === undefined ? undefined : this.normalise(authzid, 'AUTHORIZATIONFAILED'),
    };
  }

  private normalise(name: string, code: 'AUTHENTICATIONFAILED' | 'AUTHORIZATIONFAILED'): UserId {
    try {
      return this.environment.normalise(name);
    } catch (error) {
      throw new MailError(code, 'no valid user name', { cause: error });
    }
  }
}
