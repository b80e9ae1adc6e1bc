/**
 * The server's side of SCRAM (RFC 5802, RFC 7677). A user who does not exist gets a salt that is always the same for him
 * and looks like any other, and fails at the proof, in the words of a wrong password.
 * RFC 5802 lets a server fail without the message `e=…`; the reason goes to the log alone.
 */
import {
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import {
  MailError,
  normaliseActAs,
  normaliseClaim,
  type SaslEnvironment,
  type SaslExchange,
  type SaslStep,
  type ScramHash,
  type ScramKeys,
  saslprep,
  saslText,
  scramDigests,
  type UserId,
} from '@angarium/sdk';
import type { BindingType, ScramConfig } from './mechanisms.js';
import { type ClientFirst, parseClientFinal, parseClientFirst } from './messages.js';

export interface ScramVariant {
  readonly hash: ScramHash;
  readonly isPlus: boolean;
  /** Without -PLUS. */
  readonly name: string;
  readonly config: ScramConfig;
  readonly decoyKey: KeyObject;
  /** For tests; random otherwise. */
  readonly serverNonce?: string;
}

const NONCE_BYTES = 18;

/** What is offered when no source says how its keys look. */
const FALLBACK = { iterations: 10_000, saltBytes: 16 };

/** What the first round has settled. */
interface Pending {
  readonly first: ClientFirst;
  readonly user: UserId | undefined;
  readonly keys: ScramKeys;
  readonly isKnown: boolean;
  readonly nonce: string;
  readonly serverFirst: string;
  /** What `c=` must be. */
  readonly binding: Buffer;
}

export class ScramExchange implements SaslExchange {
  private readonly digest: string;
  private pending: Pending | undefined;

  constructor(
    private readonly variant: ScramVariant,
    private readonly environment: SaslEnvironment,
  ) {
    this.digest = scramDigests[variant.hash];
  }

  async step(message: Uint8Array | undefined): Promise<SaslStep> {
    if (message === undefined) return { challenge: new Uint8Array(0) };
    const text = saslText(message, 'Malformed SCRAM message');
    return this.pending === undefined ? this.begin(text) : this.finish(this.pending, text);
  }

  private async begin(text: string): Promise<SaslStep> {
    const first = parseClientFirst(text);
    if (first === undefined) throw new MailError('CLIENTBUG', 'Malformed SCRAM message');
    if (first === 'extension') throw failure('extensions-not-supported');
    const binding = Buffer.concat([Buffer.from(first.header.raw), this.bindingData(first)]);
    const user = this.userOf(first.name);
    const found = user === undefined ? undefined : await this.environment.scramKeys(user, this.variant.hash);
    const decoy = this.decoyKeys(user ?? first.name);
    const keys = found ?? decoy;
    const nonce = first.nonce + (this.variant.serverNonce ?? randomBytes(NONCE_BYTES).toString('base64'));
    const salt = Buffer.from(keys.salt).toString('base64');
    const serverFirst = `r=${nonce},s=${salt},i=${keys.iterations}`;
    this.pending = { first, user, keys, isKnown: found !== undefined, nonce, serverFirst, binding };
    return { challenge: Buffer.from(serverFirst) };
  }

  private finish(pending: Pending, text: string): SaslStep {
    const { first, user, keys, isKnown } = pending;
    const final = parseClientFinal(text);
    if (final === undefined) throw new MailError('CLIENTBUG', 'Malformed SCRAM message');
    if (final.nonce !== pending.nonce) throw failure('the nonce is not that of this exchange');
    if (!same(final.binding, pending.binding)) throw failure('channel-bindings-dont-match');
    const signed = `${first.bare},${pending.serverFirst},${final.withoutProof}`;
    const isRight = this.isProof(final.proof, keys, signed);
    if (!isKnown || user === undefined) throw failure(`no keys for ${this.variant.name}, or no such user`);
    if (!isRight) throw failure('wrong proof');
    return {
      user,
      actAs: normaliseActAs(this.environment, first.header.authzid),
      data: Buffer.from(`v=${this.mac(keys.serverKey, signed).toString('base64')}`),
    };
  }

  /** RFC 5802 §6: the data of the binding that the client names; a client that was talked out of one is stopped. */
  private bindingData({ header }: ClientFirst): Uint8Array {
    const { isPlus, name, config } = this.variant;
    const { binding } = header;
    if (binding.is !== 'p') {
      if (isPlus) throw new MailError('CLIENTBUG', 'The mechanism needs a channel binding');
      if (binding.is === 'y' && this.environment.isOffered(`${name}-PLUS`)) {
        throw failure(
          'server-does-support-channel-binding: somebody may have changed the list of mechanisms',
        );
      }
      return new Uint8Array(0);
    }
    // Leniency: Cyrus's clients choose -PLUS, bind, and name the mechanism without it.
    if (!isPlus && !this.environment.isOffered(`${name}-PLUS`)) {
      throw new MailError('CLIENTBUG', 'The mechanism has no channel binding');
    }
    const type = config.channelBindings.find((known): known is BindingType => known === binding.type);
    const data = type && this.environment.context.connection.tls?.channelBinding(type);
    if (data === undefined) throw failure(`unsupported-channel-binding-type ${binding.type.slice(0, 40)}`);
    return data;
  }

  private userOf(name: string): UserId | undefined {
    const prepared = saslprep(name);
    if (prepared === undefined || prepared === '') return undefined;
    try {
      return normaliseClaim(this.environment, prepared);
    } catch {
      return undefined;
    }
  }

  /** The same for a name each time, like those of an account; nobody knows a password to them. */
  private decoyKeys(name: string): ScramKeys {
    const { iterations, saltBytes } = this.environment.scramParameters(this.variant.hash) ?? FALLBACK;
    const make = (purpose: string, bytes: number) => {
      const mac = createHmac('sha512', this.variant.decoyKey);
      return mac.update(`${purpose}\0${this.variant.hash}\0${name}`).digest().subarray(0, bytes);
    };
    return {
      salt: make('salt', saltBytes),
      iterations,
      storedKey: make('stored', createHash(this.digest).digest().length),
      // Never used: the proof fails first.
      serverKey: Buffer.alloc(0),
    };
  }

  private isProof(proof: Buffer, keys: ScramKeys, signed: string): boolean {
    const signature = this.mac(keys.storedKey, signed);
    if (proof.length !== signature.length) return false;
    for (let i = 0; i < proof.length; i++) proof[i] = (proof[i] ?? 0) ^ (signature[i] ?? 0);
    return same(createHash(this.digest).update(proof).digest(), Buffer.from(keys.storedKey));
  }

  private mac(key: Uint8Array, text: string): Buffer {
    // A key object: Node takes twice as long over a key of octets.
    return createHmac(this.digest, createSecretKey(key)).update(text).digest();
  }
}

function failure(reason: string): MailError {
  return new MailError('AUTHENTICATIONFAILED', reason);
}

function same(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
