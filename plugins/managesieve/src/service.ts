import {
  AUTHENTICATION,
  type Authentication,
  CONFIG,
  Component,
  type Connection,
  inject,
  injectable,
  injectOptional,
  LOGGER,
  type Logger,
  REFERRALS,
  type Referrals,
  type Registry,
  SASL_MECHANISMS,
  type SaslMechanism,
  SERVICES,
  type Service,
  SIEVE_SCRIPTS,
  type SieveScripts,
} from '@angarium/sdk';
import type { ManageSieveConfig } from './config.js';
import { SessionLoop } from './loop.js';
import { type ManageSieveEnvironment, ManageSieveSession } from './session.js';

const busyTexts = {
  'too-many-connections': 'Too many connections, try again later',
  'too-many-from-address': 'Too many connections from your address',
  draining: 'Server shutting down',
} as const;

/** By which users keep their Sieve scripts on the server. */
@injectable()
export class ManageSieveService extends Component implements Service {
  readonly name = 'sieve';
  readonly listen;
  readonly loginTimeoutMs: number;
  readonly alpn = ['managesieve'];
  private readonly environment: ManageSieveEnvironment;

  constructor(
    @inject(CONFIG) config: ManageSieveConfig,
    @inject(SIEVE_SCRIPTS) scripts: SieveScripts,
    @inject(AUTHENTICATION) authentication: Authentication,
    @inject(SASL_MECHANISMS) mechanisms: Registry<SaslMechanism>,
    @inject(LOGGER) log: Logger,
    @inject(SERVICES) private readonly services: Registry<Service>,
    @injectOptional(REFERRALS) referrals?: Referrals,
  ) {
    super();
    this.listen = config.listen;
    this.loginTimeoutMs = config.loginTimeout * 1000;
    this.environment = { config, scripts, authentication, mechanisms, referrals, log };
  }

  override start(): void {
    this.own(this.services.add(this));
  }

  busy(reason: keyof typeof busyTexts): string {
    return `BYE (TRYLATER) "${busyTexts[reason]}"\r\n`;
  }

  async accept(connection: Connection): Promise<void> {
    await new SessionLoop(new ManageSieveSession(connection, this.environment)).run();
  }
}
