import {
  ACCOUNTS,
  type Accounts,
  AUTHENTICATION,
  type Authentication,
  CLOCK,
  type Clock,
  COMMANDS,
  CONFIG,
  type Command,
  Component,
  type Connection,
  DELIVERY,
  type Delivery,
  HOOKS,
  HOST,
  type HookBus,
  type Host,
  type Identity,
  inject,
  injectable,
  LOGGER,
  type Logger,
  MAIL_STORE,
  type MailStore,
  parseNetworks,
  type Registry,
  runSession,
  SERVICES,
  type Service,
} from '@angarium/sdk';
import type { LmtpConfig } from './config.js';
import { deliverCommand } from './deliver/command.js';
import { protocol } from './protocol.js';
import { type LmtpEnvironment, LmtpSession } from './session.js';

/** The door through which the MTA hands mail over. */
@injectable()
export class LmtpService extends Component implements Service {
  readonly name = 'lmtp';
  readonly listen;
  readonly loginTimeoutMs: number;
  private readonly environment: LmtpEnvironment;
  private readonly deliverers: ReadonlySet<string>;

  constructor(
    @inject(CONFIG) config: LmtpConfig,
    @inject(MAIL_STORE) store: MailStore,
    @inject(DELIVERY) delivery: Delivery,
    @inject(AUTHENTICATION) authentication: Authentication,
    @inject(ACCOUNTS) accounts: Accounts,
    @inject(HOST) private readonly host: Host,
    @inject(CLOCK) clock: Clock,
    @inject(LOGGER) log: Logger,
    @inject(HOOKS) hooks: HookBus,
    @inject(SERVICES) private readonly services: Registry<Service>,
    @inject(COMMANDS) private readonly commands: Registry<Command>,
  ) {
    super();
    this.listen = config.listen;
    this.loginTimeoutMs = config.idleTimeoutSeconds * 1000;
    this.deliverers = new Set(config.deliverers.map((name) => accounts.normalise(name)));
    const starting = hooks.hook('delivery.starting');
    const trusted = parseNetworks(config.trustedNetworks);
    this.environment = {
      config,
      store,
      delivery,
      authentication,
      accounts,
      mayDeliver: (identity) => this.mayDeliver(identity),
      isTrustedAddress: (address) => trusted.has(address),
      host,
      clock,
      log,
      starting,
    };
  }

  override start(): void {
    this.own(this.services.add(this));
    this.own(this.commands.add(deliverCommand(this.environment)));
  }

  busy(): string {
    return '421 4.3.2 Too busy, try again later\r\n';
  }

  async accept(connection: Connection): Promise<void> {
    const session = new LmtpSession(connection, this.environment);
    session.write(`220 ${this.host.serverName} LMTP Angarium ready\r\n`);
    try {
      await runSession(session, protocol);
    } finally {
      session.reset();
    }
  }

  private mayDeliver({ admin, user, isAnonymous }: Identity): boolean {
    return !isAnonymous && (admin !== 'none' || this.deliverers.has(user));
  }
}
