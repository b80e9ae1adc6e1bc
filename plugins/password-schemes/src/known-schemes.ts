import {
  CONFIG,
  Component,
  inject,
  injectable,
  MailError,
  type PasswordSchemes,
  type ScramHash,
  type ScramKeys,
  WorkQueue,
} from '@angarium/sdk';
import { CryptThread } from './crypt-thread.js';
import { digestMatches, digestSchemes, sameText } from './digests.js';
import { type EncodedSecret, readEncoded } from './encoded.js';
import { argon2Matches, pbkdf2Matches, readScramKeys, scramMatches } from './key-derivation.js';

/** As config.schema.json has it, defaults filled in. */
export interface SchemesConfig {
  readonly maxConcurrent: number;
  readonly maxWaiting: number;
  readonly plain: boolean;
}

/** Longer ones are not hashed. */
const MAX_PASSWORD_LENGTH = 4096;

type Check = (data: string, password: string) => Promise<boolean>;

@injectable()
export class KnownSchemes extends Component implements PasswordSchemes {
  private readonly queue: WorkQueue;
  private readonly thread: CryptThread;
  /** What takes time, by scheme. */
  private readonly slow: Readonly<Record<string, Check>>;
  /** What was checked last, and was not damaged. */
  private last: EncodedSecret | undefined;

  constructor(@inject(CONFIG) private readonly config: SchemesConfig) {
    super();
    this.queue = new WorkQueue(config.maxConcurrent, config.maxWaiting);
    this.thread = this.own(new CryptThread());
    const crypt: Check = (data, password) => this.thread.matches(data, password);
    const scram =
      (hash: ScramHash): Check =>
      (data, password) =>
        scramMatches(data, hash, password);
    this.slow = {
      'DES-CRYPT': crypt,
      'MD5-CRYPT': crypt,
      'SHA256-CRYPT': crypt,
      'SHA512-CRYPT': crypt,
      'BLF-CRYPT': crypt,
      YESCRYPT: crypt,
      ARGON2ID: argon2Matches,
      ARGON2I: argon2Matches,
      ARGON2D: argon2Matches,
      PBKDF2: pbkdf2Matches,
      'SCRAM-SHA-1': scram('SHA-1'),
      'SCRAM-SHA-256': scram('SHA-256'),
      'SCRAM-SHA-512': scram('SHA-512'),
    };
  }

  schemeOf(encoded: string): string | undefined {
    const secret = readEncoded(encoded);
    return secret !== undefined && this.isKnown(secret.scheme) ? secret.scheme : undefined;
  }

  async verify(encoded: string, password: string): Promise<boolean> {
    const secret = readEncoded(encoded);
    if (secret === undefined || !this.isKnown(secret.scheme)) {
      throw new MailError('CANNOT', 'The scheme of the stored password is not known');
    }
    if (!isHashed(password)) return false;
    const slow = this.slow[secret.scheme];
    const isRight =
      slow === undefined
        ? this.verifyAtOnce(secret, password)
        : await this.queue.run(() => slow(secret.data, password));
    this.last = secret;
    return isRight;
  }

  async verifyNothing(password: string): Promise<void> {
    const { last } = this;
    if (last === undefined || !isHashed(password)) return;
    const slow = this.slow[last.scheme];
    if (slow !== undefined) await this.queue.run(() => slow(last.data, password));
  }

  scramKeys(encoded: string, hash: ScramHash): ScramKeys | undefined {
    const secret = readEncoded(encoded);
    return secret?.scheme === `SCRAM-${hash}` ? readScramKeys(secret.data, hash) : undefined;
  }

  private verifyAtOnce(secret: EncodedSecret, password: string): boolean {
    const digest = digestSchemes[secret.scheme];
    return digest === undefined ? sameText(secret.data, password) : digestMatches(digest, secret, password);
  }

  private isKnown(scheme: string): boolean {
    if (scheme === 'PLAIN') return this.config.plain;
    return Object.hasOwn(this.slow, scheme) || Object.hasOwn(digestSchemes, scheme);
  }
}

function isHashed(password: string): boolean {
  return password.length <= MAX_PASSWORD_LENGTH && !password.includes('\0');
}
