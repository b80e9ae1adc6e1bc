/**
 * The server's side of GSSAPI (RFC 4752 §3.2). Security layers are not offered: TLS does that. The last round says so, and
 * the client names whom it wants to act as.
 */
import {
  MailError,
  normaliseActAs,
  normaliseClaim,
  type SaslEnvironment,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
  saslText,
  unavailableError,
} from '@angarium/sdk';
import { type GssContext, GssError, type GssLibrary } from './gss.js';

/** As config.schema.json has it, defaults filled in. */
export interface GssapiConfig {
  readonly realms: Readonly<Record<string, string>>;
  readonly keytab: string;
  readonly hostname: string;
  readonly library: string;
}

/** RFC 4752 §3.3: bit 1 is no security layer; then three octets of size, none. */
const NO_LAYER = Uint8Array.of(1, 0, 0, 0);

export function gssapi(config: Pick<GssapiConfig, 'realms'>, library: GssLibrary): SaslMechanism {
  return {
    name: 'GSSAPI',
    strength: 80,
    clientFirst: true,
    isPlaintext: false,
    start: (environment) => new GssapiExchange(config, library, environment),
  };
}

class GssapiExchange implements SaslExchange {
  private context: GssContext | undefined;
  private principal: string | undefined;
  /** context: tokens go to and fro; layer: our offer of layers is to be sent; answer: it has been. */
  private stage: 'context' | 'layer' | 'answer' = 'context';

  constructor(
    private readonly config: Pick<GssapiConfig, 'realms'>,
    private readonly library: GssLibrary,
    private readonly environment: SaslEnvironment,
  ) {}

  async step(message: Uint8Array | undefined): Promise<SaslStep> {
    if (message === undefined) return { challenge: new Uint8Array(0) };
    try {
      if (this.stage === 'context') return await this.establish(message);
      if (this.stage === 'layer') return this.offer();
      return await this.finish(message);
    } catch (error) {
      throw error instanceof GssError ? failureOf(error) : error;
    }
  }

  end(): void {
    this.context?.end();
    this.context = undefined;
  }

  private async establish(message: Uint8Array): Promise<SaslStep> {
    this.context ??= this.library.newContext(this.environment.context.service);
    const { token, principal } = await this.context.accept(message);
    if (principal === undefined) return { challenge: token };
    this.principal = principal;
    this.stage = 'layer';
    // With a last token the client answers with nothing before the layers are spoken of.
    return token.length > 0 ? { challenge: token } : this.offer();
  }

  private offer(): SaslStep {
    this.stage = 'answer';
    return { challenge: this.mustHaveContext().wrap(NO_LAYER) };
  }

  private async finish(message: Uint8Array): Promise<SaslStep> {
    const answer = this.mustHaveContext().unwrap(message);
    if (answer.length < 4 || answer[0] !== 1) {
      throw new MailError('AUTHENTICATIONFAILED', 'the client wants a security layer that was not offered');
    }
    const authzid = saslText(answer.subarray(4), 'Malformed authorization identity');
    const user = normaliseClaim(this.environment, this.nameOf(this.principal ?? ''));
    await this.environment.announce(user);
    return { user, actAs: normaliseActAs(this.environment, authzid) };
  }

  /** `fred@EXAMPLE.ORG` as the manifest maps realms; instances (`fred/admin`) are no users. */
  private nameOf(principal: string): string {
    const at = principal.lastIndexOf('@');
    const [local, realm] = [principal.slice(0, at), principal.slice(at + 1)];
    const domain = Object.hasOwn(this.config.realms, realm) ? this.config.realms[realm] : undefined;
    if (at < 1 || domain === undefined) {
      throw new MailError('AUTHENTICATIONFAILED', `the realm of ${principal} is none of sasl-gssapi's`);
    }
    return domain === '' ? local : `${local}@${domain}`;
  }

  private mustHaveContext(): GssContext {
    if (this.context === undefined) throw new MailError('CLIENTBUG', 'The exchange is over');
    return this.context;
  }
}

function failureOf(error: GssError): MailError {
  if (error.isOurs) return unavailableError('Kerberos does not work here now', error);
  return new MailError('AUTHENTICATIONFAILED', error.message);
}
