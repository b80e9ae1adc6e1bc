import { X509Certificate } from 'node:crypto';
import {
  MailError,
  normaliseActAs,
  normaliseClaim,
  type SaslEnvironment,
  type SaslMechanism,
  type SaslStep,
  saslText,
  type UserId,
} from '@angarium/sdk';
import { claimedNames, type ExternalConfig } from './names.js';

/** RFC 4422, appendix A. Offered to clients with a certificate that TLS has verified. */
export function external(config: ExternalConfig): SaslMechanism {
  return {
    name: 'EXTERNAL',
    strength: 90,
    clientFirst: true,
    isPlaintext: false,
    isAvailable: ({ connection }) => connection.tls?.clientCertificate !== undefined,
    conditions: 'a TLS client certificate of an accepted authority (tls.clientAuthorities)',
    start: (environment) => ({
      async step(message) {
        if (message === undefined) return { challenge: new Uint8Array(0) };
        return identify(config, environment, saslText(message, 'Malformed authorization identity'));
      },
    }),
  };
}

async function identify(
  config: ExternalConfig,
  environment: SaslEnvironment,
  authzid: string,
): Promise<SaslStep> {
  const der = environment.context.connection.tls?.clientCertificate;
  if (der === undefined) throw new MailError('AUTHENTICATIONFAILED', 'there is no client certificate');
  const names = claimedNames(new X509Certificate(der), config);
  if (names.length === 0) {
    throw new MailError(
      'AUTHENTICATIONFAILED',
      'the client certificate names no user by the rules of sasl-external',
    );
  }
  const users = names.map((name) => normaliseClaim(environment, name));
  const user = chosen(users, environment, authzid);
  await environment.announce(user);
  return { user, actAs: normaliseActAs(environment, authzid) };
}

/** A certificate with several addresses stands for whichever of them is asked for, else for the first. */
function chosen(users: readonly UserId[], environment: SaslEnvironment, authzid: string): UserId {
  const wanted = normaliseActAs(environment, authzid);
  const user = users.find((candidate) => candidate === wanted) ?? users[0];
  if (user === undefined) throw new MailError('AUTHENTICATIONFAILED', 'the certificate names nobody');
  return user;
}
