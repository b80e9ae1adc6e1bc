import type { AuthContext, Connection, TlsState } from '@angarium/sdk';

/** The connection that a test pretends. */
export interface ProbeFacts {
  readonly service: string;
  readonly address: string;
  readonly hasTls: boolean;
}

const tls: TlsState = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  serverName: undefined,
  alpn: undefined,
  clientCertificate: undefined,
  channelBinding: () => new Uint8Array(32),
};

/** As much of a connection as policies and mechanisms look at; nothing can be read from it or written to it. */
export function probeContext({ service, address, hasTls }: ProbeFacts): AuthContext {
  const facts: Partial<Connection> = {
    id: 'auth-test',
    service,
    remote: { address, port: 0 },
    local: { address, port: 0 },
    tls: hasTls ? tls : undefined,
    isLocal: address === 'unix' || address === '::1' || address.startsWith('127.'),
    listenOptions: {},
    signal: new AbortController().signal,
  };
  return { service, connection: facts as Connection };
}
