/** One way in for every protocol (RFC 4422). */
import { type Contract, contract, type RegistryContract, registry } from '../di.js';
import type { Connection } from '../kernel/connection.js';
import type { Identity, UserId } from '../model/identity.js';
import type { PasswordContext, PasswordVerdict, ScramHash, ScramKeys, ScramParameters } from './accounts.js';

/** Where somebody tries to come in. */
export interface AuthContext {
  /** `imap`, `pop`, `lmtp`, `nntp`, `sieve`: SASL service names. */
  readonly service: string;
  readonly connection: Connection;
  /** Where the client is, where the connection's other end speaks for it (XCLIENT); else that end. */
  readonly remoteAddress?: string;
  /**
   * What of a name that the client gives is the user, where a protocol lets it say more (POP3: `fred+folder`). Called for each name of
   * an exchange, before it is normalised.
   */
  loginName?(name: string): string;
}

/** Whom limits, networks and logs mean. */
export function clientAddress({ remoteAddress, connection }: AuthContext): string {
  return remoteAddress ?? connection.remote.address;
}

/** The SASL service name (AuthContext.service) for what operators call a service: `pop3`, `pop3s` and `pop` are one. */
export function authServiceName(word: string): string {
  const name = word.toLowerCase();
  return serviceNames.get(name) ?? name;
}

const serviceNames = new Map([
  ['pop3', 'pop'],
  ['pop3s', 'pop'],
  ['imaps', 'imap'],
  ['nntps', 'nntp'],
  ['managesieve', 'sieve'],
]);

export interface Authentication {
  /** Names of the mechanisms that make sense on this connection now, best first. */
  mechanisms(context: AuthContext): readonly string[];
  /** May a password travel here as it is (TLS, loopback, unix socket, or the manifest allows it)? */
  allowsPlaintext(context: AuthContext): boolean;
  /** @throws MailError CANNOT for an unknown mechanism, PRIVACYREQUIRED. */
  begin(mechanism: string, context: AuthContext): AuthExchange;
  /**
   * A plain user and password (LOGIN, USER/PASS, AUTHINFO). The same words and the same time for an unknown user and a
   * wrong password. @throws MailError AUTHENTICATIONFAILED, AUTHORIZATIONFAILED, EXPIRED, PRIVACYREQUIRED, UNAVAILABLE.
   */
  login(user: string, password: string, context: AuthContext, mechanism?: string): Promise<Identity>;
  /** Who this user would be after a login, proving nothing: for tools that explain. undefined: there is no such account. */
  identityOf?(user: UserId): Promise<Identity | undefined>;
}
export const AUTHENTICATION: Contract<Authentication> = contract('authentication', 1);

/** A running exchange, driven by the protocol, which frames and encodes the messages. */
export interface AuthExchange {
  /** True: the client speaks first; without an initial response the protocol sends an empty challenge. */
  readonly clientFirst: boolean;
  /** As SaslMechanism. */
  readonly takesInitialResponse?: boolean;
  /** One message of the client, decoded. `undefined` only as the first, for no initial response. @throws as `login` */
  respond(message: Uint8Array | undefined): Promise<AuthStep>;
  /** The client sent `*`, or the connection ended. */
  cancel(): void;
}

/** What an exchange answers: go on with a challenge, or who it is. */
export type AuthStep =
  | { readonly challenge: Uint8Array }
  | {
      readonly identity: Identity /** Additional data with success (RFC 4422 §4); empty mostly. */;
      readonly data: Uint8Array;
    };

/** A SASL mechanism plugin adds one or more of these. */
export interface SaslMechanism {
  /** As registered with IANA: `PLAIN`, `SCRAM-SHA-256-PLUS`. */
  readonly name: string;
  /** Mechanisms are offered best first. */
  readonly strength: number;
  readonly clientFirst: boolean;
  /** Default: `clientFirst`. An initial response that a mechanism does not take is refused (RFC 4959 §3, RFC 4954 §4). */
  readonly takesInitialResponse?: boolean;
  /** The password itself travels: only where `allowsPlaintext`. */
  readonly isPlaintext: boolean;
  /** What password sources must have, or it is not offered: the password itself, or SCRAM keys of a hash. */
  readonly needs?: 'plain-secret' | ScramHash;
  /** Further conditions: TLS for -PLUS, a client certificate for EXTERNAL. */
  isAvailable?(context: AuthContext): boolean;
  /** Those conditions in words, for `angarium auth test`: `TLS with a channel binding`. */
  readonly conditions?: string;
  start(environment: SaslEnvironment): SaslExchange;
}
export const SASL_MECHANISMS: RegistryContract<SaslMechanism> = registry('sasl-mechanisms', 1);

/** What a mechanism may ask while it runs. */
export interface SaslEnvironment {
  readonly context: AuthContext;
  readonly passwordContext: PasswordContext;
  /** Normalises as Accounts.normalise. */
  normalise(name: string): UserId;
  verify(user: UserId, password: string): Promise<PasswordVerdict>;
  scramKeys(user: UserId, hash: ScramHash): Promise<ScramKeys | undefined>;
  /** Of the first source that has some for this hash. */
  scramParameters(hash: ScramHash): ScramParameters | undefined;
  plainSecret(user: UserId): Promise<string | undefined>;
  /** Is that mechanism offered on this connection too? For downgrade detection (RFC 5802 §6). */
  isOffered(mechanism: string): boolean;
  /**
   * Tells who it claims to be, before an expensive or outside check that asks none of the above (`auth.attempting`).
   * @throws what a tap throws: blocks, networks.
   */
  announce(claim: string): Promise<void>;
}

/** The server's side of one exchange of a mechanism. */
export interface SaslExchange {
  /** @throws MailError AUTHENTICATIONFAILED for wrong proof, CLIENTBUG for messages that break the mechanism's grammar. */
  step(message: Uint8Array | undefined): Promise<SaslStep>;
  /** The exchange is over, done, failed or cancelled: for what must be released. Called once. */
  end?(): void;
}

/** What a mechanism answers to a message: a challenge, or whose proof it was. */
export type SaslStep =
  | {
      readonly challenge: Uint8Array;
      /**
       * For the log: why the proof is refused already. The challenge tells the client; whatever comes of it (an answer, `*`, the end of
       * the connection), the login has failed.
       */
      readonly refused?: string;
    }
  | {
      /** Whose proof it was. */
      readonly user: UserId;
      /** Whom to act as; undefined or equal: himself. Checked by the Authentication provider. */
      readonly actAs: UserId | undefined;
      readonly isAnonymous?: boolean;
      readonly data?: Uint8Array;
    };
