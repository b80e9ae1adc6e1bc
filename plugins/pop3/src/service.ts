import {
  ACCESS_POLICY,
  type AccessPolicy,
  AUTHENTICATION,
  type Authentication,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  type Connection,
  HOST,
  type Host,
  INBOX_PROVISION,
  type InboxProvision,
  inject,
  injectable,
  injectOptional,
  LOGGER,
  type Logger,
  MAIL_STORE,
  type MailStore,
  NAMESPACE,
  type Namespace,
  ownerPolicy,
  RECORDS,
  REFERRALS,
  type Records,
  type Referrals,
  type Registry,
  runSession,
  SASL_MECHANISMS,
  type SaslMechanism,
  SERVICES,
  type Service,
} from '@angarium/sdk';
import { Apop } from './apop.js';
import type { Pop3Config } from './config.js';
import type { Pop3Environment } from './environment.js';
import { Process } from './maildrop/holder.js';
import { DropLocks } from './maildrop/lock.js';
import { PollLimit } from './maildrop/polls.js';
import { protocol } from './protocol.js';
import { Pop3Session } from './session.js';

/** What a client hears that is not let in. */
const busyTexts = {
  'too-many-connections': '-ERR [SYS/TEMP] Too many connections, try again later\r\n',
  'too-many-from-address': '-ERR [SYS/TEMP] Too many connections from your address\r\n',
  draining: '-ERR [SYS/TEMP] The server is going down, try again later\r\n',
} as const;

@injectable()
export class Pop3Service extends Component implements Service {
  readonly name = 'pop3';
  readonly alpn = ['pop3'];
  readonly listen;
  readonly loginTimeoutMs: number;
  private environment: Pop3Environment | undefined;

  constructor(
    @inject(CONFIG) private readonly config: Pop3Config,
    @inject(MAIL_STORE) private readonly store: MailStore,
    @inject(RECORDS) private readonly records: Records,
    @inject(NAMESPACE) private readonly namespace: Namespace,
    @inject(AUTHENTICATION) private readonly authentication: Authentication,
    @injectOptional(ACCESS_POLICY) private readonly access: AccessPolicy | undefined,
    @injectOptional(REFERRALS) private readonly referrals: Referrals | undefined,
    @inject(INBOX_PROVISION) private readonly provisions: Registry<InboxProvision>,
    @inject(SASL_MECHANISMS) private readonly mechanisms: Registry<SaslMechanism>,
    @inject(SERVICES) private readonly services: Registry<Service>,
    @inject(HOST) private readonly host: Host,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
  ) {
    super();
    this.listen = config.listen;
    this.loginTimeoutMs = config.loginTimeout * 1000;
  }

  override start(): void {
    const { config, records, clock, log } = this;
    const apop = config.apop ? new Apop() : undefined;
    if (apop) this.own(this.mechanisms.add(apop.mechanism));
    const locks = new DropLocks(records, clock, new Process(this.host.dataDir), log);
    this.own(locks.start());
    this.environment = {
      config,
      store: this.store,
      records: records.space('pop3'),
      access: this.access ?? ownerPolicy,
      namespace: this.namespace,
      authentication: this.authentication,
      referrals: this.referrals,
      provisions: this.provisions,
      locks,
      polls: new PollLimit(config.minPoll, config.pollPadding),
      apop,
      host: this.host,
      clock,
      log,
    };
    this.own(this.services.add(this));
  }

  busy(reason: keyof typeof busyTexts): string {
    return busyTexts[reason];
  }

  async accept(connection: Connection): Promise<void> {
    const session = new Pop3Session(connection, this.environment!);
    const greeting = `${this.host.serverName} Angarium POP3 ready`;
    session.okWith(session.timestamp === undefined ? greeting : `${greeting} ${session.timestamp}`);
    try {
      await runSession(session, protocol);
    } finally {
      await this.leave(session);
    }
  }

  private async leave(session: Pop3Session): Promise<void> {
    try {
      await session.leave();
    } catch (error) {
      this.log.warn('a maildrop was not closed in order', { session: session.connection.id, err: error });
    }
  }
}
