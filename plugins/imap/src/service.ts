import {
  ACCESS_POLICY,
  ACCOUNTS,
  type AccessPolicy,
  type Accounts,
  AUTHENTICATION,
  type Authentication,
  CHANGE_FEED,
  type ChangeFeed,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  type Connection,
  HOST,
  type Host,
  IMAP_EXTENSIONS,
  INBOX_PROVISION,
  type InboxProvision,
  inject,
  injectable,
  injectOptional,
  JMAP_ACCESS,
  type JmapAccess,
  LOGGER,
  type Logger,
  MAIL_STORE,
  type MailStore,
  METADATA_ENTRIES,
  type MetadataEntry,
  NAMESPACE,
  type Namespace,
  ownerPolicy,
  REFERRALS,
  type Referrals,
  type Registry,
  SEARCH_INDEX,
  SERVICES,
  type SearchIndex,
  type Service,
} from '@angarium/sdk';
import { builtInExtensions } from './built-in.js';
import type { ImapConfig } from './config.js';
import { specialUseEntry } from './extensions/special-use/index.js';
import { SessionLoop } from './loop.js';
import { limitsOf } from './messages/message-limit.js';
import { Progress } from './progress.js';
import { ExtensionRegistry } from './registry.js';
import { messageEnvironment } from './search-provider.js';
import type { ImapServices } from './services.js';
import { Session } from './session.js';

/** What a client hears that is not let in. */
const busyTexts = {
  'too-many-connections': '* BYE [UNAVAILABLE] Too many connections, try again later\r\n',
  'too-many-from-address': '* BYE [LIMIT] Too many connections from your address\r\n',
  draining: '* BYE [UNAVAILABLE] Server shutting down\r\n',
} as const;

@injectable()
export class ImapService extends Component {
  private readonly environment: ImapServices;

  constructor(
    @inject(CONFIG) private readonly config: ImapConfig,
    @inject(IMAP_EXTENSIONS) private readonly extensions: ExtensionRegistry,
    @inject(SERVICES) private readonly services: Registry<Service>,
    @inject(INBOX_PROVISION) provisions: Registry<InboxProvision>,
    @inject(METADATA_ENTRIES) private readonly metadata: Registry<MetadataEntry>,
    @inject(MAIL_STORE) store: MailStore,
    @inject(NAMESPACE) namespace: Namespace,
    @inject(AUTHENTICATION) authentication: Authentication,
    @injectOptional(ACCESS_POLICY) access: AccessPolicy | undefined,
    @injectOptional(CHANGE_FEED) changes: ChangeFeed | undefined,
    @injectOptional(SEARCH_INDEX) private readonly searchIndex: SearchIndex | undefined,
    @injectOptional(ACCOUNTS) accounts: Accounts | undefined,
    @injectOptional(REFERRALS) referrals: Referrals | undefined,
    @injectOptional(JMAP_ACCESS) private readonly jmap: JmapAccess | undefined,
    @inject(HOST) host: Host,
    @inject(CLOCK) clock: Clock,
    @inject(LOGGER) log: Logger,
  ) {
    super();
    this.environment = {
      config,
      provisions,
      features: extensions,
      store,
      namespace,
      authentication,
      access: access ?? ownerPolicy,
      accounts,
      referrals,
      changes,
      host,
      clock,
      log,
      progress: new Progress(clock),
    };
  }

  override start(): void {
    const messages = messageEnvironment(this.extensions, this.searchIndex, limitsOf(this.config));
    const { accounts, clock, referrals } = this.environment;
    const elsewhere = { referrals, jmap: this.jmap, hasAccounts: accounts !== undefined };
    for (const extension of builtInExtensions(this.extensions, this.config, messages, clock, elsewhere)) {
      this.own(this.extensions.add(extension));
    }
    this.own(this.environment.progress.start());
    this.own(this.metadata.add(specialUseEntry));
    this.own(
      this.services.add({
        name: 'imap',
        listen: this.config.listen,
        alpn: ['imap'],
        loginTimeoutMs: this.config.loginTimeout * 1000,
        busy: (reason) => busyTexts[reason],
        accept: (connection) => this.accept(connection),
      }),
    );
  }

  private async accept(connection: Connection): Promise<void> {
    await new SessionLoop(new Session(this.environment, connection)).run();
  }
}
