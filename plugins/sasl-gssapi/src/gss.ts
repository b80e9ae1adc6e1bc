/** What the mechanism asks of a GSS-API library (RFC 2744), without its pointers. */

/** One security context, the acceptor's side. */
export interface GssContext {
  /** Takes a token of the client. @throws GssError */
  accept(token: Uint8Array): Promise<GssStep>;
  /** Integrity alone, no encryption. @throws GssError */
  wrap(message: Uint8Array): Uint8Array;
  /** @throws GssError */
  unwrap(message: Uint8Array): Uint8Array;
  /** Releases what it holds; nothing may be called after it. */
  end(): void;
}

export interface GssStep {
  /** For the client; empty: none. */
  readonly token: Uint8Array;
  /** Undefined: the client has to say more. */
  readonly principal: string | undefined;
}

export interface GssLibrary {
  /** @param service the SASL service name: the keytab must have a key for it. @throws GssError */
  newContext(service: string): GssContext;
}

/** What the library says, for the log. `isOurs`: keytab or configuration, not the client. */
export class GssError extends Error {
  constructor(
    text: string,
    readonly isOurs: boolean,
  ) {
    super(text);
  }
}
