/**
 * The server side of TLS, implicit and by STARTTLS alike: a TLS socket around a stream that is already there.
 * Contexts come from the certificates in force at the handshake, so a renewed certificate serves the next client
 * while sessions go on. Tickets are sealed with keys that all workers share: STARTTLS contexts share nothing by
 * themselves, and a client that comes back to another worker would have to handshake in full.
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { TlsState } from '@angarium/sdk';

/** Chooses the context for a name; `undefined` is a client that sent none. */
export interface ContextSource {
  contextFor(serverName: string | undefined): SecureContext;
  /** Clients are asked for certificates. */
  readonly asksForCertificates: boolean;
}

export interface TlsAcceptor {
  /** Wraps the stream; bytes that it holds already are taken as the beginning of the handshake. */
  wrap(stream: Duplex, alpn: readonly string[]): TLSSocket;
}

export function createTlsAcceptor(contexts: ContextSource): TlsAcceptor {
  const chooseContext = (
    serverName: string,
    done: (error: Error | null, context?: SecureContext) => void,
  ): void => {
    try {
      done(null, contexts.contextFor(serverName));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return {
    wrap: (stream, alpn) =>
      new TLSSocket(stream, {
        isServer: true,
        secureContext: contexts.contextFor(undefined),
        SNICallback: chooseContext,
        requestCert: contexts.asksForCertificates,
        rejectUnauthorized: false,
        ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
      }),
  };
}

/** Resolves when the handshake is done. @throws Error with what went wrong; the socket is then destroyed. */
export function handshake(socket: TLSSocket): Promise<void> {
  const done = Promise.withResolvers<void>();
  const onSecure = (): void => done.resolve();
  const onError = (error: Error): void => done.reject(error);
  const onClose = (): void => done.reject(new Error('closed during the TLS handshake'));
  socket.on('secure', onSecure).on('error', onError).on('close', onClose);
  // Without a tls.Server, a record that cannot be decrypted is told only here.
  socket.on('_tlsError', onTlsError);
  return done.promise.finally(() => {
    socket.off('secure', onSecure).off('error', onError).off('close', onClose);
  });
}

function onTlsError(this: TLSSocket, error: Error): void {
  this.destroy(error);
}

/** What is known of a finished handshake; kept after the socket has gone. */
export class SocketTlsState implements TlsState {
  readonly protocol: string;
  readonly cipher: string;
  readonly serverName: string | undefined;
  readonly alpn: string | undefined;
  readonly clientCertificate: Uint8Array | undefined;

  constructor(private readonly socket: TLSSocket) {
    this.protocol = socket.getProtocol() ?? 'unknown';
    this.cipher = socket.getCipher()?.standardName ?? 'unknown';
    // What the client asked for by SNI; the type definitions do not have it.
    const { servername } = socket as TLSSocket & { readonly servername?: string | false };
    this.serverName = servername || undefined;
    this.alpn = socket.alpnProtocol || undefined;
    this.clientCertificate = verifiedCertificate(socket);
  }

  channelBinding(type: 'tls-exporter' | 'tls-server-end-point' | 'tls-unique'): Uint8Array | undefined {
    if (this.socket.destroyed) return undefined;
    if (type === 'tls-exporter') return this.exporter();
    return type === 'tls-server-end-point' ? endPoint(this.socket) : this.unique();
  }

  /** RFC 9266 §2: only where the exporter is bound to the session, which TLS 1.3 always does. */
  private exporter(): Uint8Array | undefined {
    if (this.protocol !== 'TLSv1.3') return undefined;
    return this.socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
  }

  /**
   * RFC 5929 §3.1: the first Finished of the handshake: the client's, or the server's when resumed.
   * Leniency: TLS 1.3 has no such binding (RFC 9266 §3); Cyrus's clients take the client's Finished there as well. It
   * covers the whole handshake, so it binds as well as in TLS 1.2.
   */
  private unique(): Uint8Array | undefined {
    return this.socket.isSessionReused() ? this.socket.getFinished() : this.socket.getPeerFinished();
  }
}

/** RFC 5929 §4.1: the certificate's hash by its signature's hash, where MD5 and SHA-1 count as SHA-256. */
function endPoint(socket: TLSSocket): Uint8Array | undefined {
  const certificate = socket.getX509Certificate();
  if (certificate === undefined) return undefined;
  const algorithm = signatureAlgorithm(certificate).toLowerCase();
  if (algorithm === '') return undefined;
  const hash = /sha(256|384|512|1)|md5/.exec(algorithm)?.[1];
  // A signature without a hash of its own (Ed25519) leaves this binding undefined.
  if (hash === undefined && !algorithm.includes('md5')) return undefined;
  const name = hash === '384' || hash === '512' ? `sha${hash}` : 'sha256';
  return createHash(name).update(certificate.raw).digest();
}

function signatureAlgorithm(certificate: X509Certificate): string {
  const { signatureAlgorithm: name } = certificate as X509Certificate & {
    readonly signatureAlgorithm?: string;
  };
  return name ?? '';
}

/** The client's certificate, when OpenSSL has verified it against the configured authorities. */
function verifiedCertificate(socket: TLSSocket): Uint8Array | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  // tls.Server asks its handle in this way; a TLSSocket of its own leaves `authorized` false.
  const { _handle: handle } = socket as TLSSocket & { _handle?: { verifyError?(): Error | null } };
  if (handle?.verifyError === undefined || handle.verifyError()) return undefined;
  return certificate.raw;
}
