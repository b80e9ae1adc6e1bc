/**
 * The server's side of DIGEST-MD5 (RFC 2831): qop=auth alone. Security layers (auth-int, auth-conf) are not offered: TLS
 * does that. Nonces are made for one exchange and good for one response, so nothing can be replayed; subsequent
 * authentication (RFC 2831 §2.2) is therefore not taken either.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import {
  MailError,
  normaliseActAs,
  normaliseClaim,
  type SaslEnvironment,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
} from '@angarium/sdk';
import { type DigestInput, digestOf } from './digest.js';
import { parseDirectives, quoted } from './directives.js';

/** RFC 2831 §2.1.2: a response is less than 4096 octets. */
const MAX_RESPONSE_BYTES = 4096;

export function digestMd5(realm: string): SaslMechanism {
  return {
    name: 'DIGEST-MD5',
    strength: 25,
    clientFirst: false,
    isPlaintext: false,
    needs: 'plain-secret',
    start: (environment) => new DigestMd5Exchange(environment, realm),
  };
}

class DigestMd5Exchange implements SaslExchange {
  private nonce: string | undefined;

  constructor(
    private readonly environment: SaslEnvironment,
    private readonly realm: string,
  ) {}

  async step(message: Uint8Array | undefined): Promise<SaslStep> {
    if (this.nonce !== undefined) return this.check(this.nonce, message ?? new Uint8Array(0));
    this.nonce = randomBytes(18).toString('base64');
    const directives = [
      `realm=${quoted(this.realm)}`,
      `nonce=${quoted(this.nonce)}`,
      'qop="auth"',
      'charset=utf-8',
      'algorithm=md5-sess',
    ];
    return { challenge: Buffer.from(directives.join(',')) };
  }

  private async check(nonce: string, message: Uint8Array): Promise<SaslStep> {
    const { input, response } = this.read(nonce, message);
    const user = normaliseClaim(this.environment, input.username);
    const secret = await this.environment.plainSecret(user);
    const complete = { ...input, password: secret ?? randomBytes(16).toString('hex') };
    const isRight = timingSafeEqual(Buffer.from(digestOf(complete, 'client')), Buffer.from(response));
    if (secret === undefined) throw failure('no password is kept in the plain, or no such user');
    if (!isRight) throw failure('wrong digest');
    return {
      user,
      actAs: normaliseActAs(this.environment, input.authzid),
      data: Buffer.from(`rspauth=${digestOf(complete, 'server')}`),
    };
  }

  /** RFC 2831 §2.1.2: what must be there, and must be what the challenge said. */
  private read(nonce: string, message: Uint8Array) {
    const given = message.length < MAX_RESPONSE_BYTES ? parseDirectives(textOf(message)) : undefined;
    const username = given?.get('username');
    const cnonce = given?.get('cnonce');
    const digestUri = given?.get('digest-uri');
    const response = given?.get('response')?.toLowerCase();
    const isComplete =
      given !== undefined && Boolean(username) && Boolean(cnonce) && /^[0-9a-f]{32}$/.test(response ?? '');
    if (!isComplete || digestUri === undefined || response === undefined) {
      throw new MailError('CLIENTBUG', 'Malformed DIGEST-MD5 response');
    }
    this.mustBeAsked(given, nonce, digestUri);
    const input: Omit<DigestInput, 'password'> = {
      username: username ?? '',
      realm: given.get('realm') ?? '',
      nonce,
      cnonce: cnonce ?? '',
      nonceCount: '00000001',
      digestUri,
      // GNU SASL writes an empty one for none, and leaves it out of the hash.
      authzid: given.get('authzid') || undefined,
    };
    return { input, response };
  }

  private mustBeAsked(given: ReadonlyMap<string, string>, nonce: string, digestUri: string): void {
    if ((given.get('qop') ?? 'auth') !== 'auth') {
      throw new MailError('CLIENTBUG', 'Security layers are not offered');
    }
    if (given.get('nonce') !== nonce || given.get('nc') !== '00000001') {
      throw failure('the nonce is not that of this exchange');
    }
    const realm = given.get('realm') ?? '';
    if (realm !== this.realm && realm !== '') throw failure('another realm');
    const { service } = this.environment.context;
    // LMTP clients say smtp too. The host is not looked at: a server has many names.
    const services = service === 'lmtp' ? ['lmtp', 'smtp'] : [service];
    if (!services.includes(digestUri.split('/', 1)[0]?.toLowerCase() ?? '')) throw failure('another service');
  }
}

/** UTF-8 when it is that (charset=utf-8), ISO 8859-1 otherwise. */
function textOf(message: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(message);
  } catch {
    return Buffer.from(message).latin1Slice();
  }
}

function failure(reason: string): MailError {
  return new MailError('AUTHENTICATIONFAILED', reason);
}
