import {
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  HOST,
  type Host,
  inject,
  injectable,
  type Registry,
  SASL_MECHANISMS,
  type SaslMechanism,
} from '@angarium/sdk';
import type { OauthConfig } from './config.js';
import { Introspection } from './introspection.js';
import { JwtCheck } from './jwt-check.js';
import { oauthMechanism } from './mechanism.js';
import type { TokenCheck } from './token.js';

@injectable()
export class OauthRegistration extends Component {
  constructor(
    @inject(CONFIG) private readonly config: OauthConfig,
    @inject(HOST) private readonly host: Host,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(SASL_MECHANISMS) private readonly mechanisms: Registry<SaslMechanism>,
  ) {
    super();
  }

  override start(): void {
    const { config } = this;
    const checks = this.checks();
    if (checks.length === 0) throw new Error('one of jwks and introspection must be there');
    this.own(
      this.mechanisms.add(...config.mechanisms.map((name) => oauthMechanism(name, { config, checks }))),
    );
  }

  private checks(): TokenCheck[] {
    const { jwks, introspection } = this.config;
    return [
      ...(jwks === undefined ? [] : [new JwtCheck(this.config, jwks, this.host.dataDir, this.clock)]),
      ...(introspection === undefined ? [] : [new Introspection(this.config, introspection, this.clock)]),
    ];
  }
}
