/** What a protocol plugin gets for each client: bytes in, bytes out, with every bound kept by the kernel. */
import { type RegistryContract, registry } from '../di.js';

/** One end of a connection. */
export interface PeerAddress {
  /** Numeric IP address; 'unix' for unix sockets. */
  readonly address: string;
  readonly port: number;
}

/** What TLS has agreed on. */
export interface TlsState {
  /** 'TLSv1.3' … */
  readonly protocol: string;
  readonly cipher: string;
  /** What the client asked for by SNI. */
  readonly serverName: string | undefined;
  /** ALPN protocol, if one was agreed on. */
  readonly alpn: string | undefined;
  /** DER of a verified client certificate. */
  readonly clientCertificate: Uint8Array | undefined;
  /** Channel binding data (RFC 5929, 9266) for SASL -PLUS mechanisms. */
  channelBinding(type: 'tls-exporter' | 'tls-server-end-point' | 'tls-unique'): Uint8Array | undefined;
}

/** Why reading ended: the line was too long, the input ended inside of something, the client was silent for too long, or the connection is gone. */
export type ReadErrorCode = 'line-too-long' | 'eof' | 'idle' | 'closed';

/** Reading ended without what was asked for. */
export class ReadError extends Error {
  override readonly name = 'ReadError';
  constructor(
    readonly code: ReadErrorCode,
    text: string = code,
  ) {
    super(text);
  }
}

/**
 * Memory that its owner uses again. Whoever was lent a part of it calls `release` once, when nothing looks at it any more; never
 * to do so is harmless, and costs the owner new memory.
 */
export interface Lease {
  release(): void;
}

/**
 * One client. Reading is by one reader at a time. Input stops flowing while nobody reads (backpressure), output
 * is batched until the end of the turn and bounded: writers of bulk data await `drain()` when `write` says false.
 */
export interface Connection {
  /** Unique in this server, short, for logs. */
  readonly id: string;
  readonly service: string;
  readonly remote: PeerAddress;
  readonly local: PeerAddress;
  /** Undefined until TLS is in place. */
  readonly tls: TlsState | undefined;
  /** True for unix sockets and loopback addresses: plain-text passwords are no secret to anyone here. */
  readonly isLocal: boolean;
  /** Tags of the `listen` entry the client came through (`trusted`, `auth: none`, …), as the service defined them. */
  readonly listenOptions: Readonly<Record<string, unknown>>;
  /** Can this listener offer STARTTLS (a certificate is configured, TLS is not yet in place)? */
  readonly canStartTls: boolean;
  /** Aborted when the connection has ended, for whatever reason. */
  readonly signal: AbortSignal;
  readonly bytesRead: number;
  readonly bytesWritten: number;

  /**
   * The next line without its CRLF (or bare LF), at most `maxBytes`. The buffer is valid until the next read.
   * Undefined: the client closed its side between lines.
   * @throws ReadError 'line-too-long' (the rest of that line is then discarded by `skipLine`), 'eof' inside a
   * line, 'idle' when the idle timeout passed, 'closed'.
   */
  readLine(maxBytes: number): Promise<Buffer | undefined>;
  /** As readLine when a whole line is buffered already, else undefined; for pipelines, without a promise. */
  tryReadLine(maxBytes: number): Buffer | undefined;
  /** Discards up to and including the next LF, in bounded memory. */
  skipLine(): Promise<void>;
  /** Exactly `length` bytes in one buffer; for small lengths that the caller has bounded. @throws ReadError 'eof' */
  readExactly(length: number): Promise<Buffer>;
  /** Exactly `length` bytes as chunks; leaves off when the consumer stops, `skip` the rest then. */
  readStream(length: number): AsyncIterable<Buffer>;
  /** Whatever is there, at least one byte; undefined at end of input. For stream framings (dot-stuffing). */
  readSome(): Promise<Buffer | undefined>;
  /** Puts bytes back before the unread ones. */
  unread(bytes: Buffer): void;
  /** Discards exactly `length` bytes in bounded memory. */
  skip(length: number): Promise<void>;
  /** Is unread input buffered? (A pipelining client has sent more.) */
  readonly hasInput: boolean;

  /**
   * Strings are latin1: one char, one byte. Bytes of a kilobyte and more are not copied: leave them as they are until
   * they are sent, or come with a lease, which is released then (on a connection that fails it may never be). Returns false when
   * more than the high-water mark is waiting, and when the connection is closed.
   */
  write(data: string | Uint8Array, lease?: Lease): boolean;
  /** Resolves when output is below the high-water mark. @throws ReadError 'closed'. Slow readers meet the write timeout. */
  drain(): Promise<void>;
  /** Hands what is batched to the socket now. */
  flush(): void;

  /**
   * Server side of STARTTLS. Call after writing the go-ahead reply; plain-text input that came after the
   * command is discarded (RFC 9051 §11.1, CVE-2011-0411). @throws Error when the handshake fails; the connection is then closed.
   */
  startTls(): Promise<void>;
  /** Raw deflate both ways from here on (RFC 4978, 8054), after the go-ahead reply has been written. */
  startCompression(): void;

  /** How long the client may be silent, in ms; the pending read then throws 'idle'. */
  setIdleTimeout(timeoutMs: number): void;
  /** For `angarium status`: who is this and what is done. Cheap. */
  describe(facts: { readonly user?: string; readonly activity?: string }): void;
  /** Called once when the server drains: say goodbye at the next good moment and close. */
  onDrain(listener: () => void): Disposable;
  readonly isDraining: boolean;
  /** Flushes output, then ends the connection. */
  close(): Promise<void>;
  /** Ends it at once. */
  destroy(reason?: Error): void;
}

/** One entry of a `listen` list of the manifest. */
export interface ListenEntry {
  readonly address?: string;
  /** 0 picks a free port. */
  readonly port?: number;
  /** Path of a unix socket, relative to the data folder. */
  readonly path?: string;
  /** Octal file mode of the unix socket as a string, '0660'. */
  readonly mode?: string;
  /** 'implicit' speaks TLS from the first byte; 'starttls' (default) offers it; 'none' never. */
  readonly tls?: 'implicit' | 'starttls' | 'none';
  /** Addresses or networks (CIDR) whose PROXY protocol header is required and believed. */
  readonly proxy?: readonly string[];
  /** Anything else the service's own schema allows. */
  readonly [option: string]: unknown;
}

/** A protocol that wants clients. Added to SERVICES in `start()`; the kernel listens when all plugins have started. */
export interface Service {
  /** `imap`, `lmtp`: appears in logs, ports.json, and status. */
  readonly name: string;
  readonly listen: readonly ListenEntry[];
  /** ALPN ids to accept (RFC 7301). */
  readonly alpn?: readonly string[];
  /** Initial idle timeout in ms, until the session sets its own. */
  readonly loginTimeoutMs: number;
  /** What to send a client that is over the limits, or while draining; then it is closed. */
  busy(reason: 'too-many-connections' | 'too-many-from-address' | 'draining'): string;
  /** Runs the session; when it returns or throws, the connection is closed. */
  accept(connection: Connection): Promise<void>;
}
export const SERVICES: RegistryContract<Service> = registry('services', 1);
