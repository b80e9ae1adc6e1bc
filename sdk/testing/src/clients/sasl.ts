/** The client's side of SASL mechanisms, for tests and benches. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

export interface SaslClient {
  /** For the command's initial response; undefined: the server speaks first. */
  readonly initial: Buffer | undefined;
  /** @throws Error when the server's message is wrong: a client must notice. */
  respond(challenge: Buffer): Buffer;
}

export interface ScramClientOptions {
  readonly user: string;
  readonly password: string;
  readonly hash: 'SHA-1' | 'SHA-256' | 'SHA-512';
  readonly authzid?: string;
  /** 'n', 'y', or the binding's type and data. */
  readonly binding?: 'n' | 'y' | { readonly type: string; readonly data: Uint8Array };
  readonly nonce?: string;
  /** Salted passwords, which real clients keep too: key is salt and iterations. */
  readonly cache?: Map<string, Buffer>;
}

const digests = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-512': 'sha512' } as const;

/** RFC 5802. It takes what it is given as prepared. */
export class ScramClient implements SaslClient {
  readonly initial: Buffer;
  /** The server has proven that it knows the keys. */
  isServerVerified = false;
  private readonly header: string;
  private readonly bare: string;
  private readonly digest: string;
  private expected: string | undefined;

  constructor(private readonly options: ScramClientOptions) {
    const { binding = 'n', authzid, user, nonce = randomBytes(18).toString('base64') } = options;
    const flag = typeof binding === 'string' ? binding : `p=${binding.type}`;
    this.header = `${flag},${authzid === undefined ? '' : `a=${saslName(authzid)}`},`;
    this.bare = `n=${saslName(user)},r=${nonce}`;
    this.digest = digests[options.hash];
    this.initial = Buffer.from(this.header + this.bare);
  }

  respond(challenge: Buffer): Buffer {
    const text = challenge.toString();
    if (text === '') return this.initial;
    if (this.expected === undefined) return this.prove(text);
    if (text !== this.expected) throw new Error(`the server's signature is wrong: ${text}`);
    this.isServerVerified = true;
    return Buffer.alloc(0);
  }

  private prove(serverFirst: string): Buffer {
    const [, nonce = '', salt = '', iterations = ''] =
      /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst) ?? [];
    const { binding = 'n' } = this.options;
    if (!nonce.startsWith(this.bare.slice(this.bare.lastIndexOf('r=') + 2))) throw new Error(serverFirst);
    const data = typeof binding === 'string' ? Buffer.alloc(0) : binding.data;
    const channel = Buffer.concat([Buffer.from(this.header), data]).toString('base64');
    const withoutProof = `c=${channel},r=${nonce}`;
    const signed = `${this.bare},${serverFirst},${withoutProof}`;
    const salted = this.salted(salt, Number(iterations));
    const clientKey = this.mac(salted, 'Client Key');
    const signature = this.mac(createHash(this.digest).update(clientKey).digest(), signed);
    const proof = Buffer.from(clientKey.map((octet, i) => octet ^ (signature[i] ?? 0)));
    this.expected = `v=${this.mac(this.mac(salted, 'Server Key'), signed).toString('base64')}`;
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`);
  }

  private salted(salt: string, iterations: number): Buffer {
    const key = `${salt} ${iterations}`;
    const known = this.options.cache?.get(key);
    if (known !== undefined) return known;
    const bytes = createHash(this.digest).digest().length;
    const made = pbkdf2Sync(
      this.options.password,
      Buffer.from(salt, 'base64'),
      iterations,
      bytes,
      this.digest,
    );
    this.options.cache?.set(key, made);
    return made;
  }

  private mac(key: Buffer, text: string): Buffer {
    return createHmac(this.digest, key).update(text).digest();
  }
}

/** RFC 4616. */
export function plainClient(user: string, password: string, authzid = ''): SaslClient {
  const initial = Buffer.from(`${authzid}\0${user}\0${password}`);
  return { initial, respond: () => initial };
}

/** draft-murchison-sasl-login: the server asks twice, in words of its own. */
export function loginClient(user: string, password: string): SaslClient {
  const answers = [user, password];
  return { initial: undefined, respond: () => Buffer.from(answers.shift() ?? '') };
}

/** RFC 2195. */
export function cramMd5Client(user: string, password: string): SaslClient {
  return {
    initial: undefined,
    respond: (challenge) =>
      Buffer.from(`${user} ${createHmac('md5', password).update(challenge).digest('hex')}`),
  };
}

function saslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}
