import {
  anonymousIdentity,
  authServiceName,
  type Logger,
  MailError,
  type SaslMechanism,
  saslText,
} from '@angarium/sdk';

/** As config.schema.json has it, defaults filled in. */
export interface AnonymousConfig {
  readonly services: readonly string[];
}

/** RFC 4505 §2: 1 to 255 characters, or nothing. */
const MAX_TRACE_LENGTH = 255;

/** RFC 4505. What the client says of itself goes to the log. */
export function anonymous(config: AnonymousConfig, log: Logger): SaslMechanism {
  const services = config.services.map(authServiceName);
  return {
    name: 'ANONYMOUS',
    strength: 1,
    clientFirst: true,
    isPlaintext: false,
    isAvailable: ({ service }) => services.includes(service),
    conditions: 'the service is one of those of sasl-anonymous',
    start: ({ context }) => ({
      async step(message) {
        if (message === undefined) return { challenge: new Uint8Array(0) };
        const trace = saslText(message, 'Malformed trace information');
        if ([...trace].length > MAX_TRACE_LENGTH || /\p{Cc}/u.test(trace)) {
          throw new MailError('CLIENTBUG', 'Malformed trace information');
        }
        log.info('anonymous login', { service: context.service, session: context.connection.id, trace });
        return { user: anonymousIdentity.user, actAs: undefined, isAnonymous: true };
      },
    }),
  };
}
