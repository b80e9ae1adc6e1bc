/** The client's side of SCRAM (RFC 5802 §3), without channel binding. */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { encodeSaslName, preparePassword } from '@angarium/sdk';

export type ScramHash = 'sha1' | 'sha256' | 'sha512';

export const scramHashes: Readonly<Record<string, ScramHash | undefined>> = {
  'SCRAM-SHA-1': 'sha1',
  'SCRAM-SHA-256': 'sha256',
  'SCRAM-SHA-512': 'sha512',
};

/** A server that asks for more wants to keep us busy. */
const MAX_ITERATIONS = 10_000_000;

export class Scram {
  private readonly gs2: string;
  private readonly bare: string;
  private readonly nonce: string;
  private serverSignature: Buffer | undefined;
  private isDone = false;

  constructor(
    private readonly hash: ScramHash,
    authid: string,
    authz: string | undefined,
    private readonly password: string,
    nonce = randomBytes(18).toString('base64'),
  ) {
    this.nonce = nonce;
    this.gs2 = `n,${authz === undefined ? '' : `a=${name(authz)}`},`;
    this.bare = `n=${name(authid)},r=${nonce}`;
  }

  first(): string {
    return `${this.gs2}${this.bare}`;
  }

  /** To the server's first message, then to its last. @throws Error when it is not right */
  respond(message: string): string {
    if (this.serverSignature === undefined) return this.final(message);
    const signature = Buffer.from(attributes(message).get('v') ?? '', 'base64');
    const expected = this.serverSignature;
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected))
      throw new Error('the server does not know the password: it is not the one it says it is');
    this.isDone = true;
    return '';
  }

  /** @throws Error */
  mustBeDone(): void {
    if (!this.isDone) throw new Error('the server did not prove that it knows the password');
  }

  private final(challenge: string): string {
    const { hash } = this;
    const found = attributes(challenge);
    const nonce = found.get('r') ?? '';
    const iterations = Number(found.get('i'));
    const salt = Buffer.from(found.get('s') ?? '', 'base64');
    const isSane = Number.isInteger(iterations) && iterations > 0 && iterations <= MAX_ITERATIONS;
    if (!nonce.startsWith(this.nonce) || nonce === this.nonce || !isSane || salt.length === 0)
      throw new Error('the server broke the SCRAM exchange');
    const length = createHash(hash).digest().length;
    const salted = pbkdf2Sync(preparePassword(this.password), salt, iterations, length, hash);
    const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
    const clientKey = hmac(salted, 'Client Key');
    const storedKey = createHash(hash).update(clientKey).digest();
    const withoutProof = `c=${Buffer.from(this.gs2).toString('base64')},r=${nonce}`;
    const authMessage = `${this.bare},${challenge},${withoutProof}`;
    const signature = hmac(storedKey, authMessage);
    const proof = clientKey.map((byte, i) => byte ^ signature[i]!);
    this.serverSignature = hmac(hmac(salted, 'Server Key'), authMessage);
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
  }
}

/** RFC 5802 §5.1; what SASLprep forbids goes as it was typed: the server decides. */
function name(text: string): string {
  return encodeSaslName(preparePassword(text));
}

function attributes(message: string): ReadonlyMap<string, string> {
  return new Map(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
}
