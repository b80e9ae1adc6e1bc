/** TLS with a certificate that was made for the occasion, for tests of protocols. */
import { createSecureContext } from 'node:tls';
import { makeSelfSigned } from './self-signed.js';
import { createTlsAcceptor, type TlsAcceptor } from './tls.js';

export interface TemporaryTls {
  /** For `connectionOver` and `Listeners`. */
  readonly acceptor: TlsAcceptor;
  /** PEM, for clients to trust. */
  readonly certificate: string;
}

/** @param names host names and IP addresses. Nothing is written anywhere. */
export async function temporaryTls(
  names: readonly string[] = ['localhost', '127.0.0.1'],
): Promise<TemporaryTls> {
  const { certificate, key } = await makeSelfSigned(names, Date.now());
  const context = createSecureContext({ cert: certificate, key });
  return {
    acceptor: createTlsAcceptor({ contextFor: () => context, asksForCertificates: false }),
    certificate,
  };
}
